/**
 * n8n's deduplication helpers, bound to one trigger node: a database row with a list of values. They
 * go on working after the execution that brought them has ended.
 */
export interface DurableStore {
	/**
	 * Adds the values that are not in the row yet and resolves to those that were. When the row is
	 * full it forgets its oldest values, except for `room` more than it usually holds.
	 */
	checkAndRecord(values: string[], room?: number): Promise<string[]>;
	remove(values: string[]): Promise<void>;
}

interface Waiting {
	keys: string[];
	resolve(alreadyRecorded: ReadonlySet<string>): void;
}

/** How many values a process of queue mode knows to have recorded itself. */
const MAX_OWN_VALUES = 20_000;

/** How many of these each write repeats, in case another process has overwritten them. */
const REPEATED_VALUES = 1000;

/**
 * The part of a trigger's memory that survives a restart and that workers share: n8n's database.
 *
 * n8n's helper reads the row and writes it back whole, without a lock, so two calls at once lose
 * each other's keys. Here the calls of one node run one after another, and those that wait travel
 * together: under load one write serves many posts.
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
	private waiting: Waiting[] = [];
	private lastTask: Promise<void> = Promise.resolve();

	constructor(private readonly onError: (error: Error) => void) {}

	/**
	 * Gives the ledger its database. n8n has it for executions only, so each one brings it along.
	 *
	 * @param isShared whether other processes write the same row
	 */
	connect(store: DurableStore, isShared = false): void {
		this.store = store;
		this.isShared = isShared;
	}

	/** False in a process that runs no executions: a webhook process of queue mode. */
	get isConnected(): boolean {
		return this.store !== undefined;
	}

	/** Remembers `keys` and resolves to those that were remembered before. */
	async record(keys: string[]): Promise<ReadonlySet<string>> {
		if (keys.length === 0 || this.store === undefined) return new Set();
		return await new Promise((resolve) => {
			this.waiting.push({ keys, resolve });
			if (this.waiting.length === 1) void this.inTurn(async (store) => await this.flush(store));
		});
	}

	/**
	 * Resolves to those of `keys` that are remembered, without remembering the others.
	 *
	 * n8n's helper cannot look without recording. So each key is recorded together with a marker
	 * that says "only looking", and both are removed again in one write. Should n8n be killed in
	 * between, the marker is still there at the next look and says that the key proves nothing. (Only
	 * a second kill, in the look at a key that a full row forgot alone, could part the two.)
	 */
	async find(keys: string[]): Promise<ReadonlySet<string>> {
		const found = new Set<string>();
		if (keys.length === 0) return found;
		await this.inTurn(async (store) => {
			// The row forgets its oldest values first: a key must not outlive its marker.
			const pairs = keys.flatMap((key) => [key, lookingMarker(key)]);
			const values = [...this.latestOwn(), ...pairs];
			const recorded = new Set(await twice(() => store.checkAndRecord(values, pairs.length)));
			for (const key of keys) {
				const isRecorded = recorded.has(key) && !recorded.has(lookingMarker(key));
				if (isRecorded || this.own.has(key)) found.add(key);
			}
			await store.remove(pairs.filter((value) => !found.has(value)));
		});
		return found;
	}

	/** Remembers that the events of `keys` were processed to the end. */
	async settle(keys: string[]): Promise<void> {
		await this.record(keys.map(settledValue));
	}

	/** Resolves to those of `keys` that were settled. */
	async findSettled(keys: string[]): Promise<ReadonlySet<string>> {
		const found = await this.find(keys.map(settledValue));
		return new Set(keys.filter((key) => found.has(settledValue(key))));
	}

	/** Writes what has come together since the last write, and tells each caller about its keys. */
	private async flush(store: DurableStore): Promise<void> {
		const batch = this.waiting;
		this.waiting = [];
		const added = new Set(batch.flatMap(({ keys }) => keys));
		const values = [...new Set([...this.latestOwn(), ...added])];
		const known = new Set([...added].filter((key) => this.own.has(key)));
		try {
			for (const value of await store.checkAndRecord(values)) known.add(value);
		} catch (error) {
			this.onError(error as Error);
			// The keys are to be remembered all the same. That they are in the row by now proves nothing,
			// though: the call that failed may have written them before it did.
			await store.checkAndRecord(values).catch(() => []);
		}
		if (this.isShared) this.keepInMind(added);
		for (const { keys, resolve } of batch) {
			resolve(new Set(keys.filter((key) => known.has(key))));
			// What one caller brought is a repeat for those behind it.
			for (const key of keys) known.add(key);
		}
	}

	private latestOwn(): string[] {
		return [...this.own].slice(-REPEATED_VALUES);
	}

	private keepInMind(values: Iterable<string>): void {
		for (const value of values) this.own.add(value);
		for (const oldest of this.own) {
			if (this.own.size <= MAX_OWN_VALUES) break;
			this.own.delete(oldest);
		}
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

/** The first write makes the row, and fails if another process makes it at the same moment. */
async function twice<T>(attempt: () => Promise<T>): Promise<T> {
	try {
		return await attempt();
	} catch {
		return await attempt();
	}
}

/**
 * Settled keys are kept apart from recorded ones. A look that was killed leaves a key behind: should
 * the trigger then be switched to acknowledge on receipt, it must not pass for a recorded one.
 */
function settledValue(key: string): string {
	return `settled:${key}`;
}

function lookingMarker(key: string): string {
	return `looking:${key}`;
}
