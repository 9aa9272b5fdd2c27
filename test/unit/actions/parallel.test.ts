import { inParallel } from '../../../nodes/SendGrid/actions/parallel';

/** Works through numbers; each piece of work waits until the test lets it end. */
function start(count: number, limit: number) {
	const started: number[] = [];
	const ends: Array<() => void> = [];
	const done = inParallel([...Array(count).keys()], limit, async (entry) => {
		started.push(entry);
		await new Promise<void>((resolve) => ends.push(resolve));
	});
	const turn = async () => await new Promise((resolve) => setImmediate(resolve));
	return { started, ends, done, turn };
}

describe('inParallel', () => {
	it('works on no more entries at once than allowed, in order', async () => {
		const { started, ends, done, turn } = start(5, 2);
		expect(started).toEqual([0, 1]);
		ends[1]!();
		await turn();
		expect(started).toEqual([0, 1, 2]);
		ends[0]!();
		ends[2]!();
		await turn();
		expect(started).toEqual([0, 1, 2, 3, 4]);
		ends[3]!();
		ends[4]!();
		await done;
	});

	it('ends when all is done', async () => {
		const { ends, done } = start(1, 10);
		ends[0]!();
		await expect(done).resolves.toBeUndefined();
		await expect(inParallel([], 3, async () => {})).resolves.toBeUndefined();
	});
});
