import { dedupeKey } from './dedupeKey';
import type { ClaimOptions, KeyState, Ledger } from './ledger';
import { parsePost, type MalformedReason } from './parse';
import type { RawEvent } from './rawEvent';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER, verifySignature } from './signature';
import { carriesTicket } from './waitArg';

/** A post to the webhook, as it arrived. */
export interface Post {
	/** With lower-case names, as Node.js has them. */
	headers: Readonly<Record<string, string | string[] | undefined>>;
	/** The exact bytes of the body. */
	rawBody: Buffer;
	/** What the server has parsed from these bytes, as UTF-8 JSON, if it does that by itself. */
	body?: unknown;
}

export interface ReceiveOptions {
	/** Verification keys; with none, everything is refused. */
	publicKeys: string[];
	/** How old the signed timestamp may be, in seconds. */
	maxAgeSeconds: number;
	/** Tells whether the trigger wants an event. */
	wants: (event: RawEvent) => boolean;
	/** The keys of an event: with one of them known, it is a repeat. By default its `dedupeKey`. */
	keysOf?: (event: RawEvent) => string[];
	/** Where keys are claimed; left out while testing, where a repeated post is wanted. */
	ledger?: Ledger;
	/** How long the workflow may run, in milliseconds; left out, the ledger's own limit holds. */
	maxInFlightMs?: number;
	/** Milliseconds since 1970. */
	now: number;
}

/** Why a post was refused; goes to the log, so that the remedy can be named there. */
export type RefusalReason =
	| 'missingHeaders'
	| 'invalidTimestamp'
	| 'noVerificationKey'
	| 'signatureMismatch'
	| 'stale'
	| 'olderThanMemory'
	| 'fromTheFuture'
	| 'notAJsonArray'
	| 'inFlight';

/** How many entries of a post went which way. */
export interface PostCounts {
	accepted: number;
	duplicates: number;
	filteredOut: number;
	malformed: Partial<Record<MalformedReason, number>>;
}

export type Outcome =
	| { kind: 'refused'; statusCode: 400 | 401 | 503; reason: RefusalReason }
	| { kind: 'nothingNew'; ticketed?: RawEvent[]; counts: PostCounts }
	| {
			kind: 'accepted';
			events: RawEvent[];
			/** What was claimed in the ledger, to be settled or released: all keys of all events. */
			keys: string[];
			/** The body holds these events and nothing else, so it may be handed on as it is. */
			isWholeBody: boolean;
			/** The events of mails whose workflows wait; absent if there are none. */
			ticketed?: RawEvent[];
			counts: PostCounts;
	  };

/** How far ahead of ours SendGrid's clock may be, in seconds. */
export const MAX_CLOCK_SKEW_SECONDS = 5 * 60;

/**
 * Decides what to do with a post: verify, check its age, parse, filter, drop duplicates. Nothing is
 * parsed before the signature holds, and nothing is remembered of a post that was refused.
 */
export function receivePost(post: Post, options: ReceiveOptions): Outcome {
	const refusal = verifyPost(post, options);
	if (refusal !== undefined) return { kind: 'refused', statusCode: 401, reason: refusal };

	const parsed = parsePost(post.rawBody, post.body);
	if (parsed === undefined) return { kind: 'refused', statusCode: 400, reason: 'notAJsonArray' };

	const wanted = parsed.events.filter(options.wants);
	const { maxInFlightMs } = options;
	const claim = { signedAt: signedAt(post.headers), maxInFlightMs };
	const claimed = claimNew(wanted, claim, options);
	if (claimed === undefined) return { kind: 'refused', statusCode: 503, reason: 'inFlight' };

	const { events, keys } = claimed;
	const counts: PostCounts = {
		accepted: events.length,
		duplicates: wanted.length - events.length,
		filteredOut: parsed.events.length - wanted.length,
		malformed: parsed.malformed,
	};
	// Also those that the trigger does not want: its filters say what starts its own workflow.
	const ticketed = parsed.events.some(carriesTicket)
		? parsed.events.filter(carriesTicket)
		: undefined;
	if (events.length === 0) return { kind: 'nothingNew', ticketed, counts };
	const isWholeBody = parsed.isIntact && events.length === parsed.events.length;
	return { kind: 'accepted', events, keys, isWholeBody, ticketed, counts };
}

function verifyPost(
	{ headers, rawBody }: Post,
	{ publicKeys, maxAgeSeconds, ledger, now }: ReceiveOptions,
): RefusalReason | undefined {
	const signature = headers[SIGNATURE_HEADER];
	const timestamp = headers[TIMESTAMP_HEADER];
	if (typeof signature !== 'string' || typeof timestamp !== 'string') return 'missingHeaders';
	if (signature === '' || timestamp === '') return 'missingHeaders';
	if (!/^\d{1,12}$/.test(timestamp)) return 'invalidTimestamp';
	if (publicKeys.length === 0) return 'noVerificationKey';
	if (!verifySignature(rawBody, signature, timestamp, publicKeys)) return 'signatureMismatch';

	const ageSeconds = now / 1000 - Number(timestamp);
	// Asked this way round, a limit that is no number refuses everything instead of nothing.
	if (!(ageSeconds <= maxAgeSeconds)) return 'stale';
	if (ageSeconds < -MAX_CLOCK_SKEW_SECONDS) return 'fromTheFuture';
	// It may be one that was handled and forgotten since: a captured post must not run again.
	const forgottenUntil = ledger?.forgottenUntil(now) ?? -Infinity;
	return signedAt(headers) <= forgottenUntil ? 'olderThanMemory' : undefined;
}

/** In milliseconds; only of a post whose timestamp header was found to be in order. */
function signedAt(headers: Post['headers']): number {
	return Number(headers[TIMESTAMP_HEADER]) * 1000;
}

/**
 * Claims the events nobody has seen. If one of them is being handled right now, whether it will
 * end well is not known yet: nothing of the post is claimed then, and SendGrid sends it again.
 */
function claimNew(
	wanted: RawEvent[],
	claim: ClaimOptions,
	{ keysOf = (event) => [dedupeKey(event)], ledger, now }: ReceiveOptions,
): { events: RawEvent[]; keys: string[] } | undefined {
	const events: RawEvent[] = [];
	const keys = new Set<string>();
	for (const event of wanted) {
		const own = keysOf(event);
		if (own.some((key) => keys.has(key))) continue;
		const state = ledger === undefined ? 'new' : claimAll(ledger, own, now, claim);
		if (state === 'inFlight') {
			ledger?.release(keys);
			return undefined;
		}
		if (state === 'done') continue;
		for (const key of own) keys.add(key);
		events.push(event);
	}
	return { events, keys: [...keys] };
}

/** Claims all keys of an event, or, unless each of them is new, none. */
function claimAll(ledger: Ledger, keys: string[], now: number, claim: ClaimOptions): KeyState {
	for (let index = 0; index < keys.length; index++) {
		const state = ledger.claim(keys[index]!, now, claim);
		if (state === 'new') continue;
		ledger.release(keys.slice(0, index));
		return state;
	}
	return 'new';
}
