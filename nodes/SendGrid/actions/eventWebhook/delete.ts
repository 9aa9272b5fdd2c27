import { NodeOperationError } from 'n8n-workflow';
import type { ItemOperation } from '../operation';
import { deleteEventWebhook } from '../../api/eventWebhooks';
import { webhookIdOf, webhookIdParameter } from './parameters';

export const deleteWebhook: ItemOperation = {
	option: {
		name: 'Delete',
		value: 'delete',
		action: 'Delete an event webhook',
		description: 'Delete an Event Webhook for good, which frees its slot',
	},
	properties: [webhookIdParameter],
	async executeItem(context, itemIndex) {
		const id = webhookIdOf(context, itemIndex);
		if (!(await deleteEventWebhook(context, id))) {
			throw new NodeOperationError(
				context.getNode(),
				`Check the ID: there is no Event Webhook with the ID "${id}"`,
				{ itemIndex, description: 'Event Webhook > Get Many lists those of the account.' },
			);
		}
		return { id, deleted: true };
	},
};
