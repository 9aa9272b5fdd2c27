import { createEventFilter, type EventFilter } from '../../../nodes/SendGrid/events/filter';
import { EVENT_TYPES } from '../../../nodes/SendGrid/events/eventTypes';
import { sampleEvent } from '../../../emulator/sampleEvents';

const ALL_TYPES = EVENT_TYPES.map(({ name }) => name);

/** A filter that lets every type pass, but for what is given. */
const filterBy = (parts: Partial<EventFilter>) =>
	createEventFilter({ events: ALL_TYPES, ...parts });

describe('event types', () => {
	it.each(ALL_TYPES)('%s passes if it is chosen, and only then', (name) => {
		const event = sampleEvent(name);
		expect(createEventFilter({ events: [name] })(event)).toBe(true);
		const others = ALL_TYPES.filter((other) => other !== name);
		expect(createEventFilter({ events: others })(event)).toBe(false);
	});

	it('types this package does not know pass unless they are excluded', () => {
		const teleported = { event: 'teleported' };
		expect(createEventFilter({ events: ['open'] })(teleported)).toBe(true);
		const excludeOtherTypes = true;
		expect(createEventFilter({ events: ['open'], excludeOtherTypes })(teleported)).toBe(false);
		expect(createEventFilter({ events: ['teleported'], excludeOtherTypes })(teleported)).toBe(true);
	});

	it('an event without a name passes, as it is of no known type', () => {
		expect(createEventFilter({ events: ['open'] })({ email: 'ann@example.com' })).toBe(true);
	});
});

describe('categories', () => {
	const wants = filterBy({ categories: ['welcome', 'invoice'] });

	it.each([
		['the text', 'welcome', true],
		['one of a list', ['other', 'invoice'], true],
		['another', 'other', false],
		['the same in other letters', 'Welcome', false],
		['a list of others', ['a', 'b'], false],
		['an empty list', [], false],
		['none', undefined, false],
	])('%s', (_name, category, expected) => {
		expect(wants(sampleEvent('open', { category }))).toBe(expected);
	});

	it('apply to types this package does not know', () => {
		expect(wants({ event: 'teleported', category: 'welcome' })).toBe(true);
		expect(wants({ event: 'teleported', category: 'other' })).toBe(false);
	});
});

describe('custom args', () => {
	it.each([
		['the value', { tenant: 'acme' }, true],
		['another value', { tenant: 'other' }, false],
		['a missing arg', {}, false],
		['an empty arg', { tenant: '' }, false],
	])('asked for by value: %s', (_name, args, expected) => {
		const wants = filterBy({ customArgs: [{ name: 'tenant', value: 'acme' }] });
		expect(wants(sampleEvent('open', args))).toBe(expected);
	});

	it('asked for by value: a number is compared as text', () => {
		const wants = filterBy({ customArgs: [{ name: 'contactId', value: '42' }] });
		expect(wants(sampleEvent('open', { contactId: 42 }))).toBe(true);
	});

	it.each([
		['any value', { tenant: 'acme' }, true],
		['an empty value', { tenant: '' }, true],
		['null', { tenant: null }, true],
		['a missing arg', {}, false],
	])('asked for by name only: %s', (_name, args, expected) => {
		const wants = filterBy({ customArgs: [{ name: 'tenant', value: '' }] });
		expect(wants(sampleEvent('open', args))).toBe(expected);
	});

	it('are all required', () => {
		const wants = filterBy({
			customArgs: [
				{ name: 'tenant', value: 'acme' },
				{ name: 'plan', value: 'gold' },
			],
		});
		expect(wants(sampleEvent('open', { tenant: 'acme', plan: 'gold' }))).toBe(true);
		expect(wants(sampleEvent('open', { tenant: 'acme', plan: 'free' }))).toBe(false);
		expect(wants(sampleEvent('open', { plan: 'gold' }))).toBe(false);
	});

	it.each(['constructor', '__proto__', 'toString'])(
		'are what was posted: %s is not there just because every object has it',
		(name) => {
			const wants = filterBy({ customArgs: [{ name, value: '' }] });
			expect(wants(sampleEvent('open'))).toBe(false);
			expect(wants(JSON.parse(`{"event":"open","${name}":"a"}`))).toBe(true);
		},
	);
});

describe('recipients', () => {
	it.each([
		['the address', 'ann@example.com', 'ann@example.com', true],
		['the address in other letters', 'Ann@Example.com', 'aNN@exaMPLE.com', true],
		['the address with blanks around it', ' ann@example.com ', 'ann@example.com', true],
		['another address of the domain', 'ann@example.com', 'bob@example.com', false],
		['the domain', 'example.com', 'ann@example.com', true],
		['the domain in other letters', 'EXAMPLE.com', 'ann@Example.COM', true],
		['the domain with its @', '@example.com', 'ann@example.com', true],
		['a domain that ends alike', 'example.com', 'ann@notexample.com', false],
		['a subdomain', 'example.com', 'ann@mail.example.com', false],
		['a quoted local part', 'example.com', '"a@other.org"@example.com', true],
		['an address without domain', 'example.com', 'example.com', false],
	])('%s', (_name, recipient, email, expected) => {
		const wants = filterBy({ recipients: [recipient] });
		expect(wants(sampleEvent('open', { email }))).toBe(expected);
	});

	it('are one of several', () => {
		const wants = filterBy({ recipients: ['ann@example.com', 'example.org'] });
		expect(wants(sampleEvent('open', { email: 'ann@example.com' }))).toBe(true);
		expect(wants(sampleEvent('open', { email: 'bob@example.org' }))).toBe(true);
		expect(wants(sampleEvent('open', { email: 'bob@example.com' }))).toBe(false);
	});

	it.each([[undefined], [null], ['']])('leave out an event whose email is %j', (email) => {
		expect(filterBy({ recipients: ['example.com'] })(sampleEvent('open', { email }))).toBe(false);
	});
});

describe('links', () => {
	const click = sampleEvent('click', { url: 'https://example.com/pricing?plan=gold' });

	it.each([
		[['/pricing'], true],
		[['/signup', 'plan=gold'], true],
		[['/signup'], false],
		[['/Pricing'], false],
		[[], true],
	])('with %j', (links, expected) => {
		expect(filterBy({ links })(click)).toBe(expected);
	});

	it('concern clicks only, and leave out a click without a link', () => {
		const wants = filterBy({ links: ['/pricing'] });
		expect(wants(sampleEvent('open'))).toBe(true);
		expect(wants(sampleEvent('click', { url: undefined }))).toBe(false);
	});
});

describe('machine opens', () => {
	const machineOpen = sampleEvent('open', { sg_machine_open: true });

	it('pass unless they are excluded', () => {
		expect(filterBy({})(machineOpen)).toBe(true);
		expect(filterBy({ excludeMachineOpens: false })(machineOpen)).toBe(true);
		expect(filterBy({ excludeMachineOpens: true })(machineOpen)).toBe(false);
	});

	it('are no other opens, and nothing else', () => {
		const wants = filterBy({ excludeMachineOpens: true });
		expect(wants(sampleEvent('open', { sg_machine_open: false }))).toBe(true);
		expect(wants(sampleEvent('open', { sg_machine_open: undefined }))).toBe(true);
		expect(wants(sampleEvent('click', { sg_machine_open: true }))).toBe(true);
	});
});

it('asks for everything at once', () => {
	const wants = filterBy({
		events: ['open'],
		categories: ['welcome'],
		customArgs: [{ name: 'tenant', value: 'acme' }],
		recipients: ['example.com'],
		excludeMachineOpens: true,
	});
	const event = sampleEvent('open', {
		category: 'welcome',
		tenant: 'acme',
		email: 'ann@example.com',
	});
	expect(wants(event)).toBe(true);
	expect(wants({ ...event, event: 'click' })).toBe(false);
	expect(wants({ ...event, category: 'other' })).toBe(false);
	expect(wants({ ...event, tenant: 'other' })).toBe(false);
	expect(wants({ ...event, email: 'ann@example.org' })).toBe(false);
	expect(wants({ ...event, sg_machine_open: true })).toBe(false);
});

it('does not ask an event about the account for what only a mail has', () => {
	const wants = filterBy({
		categories: ['welcome'],
		customArgs: [{ name: 'tenant', value: 'acme' }],
		recipients: ['example.com'],
	});
	expect(wants(sampleEvent('account_status_change'))).toBe(true);
});
