import { createHash } from 'node:crypto';
import { MAX_DEPTH, TOO_DEEP } from './parse';
import { textOf, type RawEvent } from './rawEvent';

/** SendGrid documents up to 100 characters; a longer id is hashed so that keys stay small. */
const MAX_ID_LENGTH = 200;

/**
 * The identity of an event: SendGrid's `sg_event_id`, which stays the same when a post is repeated.
 * Some events come without one; for those it is a hash of everything that was posted, with the
 * fields in a fixed order, down to the depth to which events are read.
 */
export function dedupeKey(event: RawEvent): string {
	const id = textOf(event, 'sg_event_id');
	if (id !== undefined && id.length <= MAX_ID_LENGTH) return id;
	return `sha256:${createHash('sha256').update(canonicalJson(event, MAX_DEPTH)).digest('base64url')}`;
}

/** What makes two events the same: `eventIdOrContent` also takes those that differ in their id only. */
export type RepeatRule = 'eventId' | 'eventIdOrContent';

/**
 * The keys of an event, each of which says that it is a repeat if it is known: its `dedupeKey`, and
 * by the rule `eventIdOrContent` also one for what it says.
 */
export function repeatKeys(event: RawEvent, rule: RepeatRule): string[] {
	const key = dedupeKey(event);
	const content = rule === 'eventIdOrContent' ? contentKey(event) : undefined;
	return content === undefined ? [key] : [key, content];
}

/** What no two events of one mail have in common, if they happened in different seconds. */
const CONTENT_FIELDS = ['event', 'email', 'sg_message_id', 'timestamp', 'url', 'reason'];

/** Events without an address are about the account: too little would tell them apart. */
function contentKey(event: RawEvent): string | undefined {
	if (textOf(event, 'email') === undefined) return undefined;
	const content = JSON.stringify(CONTENT_FIELDS.map((field) => textOf(event, field) ?? null));
	return `content:${createHash('sha256').update(content).digest('base64url')}`;
}

function canonicalJson(value: unknown, depth: number): string {
	if (typeof value !== 'object' || value === null) return JSON.stringify(value);
	if (depth === 0) return JSON.stringify(TOO_DEEP);
	if (Array.isArray(value)) {
		return `[${value.map((inner) => canonicalJson(inner, depth - 1)).join(',')}]`;
	}
	const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${fields.map(([field, inner]) => `${JSON.stringify(field)}:${canonicalJson(inner, depth - 1)}`).join(',')}}`;
}
