import fc from 'fast-check';
import { EVENT_TYPES } from '../../../../nodes/SendGrid/events/eventTypes';
import type { EventWebhook } from '../../../../nodes/SendGrid/api/eventWebhooks';
import {
	changeBySomebodyElse,
	desiredSettings,
	findOwn,
	findSibling,
	isLeftOver,
	isTakenDown,
	planRegistration,
	takenDown,
} from '../../../../nodes/SendGrid/trigger/registration/plan';

const URL_OF_NODE = 'https://n8n.example.com/webhook/0b1c/events';

const wish = {
	url: URL_OF_NODE,
	events: ['open', 'spamreport'],
	workflowName: 'Newsletter',
	nodeName: 'SendGrid Email Trigger',
};
const desired = desiredSettings(wish);
const OAUTH = {
	oauth_client_id: 'sendgrid',
	oauth_client_secret: 'not shown',
	oauth_token_url: 'https://auth.example.com/token',
};

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

	it('have the name that the user chose', () => {
		const friendlyName = 'Opens of our newsletter';
		expect(desiredSettings({ ...wish, friendlyName })).toMatchObject({
			friendly_name: friendlyName,
		});
	});

	it('have the OAuth settings of the user, if there are any', () => {
		expect(desiredSettings({ ...wish, oauth: OAUTH })).toMatchObject(OAUTH);
		expect(desired).not.toHaveProperty('oauth_client_id');
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

	it('is none that posts elsewhere', () => {
		expect(findOwn([foreign, elsewhere], URL_OF_NODE)).toBeUndefined();
	});

	it.each([
		`${URL_OF_NODE}/`,
		`${URL_OF_NODE}?a=1`,
		URL_OF_NODE.replace('0b1c', '0b1C'),
		URL_OF_NODE.replace('https', 'http'),
		URL_OF_NODE.replace('webhook', 'webhook-test'),
		'not a URL',
	])('is not the one at %s', (url) => {
		expect(findOwn([{ ...registered, url }], URL_OF_NODE)).toBeUndefined();
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

describe('a webhook that is taken down', () => {
	const now = Date.parse('2026-11-20T12:00:00Z');
	const left: EventWebhook = {
		...registered,
		...takenDown(registered),
		url: URL_OF_NODE.replace('0b1c', '77ff'),
		updated_date: '2026-11-20T11:58:00Z',
	};

	it('stays as it is, but for its name', () => {
		expect(takenDown(registered)).toEqual({
			...desired,
			friendly_name: 'n8n: Newsletter - SendGrid Email Trigger (unpublished)',
		});
		expect(isTakenDown(left)).toBe(true);
		expect(isTakenDown(registered)).toBe(false);
		expect(isTakenDown(foreign)).toBe(false);
	});

	it('says so however long its name is', () => {
		const { friendly_name } = takenDown({ ...registered, friendly_name: 'n'.repeat(64) });
		expect(friendly_name).toHaveLength(64);
		expect(isTakenDown({ ...registered, friendly_name })).toBe(true);
	});

	it('is published again by giving it its name', () => {
		const leaving = { ...registered, ...takenDown(registered) };
		expect(planRegistration(desired, leaving)).toEqual({ update: desired, sign: false });
	});

	it('is a left-over if it has been so for a while', () => {
		expect(isLeftOver(left, URL_OF_NODE, now)).toBe(true);
	});

	it.each<[string, Partial<EventWebhook>]>([
		['only just taken down', { updated_date: '2026-11-20T11:59:50Z' }],
		['without a date', { updated_date: undefined }],
		['our own', { url: URL_OF_NODE }],
		['of another n8n', { url: left.url.replace('n8n.example', 'staging.example') }],
		['of a test', { url: left.url.replace('/webhook/', '/webhook-test/') }],
		['of another node', { url: left.url.replace('/events', '/orders') }],
		['unreadable', { url: 'not a URL' }],
		['published', { friendly_name: 'n8n: Newsletter' }],
	])('is no left-over if it is %s', (_case, change) => {
		expect(isLeftOver({ ...left, ...change }, URL_OF_NODE, now)).toBe(false);
	});
});

describe('the plan', () => {
	it('turns OAuth on, and off again in the way that SendGrid has for it', () => {
		const wanted = desiredSettings({ ...wish, oauth: OAUTH });
		expect(planRegistration(wanted, registered)).toEqual({ update: wanted, sign: false });

		// SendGrid does not show the secret.
		const shown = { ...registered, ...OAUTH, oauth_client_secret: undefined };
		expect(planRegistration(wanted, shown)).toEqual({ sign: false });
		expect(planRegistration(desired, shown).update).toEqual({
			...desired,
			oauth_client_id: '',
			oauth_client_secret: '',
			oauth_token_url: '',
		});
	});

	it('takes null for no OAuth', () => {
		const shown = { ...registered, oauth_client_id: null, oauth_token_url: null };
		expect(planRegistration(desired, shown)).toEqual({ sign: false });
	});

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

describe('what somebody else has done to the webhook', () => {
	const stored = { webhookId: 'ours', publicKey: 'MFkw', url: URL_OF_NODE };
	const takenDownAt = 1;

	it.each<[string, Partial<EventWebhook>]>([
		['it was disabled', { enabled: false }],
		['its posts were not signed any more', { public_key: '' }],
		['its verification key is another one', { public_key: 'MFkw2' }],
	])('is told, also after an edit: %s', (change, own) => {
		const changed = { ...registered, ...own };
		expect(changeBySomebodyElse(desired, changed, stored)).toBe(change);
		expect(changeBySomebodyElse(desired, changed, { ...stored, takenDownAt })).toBe(change);
	});

	it.each<[string, EventWebhook | undefined]>([
		['it was not there any more', undefined],
		['it had other settings (open)', { ...registered, open: false }],
		[
			'it had other settings (oauth_client_id, oauth_token_url, processed)',
			{ ...registered, ...OAUTH, processed: true },
		],
	])('is told unless an edit may be the reason: %s', (change, own) => {
		expect(changeBySomebodyElse(desired, own, stored)).toBe(change);
		expect(changeBySomebodyElse(desired, own, { ...stored, takenDownAt })).toBeUndefined();
	});

	it('is nothing if all is as it was left, but for the name of the workflow', () => {
		expect(changeBySomebodyElse(desired, registered, stored)).toBeUndefined();
		const renamed = { ...registered, friendly_name: 'n8n: Letters - SendGrid Email Trigger' };
		expect(changeBySomebodyElse(desired, renamed, stored)).toBeUndefined();
	});

	it('is not known where nothing is remembered, or another address', () => {
		const disabled = { ...registered, enabled: false };
		expect(changeBySomebodyElse(desired, disabled, {})).toBeUndefined();
		const moved = { ...stored, url: 'https://old.example.com/webhook/0b1c/events' };
		expect(changeBySomebodyElse(desired, disabled, moved)).toBeUndefined();
	});
});
