import { NodeOperationError } from 'n8n-workflow';
import type { ItemOperation } from '../operation';
import { signEventWebhook, unsignEventWebhook } from '../../api/eventWebhooks';
import { webhookIdOf, webhookIdParameter } from './parameters';

/** SendGrid deletes the key pair when signing goes off and makes a new one when it goes on. */
export const rotateKey: ItemOperation = {
	option: {
		name: 'Rotate Key',
		value: 'rotateKey',
		action: 'Rotate the key of an event webhook',
		description: 'Give an Event Webhook a new signing key, and return the public key',
	},
	properties: [
		webhookIdParameter,
		{
			displayName:
				'A SendGrid Email Trigger with automatic setup fetches the new key by itself. With manual setup, add the publicKey that this returns to its verification keys at once: until then it refuses the posts, which SendGrid repeats for 24 hours.',
			name: 'rotateKeyNotice',
			type: 'notice',
			default: '',
		},
	],
	async executeItem(context, itemIndex) {
		const id = webhookIdOf(context, itemIndex);
		await unsignEventWebhook(context, id);
		try {
			return { id, publicKey: await signEventWebhook(context, id) };
		} catch (error) {
			throw new NodeOperationError(
				context.getNode(),
				`Run Rotate Key again: signing of the webhook ${id} is switched off now, and could not be switched on again. ${(error as Error).message}`,
				{
					itemIndex,
					description:
						'Until signing is on, SendGrid posts without a signature and the SendGrid Email Trigger refuses it; SendGrid repeats such posts for 24 hours.',
				},
			);
		}
	},
};
