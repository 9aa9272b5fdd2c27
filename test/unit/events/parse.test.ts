import * as fc from 'fast-check';
import { MAX_DEPTH, parsePost } from '../../../nodes/SendGrid/events/parse';
import { anyObjectJson, PROPERTY } from '../../support/property';

const parse = (body: string) => parsePost(Buffer.from(body));
const first = { event: 'open', sg_event_id: 'first' };
const last = { event: 'click', sg_event_id: 'last' };

/** A body in which `json` stands between two events. */
const withNeighbours = (json: string) =>
	`[${JSON.stringify(first)},${json},${JSON.stringify(last)}]`;

const nestedLists = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
const nestedObjects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

describe('a body that is a list of events', () => {
	it('gives the events as they were posted, in their order', () => {
		expect(parse(`[${JSON.stringify(first)},\r\n${JSON.stringify(last)}]\r\n`)).toEqual({
			events: [first, last],
			malformed: {},
			isIntact: true,
		});
	});

	it('may be empty', () => {
		expect(parse('[]')).toEqual({ events: [], malformed: {}, isIntact: true });
	});

	it('may have been parsed already', () => {
		expect(parsePost(Buffer.from('[]'), [first, null])).toEqual({
			events: [first],
			malformed: { notAnObject: 1 },
			isIntact: false,
		});
	});

	it('may hold 2,500 events', () => {
		const events = Array.from({ length: 2500 }, (_, index) => ({ event: 'open', index }));
		const parsed = parse(JSON.stringify(events));
		expect(parsed?.events).toEqual(events);
		expect(parsed?.isIntact).toBe(true);
	});
});

describe('a body that is no list', () => {
	it.each([
		['nothing', ''],
		['text', 'events'],
		['JSON that is cut off', '[{"event":"open"}'],
		['one event', '{"event":"open"}'],
		['null', 'null'],
		['a number', '1'],
		['JSON text', '"[]"'],
		['a form', 'event=open'],
	])('gives nothing: %s', (_name, body) => {
		expect(parse(body)).toBeUndefined();
	});

	it('gives nothing when it is not UTF-8 text at all', () => {
		expect(parsePost(Buffer.from([0xff, 0xfe, 0x00]))).toBeUndefined();
	});
});

describe('what is no event is counted and leaves its neighbours intact', () => {
	it.each([
		['null', 'null', 'notAnObject'],
		['a number', '17', 'notAnObject'],
		['text', '"open"', 'notAnObject'],
		['a boolean', 'true', 'notAnObject'],
		['a list', '[{"event":"open"}]', 'notAnObject'],
		['lists 100,000 deep', nestedLists(100_000), 'notAnObject'],
		['an empty object', '{}', 'noEventName'],
		['an object without event', '{"email":"ann@example.com"}', 'noEventName'],
		['an event that is null', '{"event":null}', 'noEventName'],
		['an event that is empty', '{"event":""}', 'noEventName'],
		['an event that is a number', '{"event":1}', 'noEventName'],
		['an event that is a list', '{"event":["open"]}', 'noEventName'],
	])('%s', (_name, json, reason) => {
		expect(parse(withNeighbours(json))).toEqual({
			events: [first, last],
			malformed: { [reason]: 1 },
			isIntact: false,
		});
	});

	it('each time it comes, by reason', () => {
		expect(parse('[1,{},2,{},3]')?.malformed).toEqual({ notAnObject: 3, noEventName: 2 });
	});
});

describe('an odd event passes as it is', () => {
	it.each([
		['of an unknown type', '{"event":"teleported","x":1}'],
		['with sg_message_id null', '{"event":"bounce","sg_message_id":null}'],
		['with sg_message_id empty', '{"event":"bounce","sg_message_id":""}'],
		['without sg_event_id', '{"event":"open"}'],
		['with category text', '{"event":"open","category":"a"}'],
		['with category list', '{"event":"open","category":["a","b"]}'],
		['with category empty', '{"event":"open","category":[]}'],
		['with custom args like methods', '{"event":"open","constructor":"a","hasOwnProperty":"b"}'],
		['with a custom arg __proto__', '{"event":"open","__proto__":{"isAdmin":true}}'],
		['with lone surrogates', '{"event":"open","email":"\\ud800@example.com"}'],
	])('%s', (_name, json) => {
		const parsed = parse(withNeighbours(json));
		expect(parsed?.events).toHaveLength(3);
		expect(parsed?.isIntact).toBe(true);
		expect(JSON.stringify(parsed?.events[1])).toBe(json);
	});
});

describe('deep nesting', () => {
	// The event itself is the first level.
	const allowed = MAX_DEPTH - 1;

	it.each([
		['lists', nestedLists],
		['objects', nestedObjects],
	])('of %s passes down to 64 levels', (_name, nested) => {
		const json = `{"event":"open","deep":${nested(allowed)}}`;
		const parsed = parse(withNeighbours(json));
		expect(parsed?.isIntact).toBe(true);
		expect(JSON.stringify(parsed?.events[1])).toBe(json);
	});

	it.each([
		['lists', nestedLists, 1],
		['objects', nestedObjects, 1],
		['lists', nestedLists, 100_000],
		['objects', nestedObjects, 100_000],
	])('of %s is cut off below, and nothing else is changed', (_name, nested, more) => {
		const eventWith = (deep: string) => `{"__proto__":"kept","event":"open","deep":[1,${deep}]}`;
		const parsed = parse(withNeighbours(eventWith(nested(allowed - 1 + more))));
		const cutOff = nested(allowed - 1).replace('1', '"[nested too deeply]"');

		expect(parsed?.events).toHaveLength(3);
		expect(parsed?.events[0]).toEqual(first);
		expect(JSON.stringify(parsed?.events[1])).toBe(eventWith(cutOff));
		expect(parsed?.events[2]).toEqual(last);
		expect(parsed?.malformed).toEqual({});
		expect(parsed?.isIntact).toBe(false);
	});
});

it('holds for any objects: what has an event passes unchanged, the rest is counted', () => {
	fc.assert(
		fc.property(fc.array(anyObjectJson), (jsons) => {
			const parsed = parse(`[${jsons.join()}]`)!;
			const expected = jsons
				.map((json) => JSON.parse(json) as { event?: unknown })
				.filter(({ event }) => typeof event === 'string' && event !== '');
			expect(JSON.stringify(parsed.events)).toBe(JSON.stringify(expected));
			expect(parsed.malformed.noEventName ?? 0).toBe(jsons.length - expected.length);
			expect(parsed.isIntact).toBe(jsons.length === expected.length);
		}),
		PROPERTY,
	);
});

it('never throws, whatever the bytes', () => {
	fc.assert(
		fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
			parsePost(Buffer.from(bytes));
			parse(`[${text}]`);
		}),
		PROPERTY,
	);
});
