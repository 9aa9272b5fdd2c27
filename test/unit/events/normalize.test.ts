import * as fc from 'fast-check';
import { EVENT_TYPES, type EventName } from '../../../nodes/SendGrid/events/eventTypes';
import {
	normalizeEvent,
	simplifyEvent,
	type BounceKind,
	type SendGridEvent,
} from '../../../nodes/SendGrid/events/normalize';
import type { RawEvent } from '../../../nodes/SendGrid/events/rawEvent';
import { sampleEvent, testEndpointEvents } from '../../../emulator/sampleEvents';
import { anyObjectJson, PROPERTY } from '../../support/property';

const sample = (name: EventName, changes: RawEvent = {}) =>
	sampleEvent(name, { sg_event_id: 'id-1', ...changes });
const parsed = (json: string) => JSON.parse(json) as RawEvent;

/** What all samples of mail events have in common. */
const ofMail = {
	email: 'example@test.com',
	timestamp: '2017-12-15T00:59:29.000Z',
	eventId: 'id-1',
	dedupeKey: 'id-1',
	messageId: '14c5d75ce93',
	sgMessageId: '14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0',
	categories: ['cat facts'],
	customArgs: {},
};
const smtpId = '<14c5d75ce93.dfd.64b469@ismtpd-555>';
const visitor = {
	ip: '192.0.2.10',
	userAgent:
		'Mozilla/4.0 (compatible; MSIE 6.1; Windows XP; .NET CLR 1.1.4322; .NET CLR 2.0.50727)',
};
const url = 'https://example.com/landing?utm_source=mail';

const EXPECTED: Record<EventName, Omit<SendGridEvent, 'event' | 'raw'>> = {
	processed: { ...ofMail, smtpId, asmGroupId: 10, ipPool: { name: 'transactional', id: 210 } },
	deferred: { ...ofMail, smtpId, response: '400 try again later', attempt: 5 },
	delivered: { ...ofMail, smtpId, ip: '192.0.2.10', response: '250 OK' },
	bounce: {
		...ofMail,
		smtpId,
		ip: '192.0.2.10',
		bounce: {
			kind: 'hard',
			classification: 'Invalid Address',
			reason: '550 5.1.1 The email account that you tried to reach does not exist',
			status: '5.1.1',
		},
	},
	dropped: {
		...ofMail,
		smtpId,
		bounce: { kind: 'hard', reason: 'Bounced Address', status: '5.0.0' },
	},
	open: { ...ofMail, ...visitor, machineOpen: false },
	click: { ...ofMail, ...visitor, url, urlOffset: { index: 0, type: 'html' } },
	spamreport: { ...ofMail, smtpId },
	unsubscribe: { ...ofMail, smtpId },
	group_unsubscribe: { ...ofMail, ...visitor, url, asmGroupId: 10 },
	group_resubscribe: { ...ofMail, ...visitor, url, asmGroupId: 10 },
	account_status_change: {
		timestamp: '2017-12-15T00:59:29.000Z',
		eventId: 'id-1',
		dedupeKey: 'id-1',
		categories: [],
		customArgs: {},
		accountStatus: 'compliance_suspend',
	},
};

describe('each documented type gives exactly its item', () => {
	it.each(EVENT_TYPES.map(({ name }) => name))('%s', (name) => {
		const raw = sample(name);
		const item = normalizeEvent(raw);
		expect(item).toStrictEqual({ event: name, ...EXPECTED[name], raw });
		expect(item.raw).toBe(raw);
	});

	it('the samples that SendGrid posts on request', () => {
		for (const raw of testEndpointEvents(1_513_299_569)) {
			const item = normalizeEvent(raw);
			expect(item.event).toBe(raw.event);
			expect(item.timestamp).toBe('2017-12-15T00:59:29.000Z');
			expect(item.categories).toEqual(['cat facts']);
			expect(item.customArgs).toEqual({});
		}
	});

	it('a type this package does not know', () => {
		const raw = { event: 'teleported', email: 'ann@example.com', sg_event_id: 'id-1', tenant: 'a' };
		expect(normalizeEvent(raw)).toStrictEqual({
			event: 'teleported',
			email: 'ann@example.com',
			eventId: 'id-1',
			dedupeKey: 'id-1',
			categories: [],
			customArgs: { tenant: 'a' },
			raw,
		});
	});

	it('an object without any field', () => {
		const raw = {};
		expect(normalizeEvent(raw)).toStrictEqual({
			dedupeKey: expect.stringMatching(/^sha256:/) as unknown,
			categories: [],
			customArgs: {},
			raw,
		});
	});
});

describe('email', () => {
	it.each([
		['Ann.Lee@EXAMPLE.com', 'Ann.Lee@example.com'],
		['"A@B"@Example.COM', '"A@B"@example.com'],
		['NO-DOMAIN', 'NO-DOMAIN'],
		['@EXAMPLE.com', '@example.com'],
	])('of %s is %s: the domain in lower case, the rest as sent', (email, expected) => {
		expect(normalizeEvent(sample('open', { email })).email).toBe(expected);
	});

	it.each([[''], [null], [['ann@example.com']]])('of %j is absent', (email) => {
		expect(normalizeEvent(sample('open', { email }))).not.toHaveProperty('email');
	});
});

describe('timestamp', () => {
	it.each([
		['seconds', 1_513_299_569, '2017-12-15T00:59:29.000Z'],
		['seconds as text', '1513299569', '2017-12-15T00:59:29.000Z'],
		['milliseconds', 1_513_299_569_123, '2017-12-15T00:59:29.123Z'],
		['milliseconds as text', '1513299569123', '2017-12-15T00:59:29.123Z'],
		['the last number of seconds', 99_999_999_999, '5138-11-16T09:46:39.000Z'],
		['the first number of milliseconds', 100_000_000_000, '1973-03-03T09:46:40.000Z'],
		['the beginning of time', 0, '1970-01-01T00:00:00.000Z'],
	])('of %s', (_name, timestamp, expected) => {
		expect(normalizeEvent(sample('open', { timestamp })).timestamp).toBe(expected);
	});

	it.each([['tomorrow'], [''], [null], [1e300], [-1e300], [{}]])('of %j is absent', (timestamp) => {
		expect(normalizeEvent(sample('open', { timestamp }))).not.toHaveProperty('timestamp');
	});
});

describe('the ids of the message', () => {
	it.each([
		[
			'with the suffix of today',
			'qNwBLgPQQjW6DJvKQwSAbw.recvd-5f54b5d587-2pmfz-1-5515E0B8-0',
			'qNwBLgPQQjW6DJvKQwSAbw',
		],
		['with the suffix of former times', 'LRzXl.filterdrecv-p3mdw1-75.0', 'LRzXl'],
		['without a suffix', 'LRzXl', 'LRzXl'],
	])('%s', (_name, sgMessageId, messageId) => {
		const item = normalizeEvent(sample('open', { sg_message_id: sgMessageId }));
		expect(item).toMatchObject({ messageId, sgMessageId });
	});

	it.each([[undefined], [null], [''], [[]]])(
		'of an asynchronous bounce, where sg_message_id is %j, are absent',
		(sgMessageId) => {
			const item = normalizeEvent(sample('bounce', { sg_message_id: sgMessageId }));
			expect(item).not.toHaveProperty('messageId');
			expect(item).not.toHaveProperty('sgMessageId');
			expect(item.bounce?.kind).toBe('hard');
		},
	);

	it('are no empty text when nothing stands before the dot', () => {
		const item = normalizeEvent(sample('open', { sg_message_id: '.filter' }));
		expect(item).not.toHaveProperty('messageId');
		expect(item.sgMessageId).toBe('.filter');
	});
});

describe('dedupeKey', () => {
	it('is what the caller passes, to save the work', () => {
		expect(normalizeEvent(sample('open'), 'known').dedupeKey).toBe('known');
	});

	it('is there without an event id, too', () => {
		const item = normalizeEvent(sample('open', { sg_event_id: undefined }));
		expect(item).not.toHaveProperty('eventId');
		expect(item.dedupeKey).toMatch(/^sha256:/);
	});
});

describe('categories', () => {
	it.each([
		['text', 'welcome', ['welcome']],
		['a list', ['welcome', 'invoice'], ['welcome', 'invoice']],
		['an empty list', [], []],
		['empty text', '', []],
		['null', null, []],
		['missing', undefined, []],
		['a list with other things in it', ['welcome', '', null, 7, ['x']], ['welcome']],
		['an object', { a: 1 }, []],
	])('from %s', (_name, category, expected) => {
		expect(normalizeEvent(sample('open', { category })).categories).toEqual(expected);
	});
});

describe('customArgs', () => {
	it("are the fields that are not SendGrid's", () => {
		const args = { contactId: '42', tenant: 'acme', nested: { a: [1] }, empty: '', none: null };
		expect(normalizeEvent(sample('click', args)).customArgs).toStrictEqual(args);
	});

	it('may be named like a field that SendGrid uses for other types only', () => {
		const args = {
			reason: 'upsell',
			status: 'gold',
			type: 'a',
			response: 'b',
			attempt: 'c',
			url: 'd',
		};
		const item = normalizeEvent(sample('open', args));
		expect(item.customArgs).toStrictEqual(args);
		for (const field of ['bounce', 'response', 'attempt', 'url', 'accountStatus']) {
			expect(item).not.toHaveProperty(field);
		}
	});

	it("do not contain what is SendGrid's on this type", () => {
		const bounce = sample('bounce', { type: 'blocked', reason: 'a', status: '5.0.0' });
		expect(normalizeEvent(bounce).customArgs).toEqual({});
		const unknown = { event: 'teleported', type: 'a', reason: 'b', status: 'c', response: 'd' };
		expect(normalizeEvent(unknown).customArgs).toEqual({});
	});

	it('do not contain what hardly anybody would call a custom arg, on any type', () => {
		const common = {
			'smtp-id': 'a',
			useragent: 'b',
			ip: 'c',
			tls: 1,
			cert_err: 0,
			pool: { name: 'd', id: 1 },
			asm_group_id: 2,
			url_offset: { index: 0, type: 'html' },
			sg_machine_open: false,
			sg_content_type: 'html',
		};
		for (const { name } of EVENT_TYPES) {
			expect(normalizeEvent(sample(name, common)).customArgs).toEqual({});
		}
	});

	it('do not contain the fields of Marketing Campaigns', () => {
		const marketing = {
			mc_stats: 'singlesend',
			phase_id: 'send',
			send_at: '1513299569',
			singlesend_id: 'a',
			singlesend_name: 'b',
			sg_template_id: 'c',
			sg_template_name: 'd',
			template_id: 'e',
			template_hash: 'f',
			template_version_id: 'g',
			marketing_campaign_id: 'h',
			marketing_campaign_name: 'i',
			marketing_campaign_version: 'j',
			marketing_campaign_split_id: 'k',
			post_type: 'l',
			sg_user_id: 'm',
			newsletter: { newsletter_id: 'n' },
		};
		expect(normalizeEvent(sample('open', marketing)).customArgs).toEqual({});
	});

	it('may be named like what every object inherits', () => {
		const json =
			'{"__proto__":{"isAdmin":true},"constructor":"a","hasOwnProperty":"b","toString":"c"}';
		const { customArgs } = normalizeEvent(parsed(json));
		expect(JSON.stringify(customArgs)).toBe(json);
		expect(Object.getPrototypeOf(customArgs)).toBe(Object.prototype);
		expect((customArgs as { isAdmin?: boolean }).isAdmin).toBeUndefined();
		const ordinary = { enumerable: true, configurable: true, writable: true };
		expect(Object.getOwnPropertyDescriptor(customArgs, '__proto__')).toMatchObject(ordinary);
	});
});

describe('machineOpen', () => {
	it.each([
		[true, true],
		['true', true],
		[false, false],
		['false', false],
		[undefined, false],
		[null, false],
	])('of %j is %j', (value, expected) => {
		const item = normalizeEvent(sample('open', { sg_machine_open: value }));
		expect(item.machineOpen).toBe(expected);
	});

	it('is there for opens only', () => {
		const item = normalizeEvent(sample('click', { sg_machine_open: true }));
		expect(item).not.toHaveProperty('machineOpen');
	});
});

describe('the kind of a bounce', () => {
	it.each<[string, BounceKind, RawEvent]>([
		['a permanent refusal', 'hard', { type: 'bounce', status: '5.1.1' }],
		['a permanent refusal of an unknown kind', 'hard', { type: 'bounce', status: '5.0.0' }],
		['a transient status', 'soft', { type: 'bounce', status: '4.2.2' }],
		['a block', 'block', { type: 'blocked', status: '5.7.1' }],
		['a block with a transient status', 'block', { type: 'blocked', status: '4.7.0' }],
		['an expired delivery', 'soft', { type: 'expired', status: '5.4.7' }],
		['no type, permanent', 'hard', { type: undefined, status: '5.1.1' }],
		['no type, transient', 'soft', { type: undefined, status: '4.4.1' }],
		['no status, a permanent reply', 'hard', { status: undefined, reason: '550 no such user' }],
		['no status, a transient reply', 'soft', { status: undefined, reason: '452 mailbox full' }],
		[
			'no status, a transient code within the reason',
			'soft',
			{ status: '', reason: 'smtp; 4.4.7 delivery time expired' },
		],
		['no status, an invalid host', 'hard', { status: undefined, reason: 'unable to get mx info' }],
		['numbers that are no reply', 'hard', { status: undefined, reason: 'port 4250, try 4 of 5' }],
		['neither status nor reason', 'hard', { status: undefined, reason: undefined }],
	])('%s is %s', (_name, kind, changes) => {
		expect(normalizeEvent(sample('bounce', changes)).bounce?.kind).toBe(kind);
	});

	it.each([
		['Bounced Address', 'hard'],
		['Invalid', 'hard'],
		['Invalid Address', 'hard'],
		['Unsubscribed Address', 'block'],
		['Spam Reporting Address', 'block'],
		['Spam Content', 'block'],
		['Recipient List over Package Quota', 'block'],
		['Invalid SMTPAPI header', 'block'],
		[undefined, 'block'],
	])('of a mail dropped for "%s" is %s', (reason, kind) => {
		expect(normalizeEvent(sample('dropped', { reason })).bounce?.kind).toBe(kind);
	});

	it('comes with what else is known, and no empty fields', () => {
		const odd = { bounce_classification: '', reason: null, status: undefined };
		expect(normalizeEvent(sample('bounce', odd)).bounce).toStrictEqual({ kind: 'hard' });
	});
});

describe('response and attempt', () => {
	it.each([
		[{ response: '421 busy', reason: 'other' }, '421 busy'],
		[{ response: undefined, reason: '421 busy' }, '421 busy'],
		[{ response: '', reason: '421 busy' }, '421 busy'],
	])('of a deferral with %j', (changes, expected) => {
		expect(normalizeEvent(sample('deferred', changes)).response).toBe(expected);
	});

	it('of a delivery do not come from a custom arg called reason', () => {
		const item = normalizeEvent(sample('delivered', { response: undefined, reason: 'upsell' }));
		expect(item).not.toHaveProperty('response');
		expect(item.customArgs).toEqual({ reason: 'upsell' });
	});

	it.each([
		['5', 5],
		[5, 5],
		[0, 0],
	])('take the attempt %j as a number', (attempt, expected) => {
		expect(normalizeEvent(sample('deferred', { attempt })).attempt).toBe(expected);
	});

	it.each([['many'], [''], [null]])('leave out the attempt %j', (attempt) => {
		expect(normalizeEvent(sample('deferred', { attempt }))).not.toHaveProperty('attempt');
	});
});

describe('campaign, template and sendAt', () => {
	it('of a Single Send', () => {
		const item = normalizeEvent(
			sample('open', {
				singlesend_id: '1c3a',
				singlesend_name: 'Spring',
				phase_id: 'send',
				sg_template_id: 'd-5cb7',
				sg_template_name: 'News',
				template_version_id: 'v-1',
				send_at: '1513299569',
			}),
		);
		expect(item.campaign).toStrictEqual({ id: '1c3a', name: 'Spring', phaseId: 'send' });
		expect(item.template).toStrictEqual({ id: 'd-5cb7', name: 'News', versionId: 'v-1' });
		expect(item.sendAt).toBe('2017-12-15T00:59:29.000Z');
	});

	it('of a legacy campaign', () => {
		const item = normalizeEvent(
			sample('open', {
				marketing_campaign_id: 12_345,
				marketing_campaign_name: 'Winter',
				marketing_campaign_version: 'B',
				marketing_campaign_split_id: 13_471,
				template_id: 't-1',
			}),
		);
		expect(item.campaign).toStrictEqual({
			id: '12345',
			name: 'Winter',
			version: 'B',
			splitId: '13471',
		});
		expect(item.template).toStrictEqual({ id: 't-1' });
	});

	it('of a mail that is sent at once', () => {
		const item = normalizeEvent(sample('processed', { send_at: 0 }));
		expect(item).not.toHaveProperty('sendAt');
		expect(item).not.toHaveProperty('campaign');
		expect(item).not.toHaveProperty('template');
	});
});

describe('any object gives an item', () => {
	it('without throwing, with the object itself as raw, and without empty fields', () => {
		const inherited = Reflect.ownKeys(Object.prototype);
		fc.assert(
			fc.property(anyObjectJson, (json) => {
				const raw = parsed(json);
				const item = normalizeEvent(raw);

				expect(item.raw).toBe(raw);
				expect(JSON.stringify(raw)).toBe(JSON.stringify(parsed(json)));
				expect(typeof item.dedupeKey).toBe('string');
				for (const value of Object.values(item)) {
					expect(value === null || value === '' || value === undefined).toBe(false);
				}
				expect(Object.getPrototypeOf(item.customArgs)).toBe(Object.prototype);
				expect(Reflect.ownKeys(Object.prototype)).toEqual(inherited);
			}),
			{ ...PROPERTY, numRuns: 1000 },
		);
	});

	it('in which each field is either a custom arg or one that SendGrid uses', () => {
		const sendGrids = new Set([
			...EVENT_TYPES.flatMap(({ fields }) => [...fields] as string[]),
			...['event', 'email', 'timestamp', 'sg_event_id', 'sg_message_id', 'category'],
			...['singlesend_id', 'sg_template_id'],
		]);
		fc.assert(
			fc.property(anyObjectJson, (json) => {
				const raw = parsed(json);
				const { customArgs } = normalizeEvent(raw);
				for (const field of Object.keys(raw)) {
					const isCustomArg = Object.hasOwn(customArgs, field);
					expect(isCustomArg || sendGrids.has(field)).toBe(true);
					if (isCustomArg) expect(Object.entries(customArgs)).toContainEqual([field, raw[field]]);
				}
				expect(Object.keys(customArgs).filter((field) => !Object.hasOwn(raw, field))).toEqual([]);
			}),
			PROPERTY,
		);
	});

	it('however deep it is nested', () => {
		const json = `{"event":"open","deep":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`;
		const raw = parsed(json);
		expect(normalizeEvent(raw).customArgs.deep).toBe(raw.deep);
	});
});

describe('a simplified event', () => {
	it('is the event without what only few workflows need', () => {
		fc.assert(
			fc.property(anyObjectJson, (json) => {
				const rest: Partial<SendGridEvent> = normalizeEvent(parsed(json));
				delete rest.raw;
				delete rest.smtpId;
				delete rest.sgMessageId;
				expect(simplifyEvent(parsed(json))).toEqual(rest);
			}),
			PROPERTY,
		);
	});

	it('still ties the event to its mail', () => {
		expect(simplifyEvent(sample('bounce'))).toMatchObject({ messageId: ofMail.messageId });
	});

	it('keeps the key it is given', () => {
		expect(simplifyEvent(sample('open'), 'my key').dedupeKey).toBe('my key');
	});
});
