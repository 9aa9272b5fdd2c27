import type { DurableStore } from '../../nodes/SendGrid/trigger/durableLedger';

/** Between the steps of a call other calls get their turn, or the process is killed. */
export type Step = 'read' | 'write' | 'answer';

export interface DedupeRowOptions {
	/** How many values those who write it let it hold. */
	maxValues?: number;
	/** Resolves when a step may be taken; at once by default, which is one turn of the event loop. */
	turn?: (step: Step) => Promise<unknown>;
}

/**
 * What n8n's deduplication helpers do to the database row of one node, as far as it matters: they
 * read the row, change the copy and write it back whole, without a lock. The first call inserts the
 * row and fails if somebody else did so since it looked.
 */
export class DedupeRow {
	private values: string[] | undefined;
	readonly maxValues: number | undefined;
	readonly turn: (step: Step) => Promise<unknown>;

	constructor({ maxValues, turn = async () => {} }: DedupeRowOptions = {}) {
		this.maxValues = maxValues;
		this.turn = turn;
	}

	get contents(): readonly string[] {
		return this.values ?? [];
	}

	/** A process with access to the row. */
	connect(): DedupeConnection {
		return new DedupeConnection(this);
	}

	read(): string[] | undefined {
		return this.values === undefined ? undefined : [...this.values];
	}

	insert(values: string[]): void {
		if (this.values !== undefined) throw new Error('UNIQUE constraint failed: processed_data');
		this.values = values;
	}

	update(values: string[]): void {
		this.values = values;
	}
}

/** One process's helpers for the row; it can be told to fail, and killed. */
export class DedupeConnection implements DurableStore {
	/** What each call was asked for, in the order in which they began. */
	readonly calls: string[][] = [];
	/** How many calls were under way at the same time, at most. */
	mostAtOnce = 0;
	private underWay = 0;
	private isKilled = false;
	private failures: Step[] = [];

	constructor(private readonly row: DedupeRow) {}

	/** From now on nothing that this process does has an effect, and nothing it waits for comes. */
	kill(): void {
		this.isKilled = true;
	}

	/** The next calls fail at these steps, one each: failing to `answer`, it has written before. */
	failNext(...steps: Step[]): void {
		this.failures = steps;
	}

	async checkAndRecord(values: string[], maxEntries = Infinity): Promise<string[]> {
		return await this.call(values, (row) => {
			if (row === undefined) {
				this.row.insert(values.slice(-maxEntries));
				return [];
			}
			const known = new Set(row);
			const added = [...row, ...values.filter((value) => !known.has(value))];
			this.row.update(added.slice(-maxEntries));
			return values.filter((value) => known.has(value));
		});
	}

	async remove(values: string[]): Promise<void> {
		await this.call(values, (row) => {
			if (row === undefined) return;
			for (const value of values) {
				const index = row.indexOf(value);
				if (index >= 0) row.splice(index, 1);
			}
			this.row.update(row);
		});
	}

	async count(): Promise<number> {
		return this.row.contents.length;
	}

	private async call<T>(values: string[], write: (row: string[] | undefined) => T): Promise<T> {
		this.calls.push(values);
		this.underWay++;
		this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
		const failure = this.failures.shift();
		try {
			await this.step('read', failure);
			const row = this.row.read();
			await this.step('write', failure);
			const result = write(row);
			await this.step('answer', failure);
			return result;
		} finally {
			this.underWay--;
		}
	}

	private async step(step: Step, failure: Step | undefined): Promise<void> {
		await this.row.turn(step);
		if (this.isKilled) await new Promise(() => {});
		if (step === failure) throw new Error(`database not available (${step})`);
	}
}
