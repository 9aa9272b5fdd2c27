import type { RawEvent } from '../../../nodes/SendGrid/events/rawEvent';
import {
	eventsOf,
	unwrapHandover,
	wrapHandover,
	type Handover,
} from '../../../nodes/SendGrid/trigger/handover';

const handover: Handover = {
	processId: 'process-1',
	posts: ['[{"event":"open"},{"event":"click"}]', '[{"event":"bounce"}]'],
};

/** What n8n does with an item between webhook() and execute(): it goes through its database. */
const throughDatabase = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T;

it('comes out as it went in, through the database', () => {
	expect(unwrapHandover([throughDatabase(wrapHandover(handover))])).toEqual(handover);
});

it('holds the events of all its posts, in their order', () => {
	expect(eventsOf(handover)).toEqual([{ event: 'open' }, { event: 'click' }, { event: 'bounce' }]);
	expect(eventsOf({ ...handover, posts: [] })).toEqual([]);
});

it('needs no parsing in the process that parsed its events', () => {
	const events = [{ event: 'open' }];
	const item = wrapHandover({ ...handover, posts: [JSON.stringify(events)] }, events);
	expect(eventsOf(unwrapHandover([item])!)).toBe(events);
	expect(eventsOf(unwrapHandover([throughDatabase(item)])!)).toEqual(events);
});

it('keeps every field of an event, __proto__ and lone surrogates included', () => {
	const json = '{"event":"open","__proto__":{"a":1},"name":"\\ud800"}';
	const through = throughDatabase(wrapHandover({ ...handover, posts: [`[${json}]`] }));
	const [event] = eventsOf(unwrapHandover([through])!) as [RawEvent];
	expect(JSON.stringify(event)).toBe(json);
});

it.each([
	['no items', []],
	['an item of another kind', [{ json: { event: 'open' } }]],
	['an empty item', [{ json: {} }]],
])('is not found in %s', (_name, items) => {
	expect(unwrapHandover(items)).toBeUndefined();
});
