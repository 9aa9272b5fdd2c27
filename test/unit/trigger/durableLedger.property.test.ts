import * as fc from 'fast-check';
import { DurableLedger } from '../../../nodes/SendGrid/trigger/durableLedger';
import { PROPERTY } from '../../support/property';
import { DedupeRow } from '../../support/dedupeRow';

const SETTLED_KEYS = ['a', 'b', 'c', 'd', 'e'];
/** Looked for, but never settled. */
const OTHER_KEYS = ['x', 'y'];
const ALL_KEYS = [...SETTLED_KEYS, ...OTHER_KEYS];

interface Action {
	what: 'settle' | 'find' | 'kill';
	/** Which of the processes that run side by side. */
	process: number;
	keys: string[];
	/** How many steps the calls under way get before this. */
	stepsBefore: number;
}

const actions = (processes: number, ...what: Array<Action['what']>): fc.Arbitrary<Action[]> =>
	fc.array(
		fc.record({
			what: fc.constantFrom(...what),
			process: fc.nat({ max: processes - 1 }),
			keys: fc.uniqueArray(fc.constantFrom(...ALL_KEYS), { minLength: 1 }),
			stepsBefore: fc.nat({ max: 8 }),
		}),
		{ maxLength: 15 },
	);

/**
 * A run in which fast-check decides in which order the steps of the calls under way are taken, and
 * which holds what the processes were told against what they settled.
 */
class Run {
	/** What `findSettled` reported without its having been given to `settle`. */
	readonly invented: string[] = [];
	/** What `findSettled` failed to report although `settle` had ended before it was asked. */
	readonly overlooked: string[] = [];
	private readonly settling = new Set<string>();
	private readonly settled = new Set<string>();
	private readonly processes: Array<ReturnType<Run['startProcess']>>;

	constructor(
		private readonly scheduler: fc.Scheduler,
		private readonly row: DedupeRow,
		processes: number,
	) {
		this.processes = Array.from({ length: processes }, () => this.startProcess());
	}

	async perform(list: Action[]): Promise<void> {
		for (const { what, process, keys, stepsBefore } of list) {
			await this.takeSteps(stepsBefore);
			if (what === 'settle') void this.settle(process, keys);
			else if (what === 'find') void this.find(process, keys);
			else this.kill(process);
		}
		await this.takeSteps(Infinity);
	}

	/** As the trigger does: what was settled before is not worked on again. */
	private async settle(process: number, allKeys: string[]): Promise<void> {
		await this.workOn(process, allKeys, async (ledger, keys) => {
			const settleable = keys.filter((key) => !OTHER_KEYS.includes(key));
			const found = await ledger.findSettled(settleable);
			for (const key of settleable) this.settling.add(key);
			await ledger.settle(settleable.filter((key) => !found.has(key)));
			for (const key of settleable) this.settled.add(key);
		});
	}

	private async find(process: number, allKeys: string[]): Promise<void> {
		await this.workOn(process, allKeys, async (ledger, keys) => {
			const expected = keys.filter((key) => this.settled.has(key));
			const found = await ledger.findSettled(keys);
			this.invented.push(...[...found].filter((key) => !this.settling.has(key)));
			this.overlooked.push(...expected.filter((key) => !found.has(key)));
		});
	}

	/** In one process, an event is in one execution at a time. */
	private async workOn(
		process: number,
		allKeys: string[],
		work: (ledger: DurableLedger, keys: string[]) => Promise<void>,
	): Promise<void> {
		const { ledger, inWork } = this.processes[process]!;
		const keys = allKeys.filter((key) => !inWork.has(key));
		for (const key of keys) inWork.add(key);
		await work(ledger, keys);
		for (const key of keys) inWork.delete(key);
	}

	private kill(process: number): void {
		this.processes[process]!.connection.kill();
		this.processes[process] = this.startProcess();
	}

	private startProcess() {
		const ledger = new DurableLedger(() => {}, this.row.maxValues);
		const connection = this.row.connect();
		ledger.connect(connection);
		return { ledger, connection, inWork: new Set<string>() };
	}

	private async takeSteps(count: number): Promise<void> {
		await new Promise(setImmediate);
		for (let step = 0; step < count && this.scheduler.count() > 0; step++) {
			await this.scheduler.waitOne();
			await new Promise(setImmediate);
		}
	}
}

/** Plays the actions on a row, then looks for every key once more, twice, in a new process. */
async function play(
	scheduler: fc.Scheduler,
	list: Action[],
	{ processes, maxValues }: { processes: number; maxValues?: number },
) {
	const turn = async (step: string) => await scheduler.schedule(Promise.resolve(), step);
	const row = new DedupeRow({ maxValues, turn });
	// Nobody looks into a row that was empty when he came.
	row.insert(['earlier']);
	const run = new Run(scheduler, row, processes);
	await run.perform(list);
	const lookForAll: Action = { what: 'find', process: 0, keys: ALL_KEYS, stepsBefore: Infinity };
	await run.perform([{ ...lookForAll, what: 'kill' }, lookForAll, lookForAll]);
	return run;
}

// Thousands of schedules: on a busy machine they take longer than a test usually may.
jest.setTimeout(60_000);

describe('over any schedule', () => {
	it('with processes killed at any step and started again, only what was settled is found', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.scheduler(),
				actions(2, 'settle', 'find', 'find', 'kill'),
				async (scheduler, list) => {
					const run = await play(scheduler, list, { processes: 2 });
					expect(run.invented).toEqual([]);
				},
			),
			{ ...PROPERTY, numRuns: 300 },
		);
	});

	it('the same holds in a row that is full and forgets, when a process is killed once', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.scheduler(),
				actions(1, 'settle', 'find', 'find'),
				actions(1, 'kill').map((kills) => kills.slice(0, 1)),
				actions(1, 'settle', 'settle', 'find'),
				async (scheduler, before, kill, after) => {
					const list = [...before, ...kill, ...after];
					const run = await play(scheduler, list, { processes: 1, maxValues: 3 });
					expect(run.invented).toEqual([]);
				},
			),
			{ ...PROPERTY, numRuns: 500 },
		);
	});

	it('killed only between its calls, a process finds all that it and those before it have settled', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.scheduler(),
				actions(1, 'settle', 'find', 'find', 'kill'),
				async (scheduler, list) => {
					const inPeace = list.map((action) => ({ ...action, stepsBefore: Infinity }));
					const run = await play(scheduler, inPeace, { processes: 1 });
					expect(run.invented).toEqual([]);
					expect(run.overlooked).toEqual([]);
				},
			),
			PROPERTY,
		);
	});

	it('undisturbed, a process finds exactly what was settled', async () => {
		await fc.assert(
			fc.asyncProperty(fc.scheduler(), actions(1, 'settle', 'find'), async (scheduler, list) => {
				const run = await play(scheduler, list, { processes: 1 });
				expect(run.invented).toEqual([]);
				expect(run.overlooked).toEqual([]);
			}),
			PROPERTY,
		);
	});
});
