import type { KeyState, LedgerLimits } from '../../../../nodes/SendGrid/events/ledger';

/**
 * A ledger that never forgets and looks everything up by scanning: slow, and plain enough to be
 * right. Where the real one may or may not have forgotten a key already, it allows both answers.
 */
export class ReferenceLedger {
	private readonly claimedAt = new Map<string, number>();
	/** Every key that was settled, each time it was, in order. */
	private readonly settled: Array<{ key: string; at: number }> = [];

	constructor(private readonly limits: LedgerLimits) {}

	/** What a claim of `key` may answer now. */
	allowedStates(key: string, now: number): KeyState[] {
		const claimedAt = this.claimedAt.get(key);
		if (claimedAt !== undefined && now - claimedAt < this.limits.maxInFlightMs) return ['inFlight'];

		const last = this.settled.findLastIndex((entry) => entry.key === key);
		if (last < 0) return ['new'];
		const age = now - this.settled[last]!.at;
		const settledSince = new Set(this.settled.slice(last + 1).map((entry) => entry.key)).size;
		const { maxAgeMs, maxKeys } = this.limits;
		if (age >= maxAgeMs || settledSince >= maxKeys) return ['new'];
		if (age < maxAgeMs / 2 && settledSince < maxKeys / 2) return ['done'];
		return ['new', 'done'];
	}

	get inFlightCount(): number {
		return this.claimedAt.size;
	}

	/** To be told when the claim was granted. */
	claimed(key: string, now: number): void {
		this.claimedAt.set(key, now);
	}

	settle(keys: string[], now: number): void {
		for (const key of keys) {
			this.claimedAt.delete(key);
			this.settled.push({ key, at: now });
		}
	}

	release(keys: string[]): void {
		for (const key of keys) this.claimedAt.delete(key);
	}
}
