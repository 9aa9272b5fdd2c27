import { DEFAULT_EVENTS, EVENT_TYPES } from '../../../nodes/SendGrid/events/eventTypes';

/** As SendGrid documents them; the table is the only other place where they are all listed. */
const DOCUMENTED = [
	'account_status_change',
	'bounce',
	'click',
	'deferred',
	'delivered',
	'dropped',
	'group_resubscribe',
	'group_unsubscribe',
	'open',
	'processed',
	'spamreport',
	'unsubscribe',
];

describe('the table of event types', () => {
	it('has every type SendGrid documents, once', () => {
		expect(EVENT_TYPES.map(({ name }) => name).sort()).toEqual(DOCUMENTED);
	});

	it('has settings flags that are named like the types, but for spam reports', () => {
		const different = EVENT_TYPES.filter(({ name, settingsFlag }) => name !== settingsFlag);
		expect(different.map(({ name, settingsFlag }) => [name, settingsFlag])).toEqual([
			['spamreport', 'spam_report'],
		]);
	});

	it('has a label and a description of its own for each type', () => {
		expect(new Set(EVENT_TYPES.map(({ label }) => label)).size).toBe(DOCUMENTED.length);
		expect(new Set(EVENT_TYPES.map(({ description }) => description)).size).toBe(DOCUMENTED.length);
	});

	it('counts only the account status as an event that is not about a mail', () => {
		const account = EVENT_TYPES.filter(({ group }) => group === 'account');
		expect(account.map(({ name }) => name)).toEqual(['account_status_change']);
	});

	it('lets a new trigger listen to opens, clicks and bounces', () => {
		expect(DEFAULT_EVENTS).toEqual(['open', 'click', 'bounce']);
	});
});
