import { inCamelCase } from '../../api/camelCase';
import type { ItemOperation } from '../operation';
import { listEventWebhooks, type EventWebhook } from '../../api/eventWebhooks';

export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many event webhooks',
		description:
			"List the webhooks, how many slots are used, and which webhooks look like a trigger's",
	},
	properties: [],
	async executeItem(context) {
		const { webhooks, max_allowed } = await listEventWebhooks(context);
		return webhooks.map((webhook) => ({
			...inCamelCase(webhook),
			looksLikeTrigger: looksLikeTrigger(webhook),
			usedSlots: webhooks.length,
			allowedSlots: max_allowed,
		}));
	},
};

/**
 * Whether the webhook has the form that a SendGrid Email Trigger gives its own: a name that begins with
 * `n8n: `, or a URL that ends in the node's webhook id and `/events`. That of another n8n on the
 * same SendGrid account has it as well.
 */
export function looksLikeTrigger({ url, friendly_name }: EventWebhook): boolean {
	return (
		/\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/events\/?$/i.test(url) ||
		/^n8n: /.test(friendly_name ?? '')
	);
}
