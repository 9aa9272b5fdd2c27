import type { INodeExecutionData } from 'n8n-workflow';
import type { RawEvent } from '../events/rawEvent';
import type { ProblemReport } from './postLog';

/**
 * What `webhook()` hands to `execute()`: one item, whatever the number of events. n8n stores it with
 * the execution, which is far cheaper for one text than for many small objects.
 */
export interface Handover {
	/** The process that received the post; see `PROCESS_ID`. */
	processId: string;
	/** The events that are new as far as that process knows: a JSON array per post. */
	posts: string[];
	/** What there is to report, if the trigger does that. */
	problems?: ProblemReport[];
	/** Set when its posts are sent again, because n8n is about to stop; nothing is to run with them. */
	isWithdrawn?: boolean;
}

const HANDOVER_FIELD = 'sendGridPosts';

/**
 * The events of handovers, as they were parsed on receipt. Where the execution runs in the process
 * that received them, n8n hands on the very object, and they need not be parsed again.
 */
const parsedEvents = new WeakMap<Handover, RawEvent[]>();

/** The handovers that an execution of this process works with. */
const begun = new WeakSet<Handover>();

/** @param events those in the handover's posts */
export function wrapHandover(handover: Handover, events?: RawEvent[]): INodeExecutionData {
	const wrapped = { ...handover };
	if (events !== undefined) parsedEvents.set(wrapped, events);
	return { json: { [HANDOVER_FIELD]: wrapped as object } };
}

/** The handover in the trigger's input; `undefined` for anything else, such as an edited item. */
export function unwrapHandover(items: INodeExecutionData[]): Handover | undefined {
	return items[0]?.json[HANDOVER_FIELD] as Handover | undefined;
}

/**
 * Keeps an execution that n8n has made, and not yet begun, from working with the posts.
 *
 * @param item what `wrapHandover` has made
 * @returns false if it is too late for that
 */
export function withdraw(item: INodeExecutionData): boolean {
	const handover = unwrapHandover([item])!;
	if (begun.has(handover)) return false;
	handover.isWithdrawn = true;
	return true;
}

/** @returns false if there is nothing to begin with any more */
export function begin(handover: Handover): boolean {
	begun.add(handover);
	return handover.isWithdrawn !== true;
}

export function eventsOf(handover: Handover): RawEvent[] {
	return (
		parsedEvents.get(handover) ?? handover.posts.flatMap((post) => JSON.parse(post) as RawEvent[])
	);
}
