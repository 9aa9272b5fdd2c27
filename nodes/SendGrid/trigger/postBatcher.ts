import { sleep } from 'n8n-workflow';
import type { RawEvent } from '../events/rawEvent';

/** What one post contributes. */
export interface BatchedPost {
	/** Its new events. */
	events: RawEvent[];
	/** The same as JSON text. */
	json: string;
	/** Those of all its events; an event may have several. */
	keys: string[];
}

/** The post that starts the execution for its batch gets this; it must call `answered`. */
export interface BatchStart {
	posts: readonly BatchedPost[];
	/** Tells the other posts of the batch how n8n answered. */
	answered(statusCode: number): void;
}

export interface Clock {
	/** In milliseconds. */
	now(): number;
	sleep(ms: number): Promise<void>;
}

interface Batch {
	posts: BatchedPost[];
	eventCount: number;
	/** In characters of JSON, which SendGrid's posts mostly have as many of as bytes. */
	size: number;
	/** Ends the wait for further posts. */
	close(): void;
	answer: Promise<number>;
	answered(statusCode: number): void;
}

/**
 * What goes into one execution at most. An execution that fails takes all of its events with it, so
 * there is an end to sharing; SendGrid's own posts are under 1 MB.
 */
const MAX_EVENTS_PER_BATCH = 5000;
const MAX_SIZE_OF_BATCH = 4_000_000;

/**
 * How long a batch waits for the next of the posts expected to join it, in milliseconds: as long as
 * the batch before took, within these limits. n8n itself needs 20 to 40 of them for each post before
 * it gets here, and several times that on a busy machine.
 */
const MIN_GATHERING_MS = 100;
const MAX_GATHERING_MS = 400;

/** A batch that takes longer than this to get going does not hold up the next one, in milliseconds. */
const MAX_WAIT_MS = 1000;

/**
 * Lets posts that arrive while an execution is being started share the next one.
 *
 * What a post costs in n8n is mostly its execution: rows written, and since 2.36 a sandbox for
 * expressions, made anew each time. SendGrid sends many posts at once. A post that finds nothing
 * under way starts its execution at once; those that come meanwhile wait for it and then go
 * together, all answered alike. Senders that were just answered mostly have more to post, so the
 * next batch is kept open until they are back, or for a moment at most. The busier it gets, the
 * less each event costs.
 */
export class PostBatcher {
	private gathering: Batch | undefined;
	private underWay: Promise<unknown> = Promise.resolve();
	/** The posts of the last batch, whose senders are free again, and those that waited behind it. */
	private expectedPosts = 1;
	private lastDurationMs = 0;

	constructor(private readonly clock: Clock = { now: Date.now, sleep }) {}

	/**
	 * @returns what to start, for the post that is to start the execution of its batch; n8n's answer
	 *   to that one for all others
	 */
	async add(post: BatchedPost): Promise<BatchStart | { statusCode: number }> {
		const open = this.gathering;
		if (open !== undefined && fits(post, open)) {
			open.posts.push(post);
			open.eventCount += post.events.length;
			open.size += post.json.length;
			if (open.posts.length >= this.expectedPosts) open.close();
			return { statusCode: await open.answer };
		}
		open?.close();
		const batch = createBatch(post);
		this.gathering = batch;
		await this.underWay;
		await this.gather(batch);
		if (this.gathering === batch) this.gathering = undefined;

		this.underWay = Promise.race([batch.answer, this.clock.sleep(MAX_WAIT_MS)]);
		const startedAt = this.clock.now();
		return {
			posts: batch.posts,
			answered: (statusCode) => {
				this.lastDurationMs = this.clock.now() - startedAt;
				this.expectedPosts = batch.posts.length + (this.gathering?.posts.length ?? 0);
				batch.answered(statusCode);
			},
		};
	}

	/** Waits while posts that are expected keep coming. */
	private async gather(batch: Batch): Promise<void> {
		const [closed, close] = signal();
		batch.close = close;
		const patienceMs = Math.min(Math.max(this.lastDurationMs, MIN_GATHERING_MS), MAX_GATHERING_MS);
		let postCount = 0;
		while (postCount < batch.posts.length && batch.posts.length < this.expectedPosts) {
			if (this.gathering !== batch) return;
			postCount = batch.posts.length;
			await Promise.race([closed, this.clock.sleep(patienceMs)]);
		}
	}
}

function fits(post: BatchedPost, batch: Batch): boolean {
	return (
		batch.eventCount + post.events.length <= MAX_EVENTS_PER_BATCH &&
		batch.size + post.json.length <= MAX_SIZE_OF_BATCH
	);
}

function createBatch(post: BatchedPost): Batch {
	const [answer, answered] = signal<number>();
	const { events, json } = post;
	return {
		posts: [post],
		eventCount: events.length,
		size: json.length,
		close: () => {},
		answer,
		answered,
	};
}

/** A promise, and the function that resolves it. */
function signal<T = void>(): [Promise<T>, (value: T) => void] {
	let resolve: (value: T) => void = () => {};
	const promise = new Promise<T>((resolvePromise) => (resolve = resolvePromise));
	return [promise, resolve];
}
