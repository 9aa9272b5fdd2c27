import type { INodeExecutionData } from 'n8n-workflow';
import type { RawEvent } from '../events/rawEvent';

/**
 * What `webhook()` hands to `execute()`: one item, whatever the number of events. n8n stores it with
 * the execution, which is far cheaper for one text than for many small objects.
 */
export interface Envelope {
	/** The process that received the post; see `PROCESS_ID`. */
	processId: string;
	/** The events that are new as far as that process knows: a JSON array per post. */
	posts: string[];
	/** Keys settled before by a process that cannot write to n8n's database. */
	settledKeys?: string[];
}

const ENVELOPE_FIELD = 'sendGridDelivery';

export function wrapEnvelope(envelope: Envelope): INodeExecutionData {
	return { json: { [ENVELOPE_FIELD]: { ...envelope } } };
}

/** The envelope in the trigger's input; `undefined` for anything else, such as an edited item. */
export function unwrapEnvelope(items: INodeExecutionData[]): Envelope | undefined {
	return items[0]?.json[ENVELOPE_FIELD] as Envelope | undefined;
}

export function eventsOf(envelope: Envelope): RawEvent[] {
	return envelope.posts.flatMap((post) => JSON.parse(post) as RawEvent[]);
}
