/** Measures what the receiving core puts on the heap; run by heap.test.ts, prints JSON. */
import { Ledger } from '../../../nodes/SendGrid/events/ledger';
import { normalizeEvent } from '../../../nodes/SendGrid/events/normalize';
import { receivePost } from '../../../nodes/SendGrid/events/receivePost';
import { allocatedBy, memoryUsed } from '../../support/measure';
import { PostMaker, type Post } from '../../support/posts';

const posts = new PostMaker();
const ledger = new Ledger();

function receive(post: Post) {
	const outcome = receivePost(post, {
		publicKeys: [posts.key.publicKey],
		maxAgeSeconds: 3600,
		wants: () => true,
		ledger,
		now: Date.now(),
	});
	if (outcome.kind !== 'accepted') throw new Error(`The post was ${outcome.kind}`);
	return outcome.events.map((event, index) => normalizeEvent(event, outcome.keys[index]));
}

function bytesPerEvent(count: number): number {
	// The first posts bring caches, and V8 lays objects out better once it has seen some.
	for (let i = 0; i < 100; i++) receive(posts.post(count));
	const measured = Array.from({ length: 15 }, () => {
		const post = posts.post(count);
		return allocatedBy(() => receive(post)) / count;
	});
	// V8 itself allocates while it compiles, now and then.
	return Math.min(...measured);
}

const LEDGER_SIZES = [200_000, 2_000_000, 4_000_000];

function ledgerBytes(): Record<string, number> {
	const before = memoryUsed();
	const full = new Ledger();
	const result: Record<string, number> = {};
	for (let count = 1; count <= LEDGER_SIZES.at(-1)!; count++) {
		// As long as the ids of deliveries, and strings of their own rather than slices of others.
		const key = Buffer.from(`delivered-0-19942110-qNwBLgPQQjW6DJvK-${count}`.padEnd(42, '.'));
		full.settle([key.toString('base64url')], 0);
		if (LEDGER_SIZES.includes(count)) result[count] = memoryUsed() - before;
	}
	if (full.size === 0) throw new Error('The ledger is empty');
	return result;
}

console.log(
	JSON.stringify({
		bytesPerEvent: { 100: bytesPerEvent(100), 2500: bytesPerEvent(2500) },
		ledgerBytes: ledgerBytes(),
	}),
);
