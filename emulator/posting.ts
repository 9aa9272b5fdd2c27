import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER, frameEvents, signBody } from './signing';
import type { PostedEvent, SigningKey } from './signing';

/** SendGrid posts what it has collected once it reaches this size. */
export const MAX_POST_BYTES = 768 * 1024;

/** Where a post goes and with which key it is signed, if at all. */
export interface PostTarget {
	/** `''` for a post that belongs to no webhook, such as a test without one. */
	webhookId: string;
	url: string;
	signingKey?: SigningKey | undefined;
}

/** How events are posted. By default: in the order given, in posts of at most 768 KB, one at a time. */
export interface PostOptions {
	/** At most so many events in one post. */
	eventsPerPost?: number;
	/** SendGrid promises no order. `shuffled` is the same each time for the same `seed`. */
	order?: 'given' | 'reversed' | 'shuffled';
	seed?: number;
	/** Every event comes so many times, in posts of their own. Default 1. */
	copies?: number;
	/** Every event comes so many times within its post. Default 1. */
	copiesInPost?: number;
	/** Posts under way at the same time. Default 1. */
	concurrency?: number;
	/** What is signed as the time of the post, in Unix seconds. Default now. */
	timestamp?: number | string;
	/** Waits before each repetition after an answer other than 2xx; an empty list means one attempt. */
	retryDelaysMs?: readonly number[];
	/** Signs each repetition anew. Default: repeats the first signature; SendGrid documents neither. */
	signRetriesAnew?: boolean;
	/** Replaces or, with `undefined`, leaves out headers after signing. */
	headers?: Readonly<Record<string, string | undefined>>;
	/** Changes the body after it was signed. */
	tamper?: (rawBody: Buffer) => Buffer;
	/** How the body is written. Default: as posts are framed. */
	frame?: (events: readonly PostedEvent[]) => Buffer;
}

/** One attempt to deliver one post. */
export interface PostAttempt {
	webhookId: string;
	url: string;
	/** 1 for the first attempt. */
	attempt: number;
	/** The status answered; undefined if there was no answer. */
	status?: number;
	/** Why there was no answer. */
	error?: string;
	responseBody: string;
	/** What was sent. */
	body: Buffer;
	headers: Readonly<Record<string, string>>;
	events: readonly PostedEvent[];
	eventIds: string[];
	durationMs: number;
}

interface PosterSettings {
	now: () => number;
	retryDelaysMs: readonly number[];
	timeoutMs: number;
	onAttempt: (attempt: PostAttempt) => void;
}

/** Posts signed events as SendGrid does: redirects not followed, repeated until a 2xx. */
export class EventPoster {
	private readonly pending = new Set<Promise<unknown>>();
	private readonly stopping = new AbortController();

	constructor(private readonly settings: PosterSettings) {
		// Every post under way listens for the end.
		setMaxListeners(0, this.stopping.signal);
	}

	/**
	 * Posts events and resolves when each post was acknowledged or given up.
	 *
	 * @returns the last attempt of each post
	 */
	post(
		target: PostTarget,
		events: readonly PostedEvent[],
		options: PostOptions = {},
	): Promise<PostAttempt[]> {
		const posts = arrange(events, options);
		const done = inParallel(posts, options.concurrency ?? 1, (post) =>
			this.deliver(target, post, options),
		);
		this.track(done);
		return done;
	}

	/** Resolves when nothing is under way and nothing waits to be repeated. */
	async idle(): Promise<void> {
		while (this.pending.size > 0) await Promise.allSettled(this.pending);
	}

	/** Gives up everything under way. */
	async stop(): Promise<void> {
		this.stopping.abort();
		await this.idle();
	}

	private track(work: Promise<unknown>): void {
		this.pending.add(work);
		const forget = () => this.pending.delete(work);
		work.then(forget, forget);
	}

	private async deliver(
		target: PostTarget,
		events: readonly PostedEvent[],
		options: PostOptions,
	): Promise<PostAttempt> {
		const delays = options.retryDelaysMs ?? this.settings.retryDelaysMs;
		const signedBody = (options.frame ?? frameEvents)(events);
		const body = options.tamper?.(signedBody) ?? signedBody;
		let headers = this.sign(target, signedBody, options);
		for (let attempt = 1; ; attempt++) {
			const made = await this.attempt(target, attempt, events, body, headers);
			this.settings.onAttempt(made);
			const acknowledged = made.status !== undefined && isSuccess(made.status);
			const delayMs = delays[attempt - 1];
			if (acknowledged || delayMs === undefined) return made;
			await this.wait(delayMs);
			if (this.stopping.signal.aborted) return made;
			if (options.signRetriesAnew) headers = this.sign(target, signedBody, options);
		}
	}

	private sign(
		{ signingKey }: PostTarget,
		body: Buffer,
		options: PostOptions,
	): Record<string, string> {
		const headers: Record<string, string | undefined> = {
			'User-Agent': 'SendGrid Event API',
			'Content-Type': 'application/json;charset=utf-8',
		};
		if (signingKey) {
			const timestamp = String(options.timestamp ?? Math.floor(this.settings.now() / 1000));
			headers[SIGNATURE_HEADER] = signBody(signingKey, body, timestamp);
			headers[TIMESTAMP_HEADER] = timestamp;
		}
		const sent = Object.entries({ ...headers, ...options.headers });
		return Object.fromEntries(
			sent.filter((entry): entry is [string, string] => entry[1] !== undefined),
		);
	}

	private async attempt(
		{ webhookId, url }: PostTarget,
		attempt: number,
		events: readonly PostedEvent[],
		body: Buffer,
		headers: Record<string, string>,
	): Promise<PostAttempt> {
		const start = performance.now();
		const answer = await this.send(url, body, headers).catch((error: Error) => ({
			error: error.message,
			responseBody: '',
		}));
		const eventIds = events.map(({ sg_event_id: id }) => String(id ?? ''));
		const durationMs = performance.now() - start;
		return { webhookId, url, attempt, ...answer, body, headers, events, eventIds, durationMs };
	}

	private async send(
		url: string,
		body: Buffer,
		headers: Record<string, string>,
	): Promise<{ status: number; responseBody: string }> {
		const { timeoutMs } = this.settings;
		const timeout = AbortSignal.timeout(timeoutMs);
		try {
			const response = await fetch(url, {
				method: 'POST',
				headers,
				body: new Uint8Array(body),
				// SendGrid does not follow redirects.
				redirect: 'manual',
				signal: AbortSignal.any([timeout, this.stopping.signal]),
			});
			return { status: response.status, responseBody: await response.text() };
		} catch (error) {
			if (timeout.aborted) throw new Error(`No answer within ${timeoutMs} ms`, { cause: error });
			// fetch says only that it failed; why stands in the cause.
			throw (error as Error).cause ?? error;
		}
	}

	private async wait(delayMs: number): Promise<void> {
		await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
	}
}

function isSuccess(status: number): boolean {
	return status >= 200 && status < 300;
}

/** Sorts, repeats and splits events into posts. */
function arrange(events: readonly PostedEvent[], options: PostOptions): PostedEvent[][] {
	const { copies = 1, copiesInPost = 1, eventsPerPost = Infinity } = options;
	const posts = split(ordered(events, options), eventsPerPost).map((post) =>
		Array.from({ length: copiesInPost }, () => post).flat(),
	);
	return Array.from({ length: copies }, () => posts).flat();
}

function ordered(events: readonly PostedEvent[], { order, seed = 1 }: PostOptions) {
	if (order === 'reversed') return [...events].reverse();
	if (order !== 'shuffled') return events;
	const random = randomFrom(seed);
	return events
		.map((event) => ({ event, rank: random() }))
		.sort((a, b) => a.rank - b.rank)
		.map(({ event }) => event);
}

/** Fills posts up to a number of events and to SendGrid's size, whichever comes first. */
function split(events: readonly PostedEvent[], maxEvents: number): PostedEvent[][] {
	const posts: PostedEvent[][] = [];
	let bytes = Infinity;
	for (const event of events) {
		const size = Buffer.byteLength(JSON.stringify(event)) + 3;
		let post = posts.at(-1);
		if (!post || post.length >= maxEvents || bytes + size > MAX_POST_BYTES) {
			post = [];
			posts.push(post);
			bytes = 3;
		}
		post.push(event);
		bytes += size;
	}
	return posts;
}

/** A linear congruential generator: good enough to shuffle, the same on every run. */
function randomFrom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

async function inParallel<In, Out>(
	inputs: readonly In[],
	concurrency: number,
	work: (input: In) => Promise<Out>,
): Promise<Out[]> {
	const results: Out[] = [];
	let next = 0;
	const worker = async () => {
		for (let index = next++; index < inputs.length; index = next++) {
			results[index] = await work(inputs[index] as In);
		}
	};
	await Promise.all(Array.from({ length: Math.min(concurrency, inputs.length) }, worker));
	return results;
}
