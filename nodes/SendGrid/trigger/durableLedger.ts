/**
 * n8n's deduplication helpers, bound to one trigger node: a database row with a list of values. They
 * go on working after the execution that brought them has ended.
 */
export interface DurableStore {
	/**
	 * Adds the values that are not in the row yet and resolves to those that were. Of more than
	 * `maxEntries` values the row forgets the oldest.
	 */
	checkAndRecord(values: string[], maxEntries: number): Promise<string[]>;
	remove(values: string[]): Promise<void>;
	/** How many values the row holds. */
	count(): Promise<number>;
}

/** A call that waits for its turn at the row: what it adds, and who wants to know what was there. */
interface Waiting {
	values: string[];
	isLook: boolean;
	resolve(recordedBefore: ReadonlySet<string>): void;
}

/** How many values the row holds; n8n reads and writes it as a whole. */
const MAX_VALUES = 20_000;

/** How many values a process of queue mode knows to have recorded itself. */
const MAX_OWN_VALUES = 20_000;

/** How many of these each write repeats, in case another process has overwritten them. */
const REPEATED_VALUES = 1000;

/** How many more values the row may hold for the traces of looks. */
const MAX_ROOM = 20_000;

/** How many keys are known to have been looked for in vain. */
const MAX_OPEN_KEYS = 20_000;

/**
 * The part of a trigger's memory that survives a restart and that workers share: n8n's database.
 *
 * n8n's helper reads the row and writes it back whole, without a lock, so two calls at once lose
 * each other's keys. Here the calls of one node run one after another, and those that wait travel
 * together, whether they look or record: under load one write serves many posts.
 *
 * The helper cannot look without recording. So the look for a key leaves two values behind: the one
 * that says "settled", and one that says "that was only a look". Together they mean "not settled, and
 * ask for the next pair of values", in which the key is then settled, or looked for once more. What a
 * look has left is not removed: n8n's helper compares it with the whole row, value by value.
 *
 * In queue mode several workers write the row. There each keeps in mind what it has recorded itself,
 * and repeats the latest of it with every write: what another worker's write has undone comes back.
 *
 * Whatever goes wrong here, events pass: losing one is worse than repeating one.
 */
export class DurableLedger {
	private store: DurableStore | undefined;
	private isShared = false;
	/** What this process has recorded, oldest first; empty unless the row is shared. */
	private readonly own = new Set<string>();
	/** How many looks have left traces for a key that was not settled since, oldest first. */
	private readonly looks = new Map<string, number>();
	private room = 0;
	/** Whether the row held anything before this process wrote to it. */
	private hasPast = true;
	private addedCount = 0;
	private waiting: Waiting[] = [];
	private lastTask: Promise<void> = Promise.resolve();
	private isReady: Promise<void> | undefined;

	/** @param maxValues how many values the row holds, without the traces of looks */
	constructor(
		private readonly onError: (error: Error) => void,
		private readonly maxValues = MAX_VALUES,
	) {}

	/**
	 * Gives the ledger its database. n8n has it for executions only, so each one brings it along.
	 *
	 * @param isShared whether other processes write the same row
	 */
	connect(store: DurableStore, isShared = false): void {
		this.store = store;
		this.isShared = isShared;
		this.isReady ??= this.inTurn(async () => {
			this.hasPast = (await store.count()) > 0;
		});
	}

	/** False in a process that runs no executions: a webhook process of queue mode. */
	get isConnected(): boolean {
		return this.store !== undefined;
	}

	/** Remembers `keys` and resolves to those that were remembered before. */
	async record(keys: string[]): Promise<ReadonlySet<string>> {
		return await this.write(keys, false);
	}

	/**
	 * Remembers that the events of `keys` were processed to the end. Whoever cannot rule out that an
	 * earlier process looked for a key has to look for it as well before settling it.
	 */
	async settle(keys: string[]): Promise<void> {
		await this.record(keys.map((key) => settledValue(key, this.looks.get(key) ?? 0)));
		for (const key of keys) this.looks.delete(key);
	}

	/** Resolves to those of `keys` that were settled, without settling the others. */
	async findSettled(keys: string[]): Promise<ReadonlySet<string>> {
		const found = new Set<string>();
		await this.isReady;
		if (!this.mayHoldOthers) return found;
		// Looked for in vain and not settled since: nobody but this process could have.
		let open = this.isShared ? keys : keys.filter((key) => !this.looks.has(key));
		for (let look = 0; open.length > 0; look++) {
			open = await this.look(open, look, found);
		}
		// The look has put them in doubt.
		await this.settle([...found]);
		return found;
	}

	/** Whether the row may hold what another process has written, now or earlier. */
	private get mayHoldOthers(): boolean {
		const isPushedOut = this.addedCount >= this.maxValues + MAX_ROOM;
		return this.isShared || (this.hasPast && !isPushedOut);
	}

	/**
	 * Adds to `found` the keys that were settled after as many looks in vain.
	 *
	 * @returns the keys for which there was another look in vain
	 */
	private async look(keys: string[], look: number, found: Set<string>): Promise<string[]> {
		// The row forgets its oldest values first: a key must not outlive its marker.
		const values = keys.flatMap((key) => [settledValue(key, look), lookMarker(key, look)]);
		for (const key of keys) this.noteLook(key, look + 1);
		const recorded = await this.write(values, true);
		const open: string[] = [];
		const outliving: string[] = [];
		for (const key of keys) {
			const isRecorded = recorded.has(settledValue(key, look));
			if (recorded.has(lookMarker(key, look))) {
				open.push(key);
				if (!isRecorded) outliving.push(settledValue(key, look));
			} else if (isRecorded) {
				found.add(key);
			}
		}
		// The row had forgotten the key and not yet its marker: now the key is the younger one.
		if (outliving.length > 0) await this.inTurn(async (store) => await store.remove(outliving));
		return open;
	}

	private noteLook(key: string, looks: number): void {
		this.looks.delete(key);
		this.looks.set(key, looks);
		forgetOldest(this.looks, MAX_OPEN_KEYS);
	}

	/**
	 * Adds values to the row, together with those of others that wait, and resolves to those that
	 * were there before.
	 */
	private async write(values: string[], isLook: boolean): Promise<ReadonlySet<string>> {
		if (values.length === 0 || this.store === undefined) return new Set();
		// Looks must not push out what is remembered; as that fills up, their traces may go.
		const room = this.room + (isLook ? values.length : -values.length);
		this.room = Math.min(Math.max(room, 0), MAX_ROOM);
		return await new Promise((resolve) => {
			this.waiting.push({ values, isLook, resolve });
			if (this.waiting.length === 1) void this.inTurn(async (store) => await this.flush(store));
		});
	}

	/** Writes what has come together since the last write, and tells each caller about its values. */
	private async flush(store: DurableStore): Promise<void> {
		const batch = this.waiting;
		this.waiting = [];
		const added = new Set(batch.flatMap(({ values }) => values));
		const values = [...new Set([...this.latestOwn(), ...added])];
		const known = new Set([...added].filter((value) => this.own.has(value)));
		let knownToLooks = known;
		const maxEntries = this.maxValues + this.room;
		try {
			const recorded = await store.checkAndRecord(values, maxEntries);
			for (const value of recorded) known.add(value);
			this.addedCount += values.length - recorded.length;
		} catch (error) {
			// The keys are to be remembered all the same. That they are in the row by now proves nothing,
			// though: the call that failed may have written them before it did. For a look it does, since
			// its markers would be there as well.
			const found = await store.checkAndRecord(values, maxEntries).catch(() => undefined);
			knownToLooks = new Set([...known, ...(found ?? [])]);
			if (found === undefined || batch.some(({ isLook }) => !isLook)) this.onError(error as Error);
		}
		if (this.isShared) this.keepInMind(added);
		for (const { values: mine, isLook, resolve } of batch) {
			const before = isLook ? knownToLooks : known;
			resolve(new Set(mine.filter((value) => before.has(value))));
			// What one caller brought is a repeat for those behind it.
			for (const value of mine) {
				known.add(value);
				knownToLooks.add(value);
			}
		}
	}

	private latestOwn(): string[] {
		return [...this.own].slice(-REPEATED_VALUES);
	}

	private keepInMind(values: Iterable<string>): void {
		for (const value of values) this.own.add(value);
		forgetOldest(this.own, MAX_OWN_VALUES);
	}

	private async inTurn(task: (store: DurableStore) => Promise<void>): Promise<void> {
		const { lastTask } = this;
		this.lastTask = (async () => {
			await lastTask;
			try {
				if (this.store !== undefined) await task(this.store);
			} catch (error) {
				this.onError(error as Error);
			}
		})();
		await this.lastTask;
	}
}

function forgetOldest(memory: Set<string> | Map<string, unknown>, limit: number): void {
	for (const oldest of memory.keys()) {
		if (memory.size <= limit) return;
		memory.delete(oldest);
	}
}

/**
 * Settled keys are kept apart from recorded ones. A look leaves a key behind: should the trigger then
 * be switched to acknowledge on receipt, it must not pass for a recorded one.
 *
 * @param looks how many looks in vain there were for the key
 */
function settledValue(key: string, looks: number): string {
	return looks === 0 ? `settled:${key}` : `settled after ${looks}:${key}`;
}

function lookMarker(key: string, looks: number): string {
	return `looking:${settledValue(key, looks)}`;
}
