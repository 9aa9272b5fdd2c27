import { isObject, type RawEvent } from './rawEvent';

/** Why an entry of a post is no event. */
export type MalformedReason = 'notAnObject' | 'noEventName';

export interface ParsedPost {
	events: RawEvent[];
	/** How many entries were left out, by reason; empty when all were events. */
	malformed: Partial<Record<MalformedReason, number>>;
	/** The events are all that the body holds, unchanged. */
	isIntact: boolean;
}

/**
 * Events are flat but for a few small objects. Anything nested far deeper would overflow the stack
 * of whoever serializes it next, n8n's execution store included, and take the whole post with it.
 */
export const MAX_DEPTH = 64;

/** Stands in for what was nested too deep. */
export const TOO_DEEP = '[nested too deeply]';

/**
 * Reads the events out of a verified body.
 *
 * @param rawBody UTF-8 JSON: an array with one object per event
 * @param body the same as a value, if the server has parsed it already
 * @returns the events in the order posted, and what was left out; `undefined` when the body is not
 *   a JSON array at all
 */
export function parsePost(rawBody: Buffer, body?: unknown): ParsedPost | undefined {
	let entries = body;
	try {
		entries ??= JSON.parse(rawBody.toString('utf8'));
	} catch {
		return undefined;
	}
	if (!Array.isArray(entries)) return undefined;

	const parsed: ParsedPost = { events: [], malformed: {}, isIntact: true };
	for (const entry of entries) {
		const reason = malformedReason(entry);
		if (reason !== undefined) {
			parsed.malformed[reason] = (parsed.malformed[reason] ?? 0) + 1;
			parsed.isIntact = false;
			continue;
		}
		if (isDeeperThan(MAX_DEPTH, entry)) {
			parsed.isIntact = false;
			parsed.events.push(prune(MAX_DEPTH, entry) as RawEvent);
		} else {
			parsed.events.push(entry);
		}
	}
	return parsed;
}

function malformedReason(entry: unknown): MalformedReason | undefined {
	if (!isObject(entry)) return 'notAnObject';
	if (typeof entry.event !== 'string' || entry.event === '') return 'noEventName';
	return undefined;
}

function isDeeperThan(depth: number, value: object): boolean {
	if (depth === 0) return true;
	for (const inner of Object.values(value)) {
		if (typeof inner === 'object' && inner !== null && isDeeperThan(depth - 1, inner)) return true;
	}
	return false;
}

/** Copies `value` with whatever lies deeper than `depth` levels replaced. */
function prune(depth: number, value: unknown): unknown {
	if (typeof value !== 'object' || value === null) return value;
	if (depth === 0) return TOO_DEEP;
	if (Array.isArray(value)) return value.map((inner) => prune(depth - 1, inner));
	// fromEntries defines properties, so a field called __proto__ stays a field.
	return Object.fromEntries(
		Object.entries(value).map(([field, inner]) => [field, prune(depth - 1, inner)]),
	);
}
