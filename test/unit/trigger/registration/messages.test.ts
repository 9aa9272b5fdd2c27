import {
	explainFullSlots,
	explainLeftBehind,
	explainRefusal,
	refusalIn,
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
		['noFreeSlot', /Event Webhooks and delete one/],
		['urlExists', /already has an Event Webhook at https:\/\/n8n.*delete it there/],
		['invalidUrl', /https:\/\/n8n.*WEBHOOK_URL/],
		['lockedByPlan', /https:\/\/n8n.*delete those/],
	] as const)('of %s says what to do', (refusal, words) => {
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
		expect(text).toContain('2 of 2 are in use');
		expect(text).toContain('"CRM" at https://crm.example.com/hook,');
		expect(text).toContain('"without a name" at https://old.example.com/ (disabled)');
		expect(text).toContain('Event Webhooks and delete one');
		expect(text).not.toMatch(/password|secret|user/);
	});

	it('of full slots bears a URL that is none', () => {
		const webhooks = [{ id: '1', friendly_name: 'Odd', url: 'odd', enabled: true }];
		expect(explainFullSlots({ max_allowed: 1, webhooks })).toContain('an unreadable address');
	});

	it('of a webhook left behind says where it is and why', () => {
		expect(explainLeftBehind(URL_OF_NODE, 'No permission.')).toMatch(
			/The Event Webhook at https:\/\/n8n.*is still in SendGrid\. No permission\. .*delete it there/,
		);
	});
});
