import { HashSet } from './hashSet';
import { KeyHash } from './keyHash';

/** What a ledger knows of a key when it is claimed. */
export type KeyState = 'new' | 'inFlight' | 'done';

export interface LedgerLimits {
	/** How many of the latest settled keys are remembered at least. */
	maxKeys: number;
	/** How long a settled key is remembered at least, in milliseconds, if there are not more. */
	maxAgeMs: number;
	/** How long a key may stay in flight before it counts as new again, in milliseconds. */
	maxInFlightMs: number;
}

export const DEFAULT_LEDGER_LIMITS: LedgerLimits = {
	maxKeys: 1_000_000,
	maxAgeMs: 72 * 60 * 60 * 1000,
	maxInFlightMs: 60 * 60 * 1000,
};

export interface ClaimOptions {
	/** When SendGrid signed the post of the event, in milliseconds; left out, now. */
	signedAt?: number;
	/** How long the key is in flight at most, in milliseconds; left out, as long as all keys. */
	maxInFlightMs?: number;
}

/** Keys that are forgotten together. */
interface Generation {
	keys: HashSet;
	/** When it began, in milliseconds; `undefined` as long as it is empty. */
	since?: number;
	/** When the youngest post of these keys, or an older one, was signed, in milliseconds. */
	signedUntil: number;
}

/**
 * Remembers which events were handled, so that a repeated one starts nothing.
 *
 * A key is claimed before its event is handed on, then settled when SendGrid was told that all is
 * well, or released when it was told to send again. Settled keys live in two generations: the
 * younger one fills up, and when it is full or old it becomes the elder one, whose keys are
 * forgotten all at once. So a key costs the same however many there are, settled keys are never
 * scanned and nothing needs a timer. A key is remembered for between one and two times each limit,
 * and until the first of them is reached.
 *
 * Of a settled key only a hash of 64 bits is kept. With all there is room for, the chance that a new
 * event is taken for a known one is 1 to 10,000,000,000,000.
 *
 * The clock is passed in, in milliseconds.
 */
export class Ledger {
	/** Until when a key is in flight. */
	private readonly inFlight = new Map<string, number>();
	private readonly hash = new KeyHash();
	private younger: Generation;
	private elder: Generation;
	private lastSweepAt = -Infinity;
	/** When the youngest post of all that was claimed so far was signed. */
	private signedUntil = -Infinity;
	private forgottenSignedUntil = -Infinity;

	constructor(private readonly limits: LedgerLimits = DEFAULT_LEDGER_LIMITS) {
		this.younger = this.newGeneration();
		this.elder = this.newGeneration();
	}

	/**
	 * Claims `key` if it is new: it is then in flight until it is settled or released.
	 */
	claim(
		key: string,
		now: number,
		{ signedAt = now, maxInFlightMs = this.limits.maxInFlightMs }: ClaimOptions = {},
	): KeyState {
		this.forgetOld(now);
		this.forgetUnanswered(now);
		const inFlightUntil = this.inFlight.get(key);
		if (inFlightUntil !== undefined && now < inFlightUntil) return 'inFlight';
		if (this.isSettled(key)) return 'done';
		this.inFlight.set(key, now + maxInFlightMs);
		this.signedUntil = Math.max(this.signedUntil, signedAt);
		return 'new';
	}

	/** The events were handled: their keys are remembered. */
	settle(keys: Iterable<string>, now: number): void {
		for (const key of keys) {
			this.inFlight.delete(key);
			this.forgetOld(now);
			this.younger.since ??= now;
			this.hash.take(key);
			this.younger.keys.add(this.hash.low, this.hash.high);
		}
	}

	/** The events were not handled: their keys are new again. */
	release(keys: Iterable<string>): void {
		for (const key of keys) this.inFlight.delete(key);
	}

	/**
	 * Up to when a post must have been signed for its keys to be forgotten by now, if they were known:
	 * whether such a post is a repeat cannot be told. In milliseconds, `-Infinity` if nothing was
	 * forgotten yet.
	 */
	forgottenUntil(now: number): number {
		this.forgetOld(now);
		return this.forgottenSignedUntil;
	}

	/** How many keys are held right now, in flight or settled. */
	get size(): number {
		return this.inFlight.size + this.younger.keys.size + this.elder.keys.size;
	}

	private isSettled(key: string): boolean {
		this.hash.take(key);
		const { low, high } = this.hash;
		return this.younger.keys.has(low, high) || this.elder.keys.has(low, high);
	}

	private forgetOld(now: number): void {
		const { since, keys } = this.younger;
		if (since === undefined) return;
		const { maxKeys, maxAgeMs } = this.limits;
		const age = now - since;
		if (keys.size < maxKeys && age < maxAgeMs) return;

		this.younger.signedUntil = this.signedUntil;
		this.forget(this.elder);
		this.elder = this.younger;
		if (age >= 2 * maxAgeMs) {
			this.forget(this.elder);
			this.elder = this.newGeneration();
		}
		this.younger = this.newGeneration();
		// A change that was due by age counts from when it was due, not from when a post came along:
		// the elder keys would outlive their limit otherwise.
		this.younger.since = age < maxAgeMs ? now : now - (age % maxAgeMs);
	}

	private forget({ keys, signedUntil }: Generation): void {
		if (keys.size > 0) this.forgottenSignedUntil = signedUntil;
	}

	private newGeneration(): Generation {
		return { keys: new HashSet(this.limits.maxKeys), signedUntil: -Infinity };
	}

	/** Whoever neither settles nor releases would hold memory for good; this sweeps once per limit. */
	private forgetUnanswered(now: number): void {
		const { maxInFlightMs } = this.limits;
		if (now - this.lastSweepAt < maxInFlightMs) return;
		this.lastSweepAt = now;
		for (const [key, inFlightUntil] of this.inFlight) {
			if (now >= inFlightUntil) this.inFlight.delete(key);
		}
	}
}
