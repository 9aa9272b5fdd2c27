import { DurableLedger } from '../../../nodes/SendGrid/trigger/durableLedger';
import { DedupeRow } from '../../support/dedupeRow';

/** A worker of queue mode; `isShared` tells it that there are others. */
function startWorker(row: DedupeRow, isShared = true): DurableLedger {
	const ledger = new DurableLedger((error) => {
		throw error;
	});
	ledger.connect(row.connect(), isShared);
	return ledger;
}

/** Two workers that read the row before either has written it: the second write undoes the first. */
async function collide(row: DedupeRow, first: DurableLedger, second: DurableLedger): Promise<void> {
	await Promise.all([first.record(['a']), second.record(['b'])]);
	expect(row.contents).not.toEqual(expect.arrayContaining(['a', 'b']));
}

describe('a row that several workers write', () => {
	it('loses what two workers record at once, without the memory of either', async () => {
		const row = new DedupeRow();
		await startWorker(row).record(['first']);
		await collide(row, startWorker(row, false), startWorker(row, false));
	});

	it('has it again after the next write of each worker', async () => {
		const row = new DedupeRow();
		await startWorker(row).record(['first']);
		const [one, two] = [startWorker(row), startWorker(row)];
		await collide(row, one, two);

		await one.record(['c']);
		await two.findSettled(['d']);

		expect(row.contents).toEqual(expect.arrayContaining(['a', 'b', 'c']));
		expect([...(await startWorker(row).record(['a', 'b', 'e']))].sort()).toEqual(['a', 'b']);
	});

	it('is not needed by a worker that has recorded an event itself', async () => {
		const row = new DedupeRow();
		const worker = startWorker(row);
		await worker.record(['a']);
		await worker.settle(['b']);
		row.update([]);

		expect([...(await worker.record(['a']))]).toEqual(['a']);
		expect([...(await worker.findSettled(['b', 'c']))]).toEqual(['b']);
	});

	it('has the latest again of what a worker has recorded, not the oldest', async () => {
		const row = new DedupeRow();
		const worker = startWorker(row);
		await worker.record(Array.from({ length: 2500 }, (_, index) => `key-${index}`));
		row.update([]);
		await worker.record(['next']);
		expect(row.contents).toHaveLength(1001);
		expect(row.contents).toEqual(expect.arrayContaining(['key-1500', 'key-2499', 'next']));
	});

	it('is remembered by each worker up to 20,000 values of its own', async () => {
		const row = new DedupeRow();
		const worker = startWorker(row);
		await worker.record(Array.from({ length: 20_001 }, (_, index) => `key-${index}`));
		row.update([]);
		expect([...(await worker.record(['key-0', 'key-1']))]).toEqual(['key-1']);
	});
});
