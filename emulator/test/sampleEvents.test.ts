import { sampleEvent, testEndpointEvents } from '..';
import { EVENT_TYPES } from '../../nodes/SendGrid/events/eventTypes';

describe.each(EVENT_TYPES)('the sample of $name', ({ name, fields, group }) => {
	it('has every field of its type that applies', () => {
		const expected = fields.filter((field) => name !== 'deferred' || field !== 'reason');
		expect(Object.keys(sampleEvent(name))).toEqual(expect.arrayContaining([...expected]));
	});

	it('has values for all of them', () => {
		expect(Object.values(sampleEvent(name))).not.toContain(undefined);
	});

	it('speaks of a recipient unless it is about the account', () => {
		expect('email' in sampleEvent(name)).toBe(group !== 'account');
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
	const expected = EVENT_TYPES.filter(({ group }) => group !== 'account').map(({ name }) => name);
	expect([...names].sort()).toEqual([...expected].sort());
});
