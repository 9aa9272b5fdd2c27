import fc from 'fast-check';
import { EVENT_TYPES } from '../../../nodes/SendGrid/events/eventTypes';
import { WAIT_ARG, carriesTicket } from '../../../nodes/SendGrid/events/waitArg';
import {
	findAwaited,
	instanceTag,
	isAwaited,
	readTicket,
	ticketOf,
	ticketQuery,
	type WaitConditions,
} from '../../../nodes/SendGrid/events/waitTicket';
import { sampleEvent } from '../../../emulator/sampleEvents';

const HERE = instanceTag('this n8n');
const SIGNATURE = 'a'.repeat(64);
const SENT_AT = 1_700_000_000;

/** The address that n8n signs for an execution, with what our node adds. */
function signedUrl(conditions: WaitConditions, { instance = HERE, execution = '42' } = {}): string {
	const url = new URL(`https://n8n.example.com/base/webhook-waiting/${execution}/node%20id`);
	const query = ticketQuery(conditions, { instance, sentAt: SENT_AT });
	for (const [name, value] of Object.entries({ wait: 'w', ...query })) {
		url.searchParams.set(name, value);
	}
	url.searchParams.set('signature', SIGNATURE);
	return url.href;
}

const clicks: WaitConditions = { events: ['click'] };
const ticket = ticketOf(signedUrl(clicks));

describe('a ticket', () => {
	it('is what stands below the address of all executions that wait', () => {
		expect(ticket).toBe(
			`42/node%20id?wait=w&for=click&sent=${SENT_AT}&n8n=${HERE}&signature=${SIGNATURE}`,
		);
	});

	it('is read as it was written, whatever the text in it', () => {
		fc.assert(
			fc.property(
				fc.subarray(
					EVENT_TYPES.map(({ name }) => name),
					{ minLength: 1 },
				),
				fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }),
				fc.boolean(),
				(events, linkContains, peopleOnly) => {
					const text = ticketOf(signedUrl({ events, linkContains, peopleOnly }));
					expect(readTicket(text)).toEqual({
						text,
						instance: HERE,
						sentAt: SENT_AT,
						conditions: { events, linkContains, peopleOnly },
					});
				},
			),
			{ seed: 1 },
		);
	});

	it('can do without conditions on links and opens', () => {
		expect(readTicket(ticket)?.conditions).toEqual({
			events: ['click'],
			linkContains: undefined,
			peopleOnly: false,
		});
	});

	const [place, query] = ticket.split('?') as [string, string];
	it.each([
		['nothing', ''],
		['a whole address', `https://example.com/${ticket}`],
		['an address without a scheme', `//example.com/${ticket}`],
		['one path more', `more/${ticket}`],
		['one path less', `42?${query}`],
		['another path, by dots', `42/..?${query}`],
		['another path, by encoded dots', `42/%2e%2E?${query}`],
		['an execution that is no number', `rest/node?${query}`],
		['a fragment', `${place}?${query}#more`],
		['a line break', `${ticket}\n`],
		['no signature', ticket.replace(/&signature=.*/, '')],
		['a short signature', ticket.slice(0, -1)],
		['no events', ticket.replace('for=click', 'for=')],
		['no time', ticket.replace(/&sent=\d+/, '')],
		['no instance', ticket.replace(/&n8n=\w+/, '')],
		['far too much', `${place}?x=${'x'.repeat(2000)}&${query}`],
	])('is not read from %s', (_, text) => {
		expect(readTicket(text)).toBeUndefined();
	});

	it('leads nowhere but below the address it is put behind', () => {
		const base = 'https://n8n.example.com/webhook-waiting/';
		fc.assert(
			fc.property(
				fc.stringMatching(/^[0-9]{1,3}\/[\w.~%!*'()/\\:@-]{1,12}\?[\w.~%*+&=/\\#@-]{0,12}$/),
				(start) => {
					const text = start + ticket.slice(ticket.indexOf('wait='));
					if (readTicket(text) === undefined) return;
					expect(new URL(base + text).href).toBe(base + text);
				},
			),
			{ seed: 1, numRuns: 1000 },
		);
	});
});

describe('an event is awaited', () => {
	const people: WaitConditions = { events: ['open'], peopleOnly: true };
	const offer: WaitConditions = { events: ['open', 'click'], linkContains: 'example.com/offer' };

	it.each([
		['its type is among those chosen', sampleEvent('click'), clicks, true],
		['it is of another type', sampleEvent('open'), clicks, false],
		['it has no type', sampleEvent('click', { event: undefined }), clicks, false],
		['a person opened', sampleEvent('open', { sg_machine_open: false }), people, true],
		['a mail program opened', sampleEvent('open', { sg_machine_open: true }), people, false],
		[
			'a mail program opened, which counts',
			sampleEvent('open', { sg_machine_open: true }),
			{ events: ['open'] },
			true,
		],
		['the link fits', sampleEvent('click', { url: 'https://example.com/offer/1' }), offer, true],
		['the link does not fit', sampleEvent('click', { url: 'https://example.com' }), offer, false],
		['no link is known', sampleEvent('click', { url: undefined }), offer, false],
		['it has no link', sampleEvent('open'), offer, true],
	])('if %s: %#', (_, event, conditions, expected) => {
		expect(isAwaited(event, conditions)).toBe(expected);
	});
});

describe('the events that end waits', () => {
	const click = (execution: string, timestamp?: number) =>
		sampleEvent('click', { [WAIT_ARG]: ticketOf(signedUrl(clicks, { execution })), timestamp });
	const found = (...events: Array<ReturnType<typeof sampleEvent>>) =>
		findAwaited(events, HERE).map(({ event }) => event);

	it('are, for each wait, the one that happened first', () => {
		const [late, first, other] = [click('1', 20), click('1', 10), click('2', 30)];
		expect(found(late, first, click('1', 20), other)).toEqual([first, other]);
	});

	it('are those with a time before those without', () => {
		const [timeless, timed] = [click('1'), click('1', 10)];
		expect(found(timeless, timed)).toEqual([timed]);
	});

	it('are none of mails that nobody waits for, or somebody else', () => {
		const elsewhere = ticketOf(signedUrl(clicks, { instance: instanceTag('another n8n') }));
		expect(
			found(
				sampleEvent('click'),
				sampleEvent('click', { [WAIT_ARG]: 'forged' }),
				sampleEvent('click', { [WAIT_ARG]: elsewhere }),
				sampleEvent('open', { [WAIT_ARG]: ticket }),
			),
		).toEqual([]);
	});

	it('are known by their custom arg', () => {
		expect([sampleEvent('click'), click('1')].map(carriesTicket)).toEqual([false, true]);
	});
});
