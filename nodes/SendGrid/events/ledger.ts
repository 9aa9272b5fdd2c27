/** What a ledger knows of a key when it is claimed. */
export type KeyState = 'new' | 'inFlight' | 'done';

export interface LedgerLimits {
	/** How many settled keys are remembered at most. */
	maxKeys: number;
	/** How long a settled key is remembered at most, in milliseconds. */
	maxAgeMs: number;
	/** How long a key may stay in flight before it counts as new again, in milliseconds. */
	maxInFlightMs: number;
}

export const DEFAULT_LEDGER_LIMITS: LedgerLimits = {
	maxKeys: 200_000,
	maxAgeMs: 72 * 60 * 60 * 1000,
	maxInFlightMs: 60 * 60 * 1000,
};

/**
 * Remembers which events were handled, so that a repeated one starts nothing.
 *
 * A key is claimed before its event is handed on, then settled when SendGrid was told that all is
 * well, or released when it was told to send again. Settled keys live in two generations: the
 * younger one fills up, and when it is full or old it becomes the elder one, whose keys are
 * forgotten all at once. So a key costs the same however many there are, settled keys are never
 * scanned and nothing needs a timer. A key is remembered for between half and all of each limit.
 *
 * The clock is passed in, in milliseconds.
 */
export class Ledger {
	/** Until when a key is in flight. */
	private readonly inFlight = new Map<string, number>();
	private younger = new Set<string>();
	private elder = new Set<string>();
	private youngerSince: number | undefined;
	private lastSweepAt = -Infinity;

	constructor(private readonly limits: LedgerLimits = DEFAULT_LEDGER_LIMITS) {}

	/**
	 * Claims `key` if it is new: it is then in flight until it is settled or released.
	 *
	 * @param maxInFlightMs for how long at most; left out, as long as for all keys
	 */
	claim(key: string, now: number, maxInFlightMs = this.limits.maxInFlightMs): KeyState {
		this.forgetOld(now);
		this.forgetUnanswered(now);
		const inFlightUntil = this.inFlight.get(key);
		if (inFlightUntil !== undefined && now < inFlightUntil) return 'inFlight';
		if (this.younger.has(key) || this.elder.has(key)) return 'done';
		this.inFlight.set(key, now + maxInFlightMs);
		return 'new';
	}

	/** The events were handled: their keys are remembered. */
	settle(keys: Iterable<string>, now: number): void {
		for (const key of keys) {
			this.inFlight.delete(key);
			this.forgetOld(now);
			this.youngerSince ??= now;
			this.younger.add(key);
		}
	}

	/** The events were not handled: their keys are new again. */
	release(keys: Iterable<string>): void {
		for (const key of keys) this.inFlight.delete(key);
	}

	/** How many keys are held right now, in flight or settled. */
	get size(): number {
		return this.inFlight.size + this.younger.size + this.elder.size;
	}

	private forgetOld(now: number): void {
		if (this.youngerSince === undefined) return;
		const age = now - this.youngerSince;
		const span = this.limits.maxAgeMs / 2;
		if (this.younger.size < this.limits.maxKeys / 2 && age < span) return;
		this.elder = age < 2 * span ? this.younger : new Set();
		this.younger = new Set();
		// A change that was due by age counts from when it was due, not from when a post came along:
		// the elder keys would outlive their limit otherwise.
		this.youngerSince = age < span ? now : now - (age % span);
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
