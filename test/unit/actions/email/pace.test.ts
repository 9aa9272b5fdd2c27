import { Pace } from '../../../../nodes/SendGrid/actions/email/pace';

const turn = async () => await new Promise((resolve) => setImmediate(resolve));

/** Works through numbers; each piece of work waits until the test lets it end. */
function start(entries: number | AsyncIterable<number>, most: number) {
	let now = 0;
	const slept: number[] = [];
	const pace = new Pace(most, {
		now: () => now,
		sleep: async (milliseconds) => {
			slept.push(milliseconds);
			now += milliseconds;
		},
	});
	const started: number[] = [];
	const ends = new Map<number, () => void>();
	const list = typeof entries === 'number' ? Array(entries).keys() : entries;
	const done = pace.workThrough(list, async (entry) => {
		started.push(entry);
		await new Promise<void>((resolve) => ends.set(entry, resolve));
		ends.delete(entry);
	});
	/** Ends everything under way, again and again, and says how much there was each time. */
	const rounds = async () => {
		const sizes: number[] = [];
		for (await turn(); ends.size > 0; await turn()) {
			sizes.push(ends.size);
			if (sizes.length > 100) throw new Error(`More rounds than work: ${sizes.join()}`);
			for (const end of ends.values()) end();
		}
		await done;
		return sizes;
	};
	return { pace, started, ends, slept, rounds, done };
}

describe('a pace', () => {
	it('works on no more entries at once than allowed, in order', async () => {
		const { started, ends, rounds } = start(5, 2);
		await turn();
		expect(started).toEqual([0, 1]);
		ends.get(1)!();
		await turn();
		expect(started).toEqual([0, 1, 2]);
		await rounds();
		expect(started).toEqual([0, 1, 2, 3, 4]);
	});

	it('has the next entry made while others are worked on, and no more', async () => {
		const made: number[] = [];
		async function* entries() {
			for (let entry = 0; entry < 6; entry++) {
				made.push(entry);
				yield entry;
			}
		}
		const { started, ends, rounds } = start(entries(), 2);
		await turn();
		expect([started, made]).toEqual([
			[0, 1],
			[0, 1, 2],
		]);
		ends.get(0)!();
		await turn();
		expect([started, made]).toEqual([
			[0, 1, 2],
			[0, 1, 2, 3],
		]);
		await rounds();
		expect(started).toEqual([0, 1, 2, 3, 4, 5]);
	});

	it('ends when all is done, and with nothing to do at once', async () => {
		expect(await start(3, 10).rounds()).toEqual([3]);
		expect(await start(0, 3).rounds()).toEqual([]);
	});

	it('halves when the rate limit is reached, and what comes next waits until it is over', async () => {
		const { pace, slept, rounds } = start(12, 4);
		await turn();
		pace.slowDown(1000);
		expect(await rounds()).toEqual([4, 2, 2, 2, 2]);
		expect(slept).toEqual([1000]);
	});

	it('takes the same limit, met by several calls, for one', async () => {
		const { pace, rounds } = start(8, 8);
		await turn();
		for (let call = 0; call < 8; call++) pace.slowDown(1000);
		expect((await rounds())[0]).toBe(8);
		const again = start(20, 8);
		await turn();
		for (let call = 0; call < 8; call++) again.pace.slowDown(1000);
		expect((await again.rounds()).slice(0, 3)).toEqual([8, 4, 4]);
	});

	it('never stops altogether, and grows again while all goes well', async () => {
		const { pace, rounds } = start(40, 2);
		await turn();
		pace.slowDown(1);
		const sizes = await rounds();
		expect(sizes.slice(0, 4)).toEqual([2, 1, 1, 1]);
		expect(sizes.at(-2)).toBe(2);
		expect(Math.max(...sizes)).toBe(2);
	});
});
