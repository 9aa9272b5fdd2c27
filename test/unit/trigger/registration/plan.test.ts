import fc from 'fast-check';
import { EVENT_TYPES } from '../../../../nodes/SendGrid/events/eventTypes';
import type { EventWebhook } from '../../../../nodes/SendGrid/api/eventWebhooks';
import {
	desiredSettings,
	findOwn,
	findSibling,
	planRegistration,
} from '../../../../nodes/SendGrid/trigger/registration/plan';

const URL_OF_NODE = 'https://n8n.example.com/webhook/0b1c/events';

const wish = {
	url: URL_OF_NODE,
	events: ['open', 'spamreport'],
	workflowName: 'Newsletter',
	nodeName: 'SendGrid Email Trigger',
};
const desired = desiredSettings(wish);

/** The webhook after everything has been done. */
const registered: EventWebhook = { ...desired, id: 'ours', public_key: 'MFkw' };
const foreign: EventWebhook = {
	id: 'foreign',
	url: 'https://crm.example.com/sendgrid',
	enabled: true,
};

/** SendGrid leaves this switch out unless asked for it. */
function withoutStatusChanges(settings: object): object {
	return Object.fromEntries(
		Object.entries(settings).filter(([name]) => name !== 'account_status_change'),
	);
}

describe('the desired settings', () => {
	it('switch on the chosen events, by the names that the settings have for them', () => {
		const { url, enabled, friendly_name, ...flags } = desired;
		expect({ url, enabled, friendly_name }).toEqual({
			url: URL_OF_NODE,
			enabled: true,
			friendly_name: 'n8n: Newsletter - SendGrid Email Trigger',
		});
		expect(Object.keys(flags).sort()).toEqual(
			EVENT_TYPES.map(({ settingsFlag }) => settingsFlag).sort(),
		);
		expect(Object.keys(flags).filter((flag) => flags[flag])).toEqual(['open', 'spam_report']);
	});

	it('have a name that is never too long and never ends within a character', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (workflowName, nodeName) => {
				const { friendly_name } = desiredSettings({ ...wish, workflowName, nodeName });
				expect([...friendly_name].length).toBeLessThanOrEqual(64);
				expect(friendly_name).toMatch(/^n8n: /);
				expect(friendly_name).not.toMatch(/\p{Surrogate}/u);
			}),
			{ seed: 20261120 },
		);
	});
});

describe('the webhook that is ours', () => {
	const elsewhere = { ...registered, url: 'https://old.example.com/webhook/0b1c/events' };

	it('has exactly our URL', () => {
		expect(findOwn([foreign, registered], URL_OF_NODE)).toBe(registered);
	});

	it('may have the host in another case, as URLs compare', () => {
		const same = { ...registered, url: 'https://N8N.example.com:443/webhook/0b1c/events' };
		expect(findOwn([foreign, same], URL_OF_NODE)).toBe(same);
	});

	it('has the stored id, wherever it posts to by now', () => {
		expect(findOwn([foreign, elsewhere], URL_OF_NODE, 'ours')).toBe(elsewhere);
	});

	it('is the one at our URL if another has the stored id: two cannot have one URL', () => {
		const atUrl = { ...registered, id: 'other' };
		expect(findOwn([elsewhere, atUrl], URL_OF_NODE, 'ours')).toBe(atUrl);
	});

	it.each([
		`${URL_OF_NODE}/`,
		`${URL_OF_NODE}?a=1`,
		URL_OF_NODE.replace('0b1c', '0b1C'),
		URL_OF_NODE.replace('https', 'http'),
		URL_OF_NODE.replace('webhook', 'webhook-test'),
		'not a URL',
	])('is not the one at %s', (url) => {
		expect(findOwn([{ ...registered, url }], URL_OF_NODE, 'another-id')).toBeUndefined();
	});
});

describe('the webhook of the same node under its other address', () => {
	const TEST_URL = 'https://n8n.example.com/webhook-test/0b1c/events';

	it('has the same host and the same node id', () => {
		expect(findSibling([foreign, registered], TEST_URL)).toBe(registered);
	});

	it('is found with other names for the endpoints', () => {
		const url = 'https://n8n.example.com/n8n/hooks/0b1c/events';
		const moved = { ...registered, url };
		expect(findSibling([moved], 'https://n8n.example.com/n8n/try/0b1c/events')).toBe(moved);
	});

	it.each([
		TEST_URL,
		'https://other.example.com/webhook/0b1c/events',
		'https://n8n.example.com/webhook/9999/events',
		'https://n8n.example.com/webhook/0b1c/opens',
		'not a URL',
	])('is not the one at %s', (url) => {
		expect(findSibling([{ ...registered, url }], TEST_URL)).toBeUndefined();
	});
});

describe('the plan', () => {
	it('has nothing to do when all is as desired', () => {
		expect(planRegistration(desired, registered)).toEqual({ sign: false });
	});

	it('creates and signs what is not there', () => {
		expect(planRegistration(desired, undefined)).toEqual({
			create: withoutStatusChanges(desired),
			sign: true,
		});
	});

	it('chooses account status changes afterwards, because creation takes no notice of them', () => {
		const withStatus = desiredSettings({ ...wish, events: ['account_status_change'] });
		const { create, update } = planRegistration(withStatus, undefined);
		expect(create).not.toHaveProperty('account_status_change');
		expect(update).toEqual(withStatus);
	});

	it.each<[string, Partial<EventWebhook>]>([
		['was disabled', { enabled: false }],
		['posts elsewhere', { url: 'https://elsewhere.example.com' }],
		['was renamed', { friendly_name: 'mine' }],
		['has no name', { friendly_name: null }],
		['misses an event', { open: false }],
		['posts an event too many', { click: true }],
		['posts account status changes', { account_status_change: true }],
	])('repairs a webhook that %s, with all of its settings', (_case, drift) => {
		expect(planRegistration(desired, { ...registered, ...drift })).toEqual({
			update: desired,
			sign: false,
		});
	});

	it('reads an event type that SendGrid does not list as switched off', () => {
		const listed = withoutStatusChanges(registered) as EventWebhook;
		expect(planRegistration(desired, listed)).toEqual({ sign: false });
	});

	it.each([undefined, ''])('signs a webhook whose key is %j', (public_key) => {
		expect(planRegistration(desired, { ...registered, public_key })).toEqual({ sign: true });
	});

	it('leads to the desired state from any other, and then has nothing more to do', () => {
		const anyWebhook = fc.record(
			{
				url: fc.webUrl(),
				enabled: fc.boolean(),
				friendly_name: fc.option(fc.string()),
				public_key: fc.constantFrom('', 'MFkw'),
				...Object.fromEntries(EVENT_TYPES.map(({ settingsFlag }) => [settingsFlag, fc.boolean()])),
			},
			{ requiredKeys: [] },
		);
		const anyEvents = fc.subarray(EVENT_TYPES.map(({ name }) => name));
		fc.assert(
			fc.property(anyEvents, fc.option(anyWebhook, { nil: undefined }), (events, found) => {
				const wanted = desiredSettings({ ...wish, events });
				const before = found && ({ id: 'ours', ...found } as EventWebhook);
				const { create, update, sign } = planRegistration(wanted, before);
				const after = {
					...(create ? { id: 'ours', ...create } : before),
					...update,
					...(sign && { public_key: 'MFkw' }),
				} as EventWebhook;
				expect({ account_status_change: false, ...after }).toMatchObject(wanted);
				expect(planRegistration(wanted, after)).toEqual({ sign: false });
			}),
			{ seed: 20261120 },
		);
	});
});
