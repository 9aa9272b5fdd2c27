import { explainFullSlots, refusalIn } from '../../../../nodes/SendGrid/api/webhookRefusals';
import {
	explainElsewhere,
	explainLeftBehind,
	explainRefusal,
} from '../../../../nodes/SendGrid/trigger/registration/messages';

const URL_OF_NODE = 'https://n8n.example.com/webhook/0b1c/events';

describe("the meaning of SendGrid's words", () => {
	it.each([
		[
			'You have reached the maximum number of webhooks per your current billing plan.',
			'noFreeSlot',
		],
		[`Webhook at '${URL_OF_NODE}' already exists. Please provide a unique URL.`, 'urlExists'],
		[`'${URL_OF_NODE}' is not a valid url`, 'invalidUrl'],
		['This webhook cannot be modified based on your current billing plan.', 'lockedByPlan'],
		['access forbidden', undefined],
	])('%s', (message, refusal) => {
		expect(refusalIn([message])).toBe(refusal);
	});

	it('is looked for in all of them', () => {
		expect(refusalIn(['something', 'it already exists'])).toBe('urlExists');
		expect(refusalIn([])).toBeUndefined();
	});
});

describe('the explanation', () => {
	it.each([
		['noFreeSlot', /^All Event Webhooks of your plan are in use\. Delete one in SendGrid/],
		['urlExists', /^Delete the Event Webhook at https:\/\/n8n\.example\.com.*perhaps a subuser/],
		['invalidUrl', /^Set the environment variable WEBHOOK_URL .*N8N_WEBHOOK_URL.*https:\/\/n8n/],
		['lockedByPlan', /^Delete an Event Webhook .*or upgrade.*https:\/\/n8n/],
	] as const)('of %s begins with what to do', (refusal, words) => {
		expect(explainRefusal(refusal, URL_OF_NODE)).toMatch(words);
	});

	it('of full slots counts them and names who has them, without their secrets', () => {
		const text = explainFullSlots({
			max_allowed: 2,
			webhooks: [
				{
					id: '1',
					friendly_name: 'CRM',
					url: 'https://user:password@crm.example.com/hook?token=secret#x',
					enabled: true,
				},
				{ id: '2', friendly_name: null, url: 'https://old.example.com/', enabled: false },
			],
		});
		expect(text).toMatch(
			/^All 2 Event Webhooks of your plan are in use\. Delete one in SendGrid under Settings > Mail Settings > Event Webhooks, or upgrade/,
		);
		expect(text).toContain('"CRM" at https://crm.example.com/hook,');
		expect(text).toContain(
			'"without a name" at https://old.example.com/ (disabled, counts as well)',
		);
		expect(text).not.toMatch(/password|secret|user/);
	});

	it('of full slots bears a URL that is none', () => {
		const webhooks = [{ id: '1', friendly_name: 'Odd', url: 'odd', enabled: true }];
		expect(explainFullSlots({ max_allowed: 1, webhooks })).toContain('an unreadable address');
	});

	it.each(['Use another key', 'Use another key.'])(
		'of a webhook left behind says first why, then where it is: %s',
		(reason) => {
			expect(explainLeftBehind(URL_OF_NODE, reason)).toMatch(
				/^Use another key\. The Event Webhook at https:\/\/n8n\S* could not be removed\. .*delete it/,
			);
		},
	);

	it('of a webhook of somebody else shows no secret of its address', () => {
		const webhook = {
			id: '1',
			friendly_name: 'Production',
			url: 'https://user:password@prod.example.com/webhook/0b1c/events?token=secret',
			enabled: true,
		};
		const text = explainElsewhere(webhook, URL_OF_NODE);
		expect(text).toContain('"Production" at https://prod.example.com/webhook/0b1c/events');
		expect(text).not.toMatch(/password|secret|user/);
	});
});
