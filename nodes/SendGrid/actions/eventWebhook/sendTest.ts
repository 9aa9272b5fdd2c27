import type { ItemOperation } from '../operation';
import { getEventWebhook, postSampleEvents } from '../../api/eventWebhooks';
import { webhookIdOf, webhookIdParameter } from './parameters';

export const sendTest: ItemOperation = {
	option: {
		name: 'Send Test',
		value: 'sendTest',
		action: 'Send test events to an event webhook',
		description:
			"Have SendGrid post its sample events to the webhook's URL, to see whether they arrive",
	},
	properties: [webhookIdParameter],
	async executeItem(context, itemIndex) {
		const webhook = await getEventWebhook(context, webhookIdOf(context, itemIndex));
		const { id, url, oauth_client_id, oauth_token_url } = webhook;
		await postSampleEvents(context, {
			url,
			id,
			// SendGrid takes the secret from the webhook.
			...(oauth_client_id && oauth_token_url && { oauth_client_id, oauth_token_url }),
		});
		return { id, url, sent: true };
	},
};
