import { sampleEvent, testEndpointEvents } from '..';
import { EVENT_TYPES, type EventName } from '../eventTypes';

const EVENT_NAMES = Object.keys(EVENT_TYPES) as EventName[];

describe.each(EVENT_NAMES)('the sample of %s', (name) => {
	it('has every field of its type that applies', () => {
		const fields: readonly string[] = EVENT_TYPES[name].fields;
		const expected = fields.filter((field) => name !== 'deferred' || field !== 'reason');
		expect(Object.keys(sampleEvent(name))).toEqual(expect.arrayContaining(expected));
	});

	it('has values for all of them', () => {
		expect(Object.values(sampleEvent(name))).not.toContain(undefined);
	});

	it('speaks of a recipient unless it is about the account', () => {
		expect('email' in sampleEvent(name)).toBe(name !== 'account_status_change');
	});

	it('has another id each time', () => {
		expect(sampleEvent(name)['sg_event_id']).not.toBe(sampleEvent(name)['sg_event_id']);
	});
});

it('can be changed: fields added, replaced and taken out', () => {
	const event = sampleEvent('open', { contactId: '42', email: 'ann@example.com', ip: undefined });
	expect(event).toMatchObject({ event: 'open', contactId: '42', email: 'ann@example.com' });
	expect(event).not.toHaveProperty('ip');
});

it('the test endpoint posts one event of each type that is about mail', () => {
	const names = testEndpointEvents(1).map(({ event }) => event);
	const expected = EVENT_NAMES.filter((name) => name !== 'account_status_change');
	expect([...names].sort()).toEqual([...expected].sort());
});
