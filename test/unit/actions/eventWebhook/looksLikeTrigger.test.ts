import { looksLikeTrigger } from '../../../../nodes/SendGrid/actions/eventWebhook/getAll';
import { desiredSettings } from '../../../../nodes/SendGrid/trigger/registration/plan';

const NODE_ID = '3d5c0b6e-6f0a-4ad5-9c5b-a6a1c0a3e111';
const webhook = (url: string, friendly_name?: string | null) => ({
	id: '1',
	url,
	enabled: true,
	friendly_name,
});

describe('looksLikeTrigger', () => {
	it.each([
		`https://n8n.example.com/webhook/${NODE_ID}/events`,
		`https://n8n.example.com/webhook-test/${NODE_ID}/events`,
		`https://example.com/n8n/hooks/${NODE_ID}/events`,
	])('knows %s', (url) => {
		expect(looksLikeTrigger(webhook(url))).toBe(true);
	});

	it('knows the name that the trigger gives, whatever the URL', () => {
		const url = 'https://n8n.example.com/webhook/my-own-path/events';
		const { friendly_name } = desiredSettings({
			url,
			events: ['open'],
			workflowName: 'Newsletter',
			nodeName: 'SendGrid Email Trigger',
		});

		expect(looksLikeTrigger(webhook(url, friendly_name))).toBe(true);
	});

	it.each([
		['https://crm.example.com/events', null],
		['https://crm.example.com/sendgrid/events', 'CRM'],
		[`https://crm.example.com/${NODE_ID}`, undefined],
		[`https://crm.example.com/${NODE_ID}/events/archive`, 'Used with n8n'],
	])('does not know %s named %s', (url, name) => {
		expect(looksLikeTrigger(webhook(url, name))).toBe(false);
	});
});
