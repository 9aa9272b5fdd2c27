import {
	PostBatcher,
	type BatchedPost,
	type BatchStart,
} from '../../../nodes/SendGrid/trigger/postBatcher';

const post = (name: string, eventCount = 1, keys = [name]): BatchedPost => ({
	events: Array.from({ length: eventCount }, () => ({ event: 'open' })),
	json: `[${name}]`,
	keys,
});

/** Time passes when the test says so. */
class TestClock {
	private readonly sleepers: Array<{ until: number; wake: () => void }> = [];
	private time = 0;

	readonly now = () => this.time;

	readonly sleep = async (ms: number) =>
		await new Promise<void>((wake) => this.sleepers.push({ until: this.time + ms, wake }));

	async pass(ms: number): Promise<void> {
		// Whoever is about to go to sleep does so before.
		await new Promise(setImmediate);
		this.time += ms;
		for (const { until, wake } of this.sleepers) if (until <= this.time) wake();
		await new Promise(setImmediate);
	}
}

function isStart(turn: BatchStart | { statusCode: number }): turn is BatchStart {
	return 'posts' in turn;
}

/** Plays n8n: starts the execution of a batch at once and ends it with this status. */
async function send(
	batcher: PostBatcher,
	name: string,
	started: string[][],
	statusCode = 200,
): Promise<number> {
	const turn = await batcher.add(post(name));
	if (!isStart(turn)) return turn.statusCode;
	started.push(turn.posts.map(({ keys }) => keys[0]!));
	turn.answered(statusCode);
	return statusCode;
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `post-${index}`);

test('a post that is alone starts its execution at once', async () => {
	const started: string[][] = [];
	const batcher = new PostBatcher();
	for (const name of names(3)) await send(batcher, name, started);
	expect(started).toEqual([['post-0'], ['post-1'], ['post-2']]);
});

test('posts that come while one is being started share the next execution', async () => {
	const started: string[][] = [];
	const batcher = new PostBatcher();
	const all = names(100);
	await Promise.all(all.map(async (name) => await send(batcher, name, started)));
	expect(started.flat().sort()).toEqual([...all].sort());
	expect(started.length).toBeLessThanOrEqual(2);
});

test('senders that post again and again go on sharing', async () => {
	const started: string[][] = [];
	const batcher = new PostBatcher();
	const senders = 4;
	const postsEach = 25;
	await Promise.all(
		names(senders).map(async (name) => {
			for (const count of names(postsEach)) await send(batcher, `${name} ${count}`, started);
		}),
	);
	expect(started.flat()).toHaveLength(senders * postsEach);
	expect(started.length).toBeLessThanOrEqual(postsEach + 2);
});

test('senders that are out of step find together', async () => {
	const batcher = new PostBatcher();
	const start = async (...names: string[]) => {
		const [turn] = await Promise.all(names.map(async (name) => await batcher.add(post(name))));
		return turn as BatchStart;
	};
	const answer = (turn: BatchStart) => {
		turn.answered(200);
	};
	const first = await start('a');
	const second = start('b');
	answer(first);
	// Its sender needs a moment to be back.
	await new Promise(setImmediate);
	const back = batcher.add(post('a again'));
	const both = await second;
	expect(both.posts.map(({ keys }) => keys[0])).toEqual(['b', 'a again']);
	answer(both);
	expect(await back).toEqual({ statusCode: 200 });
});

test('does not wait for senders who do not come back', async () => {
	const started: string[][] = [];
	const batcher = new PostBatcher({
		now: () => 0,
		sleep: async () => await new Promise(setImmediate),
	});
	await Promise.all(names(5).map(async (name) => await send(batcher, name, started)));
	started.length = 0;
	await send(batcher, 'alone', started);
	await send(batcher, 'alone again', started);
	expect(started).toEqual([['alone'], ['alone again']]);
});

test('tells every post of a batch how n8n answered', async () => {
	const batcher = new PostBatcher();
	const first = await batcher.add(post('first'));
	const others = names(3).map(async (name) => await send(batcher, name, [], 500));
	if (isStart(first)) first.answered(200);
	expect(await Promise.all(others)).toEqual([500, 500, 500]);
});

test('an execution that takes its time holds up the next one for a second at most', async () => {
	const clock = new TestClock();
	const batcher = new PostBatcher(clock);
	await batcher.add(post('never answered'));
	let next: BatchStart | { statusCode: number } | undefined;
	void batcher.add(post('next')).then((turn) => (next = turn));
	await clock.pass(999);
	expect(next).toBeUndefined();
	await clock.pass(1);
	expect(next && isStart(next)).toBe(true);
});

test.each([
	['a tenth of a second at most, after a short execution', 20, 100],
	['as long as the last execution took', 250, 250],
	['not longer than 0.4 seconds', 900, 400],
])('senders who were just answered are waited for %s', async (_name, tookMs, patienceMs) => {
	const clock = new TestClock();
	const batcher = new PostBatcher(clock);
	const first = await batcher.add(post('first'));
	const turns = names(3).map(async (name) => await batcher.add(post(name)));
	if (isStart(first)) first.answered(200);
	await clock.pass(100);
	const shared = await turns[0]!;
	await clock.pass(tookMs);
	if (isStart(shared)) shared.answered(200);

	const back: string[] = [];
	void batcher.add(post('the only one back')).then(() => back.push('started'));
	await clock.pass(patienceMs - 1);
	expect(back).toEqual([]);
	await clock.pass(1);
	expect(back).toEqual(['started']);
});

test.each([
	[
		'5,000 events',
		// Each event with two keys, as for Event ID or Content.
		(name: string) =>
			post(
				name,
				2000,
				Array.from({ length: 4000 }, (_, n) => `${n}`),
			),
	],
	['4 MB', (name: string) => ({ ...post(name), json: 'x'.repeat(1_900_000) })],
])('an execution has at most %s', async (_name, largePost) => {
	const batcher = new PostBatcher();
	const first = await batcher.add(post('first'));
	const turns = names(4).map(async (name) => await batcher.add(largePost(name)));
	const sizes: number[] = [];
	for (const turn of turns) {
		void turn.then((batch) => {
			if (!isStart(batch)) return;
			sizes.push(batch.posts.length);
			batch.answered(200);
		});
	}
	if (isStart(first)) first.answered(200);
	await Promise.all(turns);
	expect(sizes).toEqual([2, 2]);
});
