import { randomBytes } from 'node:crypto';
import { EVENT_TYPES, type EventName } from './eventTypes';
import type { PostedEvent } from './signing';

const MESSAGE_ID = '14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0';
const SMTP_ID = '<14c5d75ce93.dfd.64b469@ismtpd-555>';
const USER_AGENT =
	'Mozilla/4.0 (compatible; MSIE 6.1; Windows XP; .NET CLR 1.1.4322; .NET CLR 2.0.50727)';

/**
 * A plausible value for every field named in the table of event types. Where types differ in what
 * a field says, `SPECIAL_VALUES` has the type's own.
 */
const FIELD_VALUES: Readonly<Record<string, unknown>> = {
	'smtp-id': SMTP_ID,
	pool: { name: 'transactional', id: 210 },
	asm_group_id: 10,
	send_at: 0,
	response: '250 OK',
	attempt: '5',
	domain: 'example.com',
	from: 'sender@example.com',
	ip: '192.0.2.10',
	tls: 1,
	cert_err: 0,
	status: '5.1.1',
	type: 'bounce',
	bounce_classification: 'Invalid Address',
	reason: '550 5.1.1 The email account that you tried to reach does not exist',
	useragent: USER_AGENT,
	sg_machine_open: false,
	sg_content_type: 'html',
	url: 'https://example.com/landing?utm_source=mail',
	url_offset: { index: 0, type: 'html' },
};

const SPECIAL_VALUES: Readonly<Partial<Record<EventName, PostedEvent>>> = {
	deferred: { response: '400 try again later', reason: undefined },
	dropped: { reason: 'Bounced Address', status: '5.0.0' },
	account_status_change: { type: 'compliance_suspend' },
};

/**
 * One event with every field that SendGrid documents for its type; a fixture for any test. Every
 * call gives another `sg_event_id`.
 *
 * @param name the value of `event`
 * @param overrides fields to change or add; `undefined` takes a field out
 */
export function sampleEvent(name: EventName, overrides: PostedEvent = {}): PostedEvent {
	const { fields } = EVENT_TYPES[name];
	const common: PostedEvent = { timestamp: 1_513_299_569, event: name, sg_event_id: randomId() };
	const ofMail: PostedEvent = {
		email: 'example@test.com',
		category: 'cat facts',
		sg_message_id: MESSAGE_ID,
	};
	const event: PostedEvent = {
		...(name === 'account_status_change' ? {} : ofMail),
		...common,
		...Object.fromEntries(fields.map((field) => [field, FIELD_VALUES[field]])),
		...SPECIAL_VALUES[name],
		...overrides,
	};
	return withoutUndefined(event);
}

/**
 * What SendGrid's test endpoint posts: one event of each type but `account_status_change`, field by
 * field as documented and as seen in its signed posts, with the category in an array.
 *
 * @param timestamp Unix seconds
 */
export function testEndpointEvents(timestamp: number): PostedEvent[] {
	const visitor = { useragent: USER_AGENT, ip: '255.255.255.255' };
	const link = { url: 'http://www.sendgrid.com/' };
	const event = (name: EventName, more: PostedEvent = {}): PostedEvent => ({
		email: 'example@test.com',
		timestamp,
		'smtp-id': SMTP_ID,
		event: name,
		category: ['cat facts'],
		sg_event_id: `${randomId()}==`,
		sg_message_id: MESSAGE_ID,
		...more,
	});
	return [
		event('processed'),
		event('deferred', { response: '400 try again later', attempt: '5' }),
		event('delivered', { response: '250 OK' }),
		event('open', visitor),
		event('click', { ...visitor, ...link }),
		event('bounce', { reason: '500 unknown recipient', status: '5.0.0' }),
		event('dropped', { reason: 'Bounced Address', status: '5.0.0' }),
		event('spamreport'),
		event('unsubscribe'),
		event('group_unsubscribe', { ...visitor, ...link, asm_group_id: 10 }),
		event('group_resubscribe', { ...visitor, ...link, asm_group_id: 10 }),
	];
}

/** 22 URL-safe characters, as in SendGrid's message ids and its ids of opens and clicks. */
export function randomId(): string {
	return randomBytes(16).toString('base64url');
}

/** A copy without the fields whose value is `undefined`. */
export function withoutUndefined(event: PostedEvent): PostedEvent {
	return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined));
}
