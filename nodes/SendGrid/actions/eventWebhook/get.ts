import { inCamelCase } from '../../api/camelCase';
import type { ItemOperation } from '../operation';
import { getEventWebhook } from '../../api/eventWebhooks';
import { webhookIdOf, webhookIdParameter } from './parameters';

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get an event webhook',
		description: 'Read the URL, the events and the public key of an Event Webhook',
	},
	properties: [webhookIdParameter],
	async executeItem(context, itemIndex) {
		return inCamelCase(await getEventWebhook(context, webhookIdOf(context, itemIndex)));
	},
};
