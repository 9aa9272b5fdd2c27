import type { KeyState, LedgerLimits } from '../../../../nodes/SendGrid/events/ledger';

/**
 * A ledger that never forgets and looks everything up by scanning: slow, and plain enough to be
 * right. Where the real one may or may not have forgotten a key already, it allows both answers.
 */
export class ReferenceLedger {
	private readonly claimedAt = new Map<string, number>();
	/** Every key that was settled, each time it was, in order. */
	private readonly settled: Array<{ key: string; at: number }> = [];
	/** Every claim that was granted, and how many keys had been settled by then. */
	private readonly claims: Array<{ at: number; signedAt: number; settledBefore: number }> = [];

	constructor(private readonly limits: LedgerLimits) {}

	/** What a claim of `key` may answer now. */
	allowedStates(key: string, now: number): KeyState[] {
		const claimedAt = this.claimedAt.get(key);
		if (claimedAt !== undefined && now - claimedAt < this.limits.maxInFlightMs) return ['inFlight'];

		const last = this.settled.findLastIndex((entry) => entry.key === key);
		if (last < 0) return ['new'];
		const age = now - this.settled[last]!.at;
		const settledSince = this.distinctSince(last + 1);
		const { maxAgeMs, maxKeys } = this.limits;
		if (age >= 2 * maxAgeMs || settledSince >= 2 * maxKeys) return ['new'];
		return age < maxAgeMs && settledSince < maxKeys ? ['done'] : ['new', 'done'];
	}

	/** Posts signed after this must not be refused: all that was claimed since is remembered. */
	latestForgotten(now: number): number {
		const { maxAgeMs, maxKeys } = this.limits;
		const mayBeForgotten = this.claims.filter(
			({ at, settledBefore }) =>
				now - at >= maxAgeMs || this.distinctSince(settledBefore) >= maxKeys,
		);
		return Math.max(-Infinity, ...mayBeForgotten.map(({ signedAt }) => signedAt));
	}

	get inFlightCount(): number {
		return this.claimedAt.size;
	}

	/** To be told when the claim was granted. */
	claimed(key: string, now: number, signedAt: number): void {
		this.claimedAt.set(key, now);
		this.claims.push({ at: now, signedAt, settledBefore: this.settled.length });
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

	private distinctSince(index: number): number {
		return new Set(this.settled.slice(index).map(({ key }) => key)).size;
	}
}
