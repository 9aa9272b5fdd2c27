/** Time as the pace sees it; tests pass their own. */
export interface PaceClock {
	/** Unix milliseconds. */
	now(): number;
	sleep(milliseconds: number): Promise<void>;
}

/** After so many entries that went well for each one at a time, one more at a time is tried. */
const GOOD_ROUNDS = 5;

/**
 * How many entries are worked on at a time: as many as the user allows, half as many each time
 * SendGrid's rate limit is reached, and slowly more again.
 */
export class Pace {
	private limit: number;
	private done = 0;
	private pausedUntil = 0;

	constructor(
		private readonly most: number,
		private readonly clock: PaceClock,
	) {
		this.limit = most;
	}

	/** SendGrid takes no calls for so many milliseconds. */
	slowDown(milliseconds: number): void {
		const until = this.clock.now() + milliseconds;
		// Calls that were under way together meet the same limit: they count as once.
		if (this.clock.now() >= this.pausedUntil) this.limit = Math.max(1, Math.floor(this.limit / 2));
		this.pausedUntil = Math.max(this.pausedUntil, until);
		this.done = 0;
	}

	/**
	 * Works through a list, in its order. Of an asynchronous list, the next entry is made while others
	 * are worked on.
	 *
	 * @param work must not reject: what goes wrong with one entry is not the others' business
	 */
	async workThrough<T>(
		entries: Iterable<T> | AsyncIterable<T>,
		work: (entry: T) => Promise<void>,
	): Promise<void> {
		const underWay = new Set<Promise<void>>();
		for await (const entry of entries) {
			while (underWay.size >= this.limit) await Promise.race(underWay);
			const task: Promise<void> = this.begin(entry, work).finally(() => underWay.delete(task));
			underWay.add(task);
		}
		await Promise.all(underWay);
	}

	private async begin<T>(entry: T, work: (entry: T) => Promise<void>): Promise<void> {
		const pause = this.pausedUntil - this.clock.now();
		if (pause > 0) await this.clock.sleep(pause);
		await work(entry);
		if (++this.done < this.limit * GOOD_ROUNDS) return;
		this.done = 0;
		this.limit = Math.min(this.most, this.limit + 1);
	}
}
