import * as fc from 'fast-check';
import { dedupeKey, repeatKeys } from '../../../nodes/SendGrid/events/dedupeKey';
import { MAX_DEPTH, parsePost } from '../../../nodes/SendGrid/events/parse';
import type { RawEvent } from '../../../nodes/SendGrid/events/rawEvent';
import { anyObjectJson, PROPERTY } from '../../support/property';

const withoutId = { event: 'open', email: 'ann@example.com', timestamp: 1_600_112_502 };

describe('the key of an event with an id', () => {
	it.each([
		['the id itself', 'ZHJvcC0xMDk5NDkxOS1MUnpYbF9O', 'ZHJvcC0xMDk5NDkxOS1MUnpYbF9O'],
		['the id as text if it is a number', 42, '42'],
		['the id itself up to 200 characters', 'x'.repeat(200), 'x'.repeat(200)],
	])('is %s', (_name, id, key) => {
		expect(dedupeKey({ ...withoutId, sg_event_id: id })).toBe(key);
	});

	it('does not depend on the other fields', () => {
		const ids = [{ ...withoutId, sg_event_id: 'a' }, { sg_event_id: 'a' }].map(dedupeKey);
		expect(ids).toEqual(['a', 'a']);
	});
});

describe('the key of an event without a usable id', () => {
	it.each([
		['missing', {}],
		['null', { sg_event_id: null }],
		['empty', { sg_event_id: '' }],
		['a list', { sg_event_id: ['a'] }],
		['an object', { sg_event_id: { id: 'a' } }],
		['longer than 200 characters', { sg_event_id: 'x'.repeat(201) }],
	])('is a hash when the id is %s', (_name, id) => {
		expect(dedupeKey({ ...withoutId, ...id })).toMatch(/^sha256:[\w-]{43}$/);
	});

	it('is the hash of the canonical JSON: fields in order, without blanks', () => {
		// printf '{"a":[1,"b",null,{"c":false,"d":{}}],"event":"open"}' | openssl dgst -sha256 -binary | basenc --base64url
		expect(dedupeKey({ event: 'open', a: [1, 'b', null, { d: {}, c: false }] })).toBe(
			'sha256:SNXYHlgzHOgZkf7O_ouSnAM8jurzufw4ZcYWlHaKFYE',
		);
	});

	it('does not depend on the order of fields, at any depth', () => {
		const one = { event: 'open', pool: { name: 'a', id: 1 }, ip: '192.0.2.1' };
		const other = { ip: '192.0.2.1', pool: { id: 1, name: 'a' }, event: 'open' };
		expect(dedupeKey(one)).toBe(dedupeKey(other));
	});

	it('tells different events apart', () => {
		const events: RawEvent[] = [
			withoutId,
			{ ...withoutId, timestamp: 1_600_112_503 },
			{ ...withoutId, timestamp: '1600112502' },
			{ ...withoutId, ip: '192.0.2.1' },
			{ ...withoutId, ip: null },
			{ ...withoutId, ip: {} },
			{ ...withoutId, ip: [] },
			{ ...withoutId, email: '\ud800' },
			{ ...withoutId, email: '\ud801' },
			{ ...withoutId, category: ['a', 'b'] },
			{ ...withoutId, category: ['b', 'a'] },
			{ ...withoutId, category: 'a,b' },
			JSON.parse('{"event":"open","__proto__":{"a":1}}') as RawEvent,
			JSON.parse('{"event":"open","__proto__":{"a":2}}') as RawEvent,
		];
		expect(new Set(events.map((event) => dedupeKey(event))).size).toBe(events.length);
	});

	it('is the same for two copies of any object, and never throws', () => {
		fc.assert(
			fc.property(anyObjectJson, (json) => {
				const [one, other] = [JSON.parse(json), JSON.parse(json)] as [RawEvent, RawEvent];
				expect(dedupeKey(one)).toBe(dedupeKey(other));
			}),
			PROPERTY,
		);
	});

	it('takes in everything down to the depth to which events are read', () => {
		const deepest = MAX_DEPTH - 1;
		const listOf = (value: number) => `${'['.repeat(deepest)}${value}${']'.repeat(deepest)}`;
		const objectOf = (value: number) => `${'{"a":'.repeat(deepest)}${value}${'}'.repeat(deepest)}`;
		for (const nested of [listOf, objectOf]) {
			const [one, other] = [1, 2].map(
				(value) => JSON.parse(`{"deep":${nested(value)}}`) as RawEvent,
			);
			expect(dedupeKey(one!)).not.toBe(dedupeKey(other!));
		}
	});

	it('survives any depth, and is the same before and after deep nesting was cut off', () => {
		const levels = 100_000;
		const json = `{"event":"open","deep":${'['.repeat(levels)}${']'.repeat(levels)}}`;
		const whole = JSON.parse(json) as RawEvent;
		const [cut] = parsePost(Buffer.from(`[${json}]`))!.events;
		expect(dedupeKey(whole)).toBe(dedupeKey(cut!));
	});
});

describe('the keys by which repeats are recognized', () => {
	const clicked: RawEvent = {
		event: 'click',
		email: 'ann@example.com',
		sg_message_id: 'message.1',
		timestamp: 1_600_112_502,
		url: 'https://example.com/',
		sg_event_id: 'id-1',
	};
	const keysOf = (event: RawEvent) => repeatKeys(event, 'eventIdOrContent');
	const contentKeyOf = (event: RawEvent) => keysOf(event)[1];

	it('are the one of the id, unless content counts as well', () => {
		expect(repeatKeys(clicked, 'eventId')).toEqual(['id-1']);
		expect(keysOf(clicked)).toEqual(['id-1', expect.stringMatching(/^content:[\w-]{43}$/)]);
	});

	it('are the same for the content whatever the id, and what SendGrid adds', () => {
		const again = { ...clicked, sg_event_id: 'id-2', ip: '192.0.2.1', useragent: 'Other' };
		expect(contentKeyOf(again)).toBe(contentKeyOf(clicked));
		expect(contentKeyOf({ ...clicked, timestamp: '1600112502' })).toBe(contentKeyOf(clicked));
	});

	it.each<[string, RawEvent]>([
		['event', { event: 'open' }],
		['address', { email: 'bob@example.com' }],
		['message', { sg_message_id: 'message.2' }],
		['second', { timestamp: 1_600_112_503 }],
		['link', { url: 'https://example.com/other' }],
		['reason', { reason: '550' }],
	])('differ with the %s', (_name, change) => {
		expect(contentKeyOf({ ...clicked, ...change })).not.toBe(contentKeyOf(clicked));
	});

	it('do not run fields together', () => {
		const one = { ...clicked, url: 'a', reason: undefined };
		const other = { ...clicked, url: undefined, reason: 'a' };
		expect(contentKeyOf(one)).not.toBe(contentKeyOf(other));
	});

	it('are the one of the id for events about the account', () => {
		expect(keysOf({ event: 'account_status_change', timestamp: 1, sg_event_id: 'a' })).toEqual([
			'a',
		]);
	});
});
