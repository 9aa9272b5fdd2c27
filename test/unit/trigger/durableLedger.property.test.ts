import * as fc from 'fast-check';
import { DurableLedger } from '../../../nodes/SendGrid/trigger/durableLedger';
import { PROPERTY } from '../../support/property';
import { DedupeRow, type DedupeConnection } from '../../support/dedupeRow';

const RECORDED_KEYS = ['a', 'b', 'c', 'd', 'e'];
/** Looked for, but never recorded. */
const OTHER_KEYS = ['x', 'y'];
const ALL_KEYS = [...RECORDED_KEYS, ...OTHER_KEYS];

interface Action {
	what: 'record' | 'find' | 'kill';
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
 * which holds what the processes were told against what they recorded.
 */
class Run {
	/** Every key that was given to `record`, so that it may be found from then on. */
	readonly recorded = new Set<string>();
	/** What `find` reported without its having been recorded. */
	readonly invented: string[] = [];
	/** For each answer of `record`, the keys that it was the first to bring. */
	readonly firsts: string[] = [];
	/** What `find` failed to report although `record` had answered before it was asked. */
	readonly overlooked: string[] = [];
	private readonly answered = new Set<string>();
	private readonly processes: Array<{ ledger: DurableLedger; connection: DedupeConnection }>;

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
			if (what === 'record') void this.record(process, keys);
			else if (what === 'find') void this.find(process, keys);
			else this.kill(process);
		}
		await this.takeSteps(Infinity);
	}

	private async record(process: number, allKeys: string[]): Promise<void> {
		const keys = allKeys.filter((key) => !OTHER_KEYS.includes(key));
		for (const key of keys) this.recorded.add(key);
		const known = await this.processes[process]!.ledger.record(keys);
		this.firsts.push(...keys.filter((key) => !known.has(key)));
		for (const key of keys) this.answered.add(key);
	}

	private async find(process: number, keys: string[]): Promise<void> {
		const expected = keys.filter((key) => this.answered.has(key));
		const found = await this.processes[process]!.ledger.find(keys);
		this.invented.push(...[...found].filter((key) => !this.recorded.has(key)));
		this.overlooked.push(...expected.filter((key) => !found.has(key)));
	}

	private kill(process: number): void {
		this.processes[process]!.connection.kill();
		this.processes[process] = this.startProcess();
	}

	private startProcess() {
		const ledger = new DurableLedger(() => {});
		const connection = this.row.connect();
		ledger.connect(connection);
		return { ledger, connection };
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
	{ processes, maxEntries }: { processes: number; maxEntries?: number },
) {
	const turn = async (step: string) => await scheduler.schedule(Promise.resolve(), step);
	const row = new DedupeRow({ maxEntries, turn });
	const run = new Run(scheduler, row, processes);
	await run.perform(list);
	const lookForAll: Action = { what: 'find', process: 0, keys: ALL_KEYS, stepsBefore: Infinity };
	await run.perform([{ ...lookForAll, what: 'kill' }, lookForAll, lookForAll]);
	return { run, row };
}

// Thousands of schedules: on a busy machine they take longer than a test usually may.
jest.setTimeout(60_000);

describe('over any schedule', () => {
	it('with processes killed at any step and started again, find reports only what was recorded', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.scheduler(),
				actions(2, 'record', 'find', 'find', 'kill'),
				async (scheduler, list) => {
					const { run } = await play(scheduler, list, { processes: 2 });
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
				actions(1, 'record', 'find', 'find'),
				actions(1, 'kill').map((kills) => kills.slice(0, 1)),
				actions(1, 'record', 'record', 'find'),
				async (scheduler, before, kill, after) => {
					const list = [...before, ...kill, ...after];
					const { run } = await play(scheduler, list, { processes: 1, maxEntries: 3 });
					expect(run.invented).toEqual([]);
				},
			),
			{ ...PROPERTY, numRuns: 500 },
		);
	});

	it('undisturbed, a process remembers exactly what was recorded, and each key is first once', async () => {
		await fc.assert(
			fc.asyncProperty(fc.scheduler(), actions(1, 'record', 'find'), async (scheduler, list) => {
				const { run, row } = await play(scheduler, list, { processes: 1 });
				expect(run.invented).toEqual([]);
				expect(run.overlooked).toEqual([]);
				expect([...row.contents].sort()).toEqual([...run.recorded].sort());
				expect(run.firsts.sort()).toEqual([...run.recorded].sort());
			}),
			PROPERTY,
		);
	});
});
