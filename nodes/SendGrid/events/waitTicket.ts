import { createHash } from 'node:crypto';
import { isMachineOpen } from './normalize';
import { numberOf, textOf, type RawEvent } from './rawEvent';
import { WAIT_ARG } from './waitArg';

/** Which events of a mail its workflow waits for. */
export interface WaitConditions {
	/** Event types, by SendGrid's names. */
	events: readonly string[];
	/** Of clicks only those on a link whose address contains this text. */
	linkContains?: string;
	/** Of opens only those that no mail program made by itself. */
	peopleOnly?: boolean;
}

/**
 * What a mail carries in its custom arg, so that its events find the execution that waits for them:
 * the part of n8n's signed address of that execution below the address of all waiting executions,
 * `<execution>/<node>?<query>&signature=…`. The query holds the conditions, so that only an event
 * that is waited for becomes a call, and n8n's signature covers them.
 */
export interface WaitTicket {
	/** As the custom arg has it. */
	text: string;
	/** The n8n that waits; see `instanceTag`. */
	instance: string;
	/** When the mail was about to be sent, in Unix seconds. */
	sentAt: number;
	conditions: WaitConditions;
}

/** An event that somebody waits for. */
export interface AwaitedEvent {
	ticket: WaitTicket;
	event: RawEvent;
}

/** A path segment each for the execution and the node, then a query; nothing that needs more than that. */
const TICKET = /^\d{1,20}\/[\w.~%!*'()-]{1,200}\?[\w.~%*+&=-]{1,2000}$/;

const SIGNATURE = /^[0-9a-f]{64}$/;

/**
 * Tells the mails of this n8n from those of another one that uses the same SendGrid account.
 *
 * @param instanceId as n8n's contexts give it
 */
export function instanceTag(instanceId: string): string {
	return createHash('sha256').update(instanceId).digest('hex').slice(0, 12);
}

/**
 * The query of a ticket, to be signed by n8n.
 *
 * @param sentAt Unix seconds
 */
export function ticketQuery(
	conditions: WaitConditions,
	{ instance, sentAt }: Pick<WaitTicket, 'instance' | 'sentAt'>,
): Record<string, string> {
	const { events, linkContains, peopleOnly } = conditions;
	return {
		for: events.join('.'),
		...(linkContains && { link: linkContains }),
		...(peopleOnly && { people: 'true' }),
		sent: String(Math.floor(sentAt)),
		n8n: instance,
	};
}

/** @param url what n8n signed: `<address of all waiting executions>/<execution>/<node>?…` */
export function ticketOf(url: string): string {
	const { pathname, search } = new URL(url);
	return pathname.split('/').slice(-2).join('/') + search;
}

/**
 * Reads a ticket. Whoever can send mail through the account can write anything into a custom arg:
 * `undefined` for what `ticketOf` cannot have made.
 */
export function readTicket(text: string): WaitTicket | undefined {
	if (!TICKET.test(text) || !staysInPlace(text)) return undefined;
	const query = new URLSearchParams(text.slice(text.indexOf('?')));
	const [events, sent, instance] = [query.get('for'), query.get('sent'), query.get('n8n')];
	if (!events || !sent || !instance || !SIGNATURE.test(query.get('signature') ?? '')) {
		return undefined;
	}
	return {
		text,
		instance,
		sentAt: Number(sent),
		conditions: {
			events: events.split('.'),
			linkContains: query.get('link') ?? undefined,
			peopleOnly: query.get('people') === 'true',
		},
	};
}

/** Dots, plain or encoded, can lead from one path to another. */
function staysInPlace(text: string): boolean {
	return new URL(text, 'http://n8n/waiting/').href === `http://n8n/waiting/${text}`;
}

/** Whether an event of the mail is one that ends the wait. */
export function isAwaited(event: RawEvent, conditions: WaitConditions): boolean {
	const { events, linkContains = '', peopleOnly } = conditions;
	const name = textOf(event, 'event');
	if (name === undefined || !events.includes(name)) return false;
	if (name === 'click') return (textOf(event, 'url') ?? '').includes(linkContains);
	return !(name === 'open' && peopleOnly && isMachineOpen(event));
}

/**
 * Of these events, those that end a wait of this n8n: for each wait the one that happened first.
 *
 * @param instance as `instanceTag` gives it
 */
export function findAwaited(events: readonly RawEvent[], instance: string): AwaitedEvent[] {
	const first = new Map<string, AwaitedEvent>();
	for (const event of events) {
		const ticket = readTicket(textOf(event, WAIT_ARG) ?? '');
		if (ticket === undefined || ticket.instance !== instance) continue;
		if (!isAwaited(event, ticket.conditions)) continue;
		const earlier = first.get(ticket.text)?.event;
		if (earlier === undefined || happenedAt(event) < happenedAt(earlier)) {
			first.set(ticket.text, { ticket, event });
		}
	}
	return [...first.values()];
}

/** Unix seconds; without a time, an event counts as the last. */
function happenedAt(event: RawEvent): number {
	return numberOf(event, 'timestamp') ?? Infinity;
}
