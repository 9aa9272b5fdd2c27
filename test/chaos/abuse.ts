import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { frameEvents, sampleEvent, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../../emulator';
import { commonFigures, tallyOf, type Report } from './report';
import type { Stage } from './stage';
import { eventIdOf } from './traffic';

const MB = 1024 * 1024;

/** n8n's own limit of a body, unless N8N_PAYLOAD_SIZE_MAX says otherwise. */
const MAX_BODY = 16 * MB;

/** Forged posts under way at the same time. */
const CONCURRENCY = 8;

/** How much more memory n8n may use at the flood's end than early in it: its heap breathes. */
const MEMORY_ALLOWANCE = 100 * MB;

/** N8N_METRICS lets n8n tell how much memory it uses. */
export const ABUSE_SETTINGS = { N8N_METRICS: 'true' };

/** Forged posts: all refused, nothing executed, memory flat, and a genuine post gets through. */
export async function forgedPosts(stage: Stage, { posts }: { posts: number }): Promise<Report> {
	await stage.publish('onReceived');
	const body = frameEvents(Array.from({ length: 100 }, () => sampleEvent('open')));
	const timestamp = String(Math.floor(Date.now() / 1000));
	// Signed by the right key, for another body.
	const signature = stage.sendGrid.sign(stage.webhook.id, 'another body', timestamp);
	const answers = new Map<number | string, number>();
	const memory: number[] = [];
	const genuine = sampleEvent('bounce', { sg_event_id: 'bounce-genuine' });
	let genuineMs = Infinity;

	let sent = 0;
	const sender = async () => {
		while (sent < posts) {
			sent++;
			if (sent === Math.round(posts / 2)) {
				const [attempt] = await stage.sendGrid.postEvents(stage.webhook.id, [genuine]);
				genuineMs = Math.round(attempt!.durationMs);
			}
			if (sent % Math.ceil(posts / 50) === 0) memory.push(await stage.heapBytes());
			const status = await post(stage.directUrl, body, {
				[SIGNATURE_HEADER]: signature,
				[TIMESTAMP_HEADER]: timestamp,
			});
			answers.set(status, (answers.get(status) ?? 0) + 1);
		}
	};
	await Promise.all(Array.from({ length: CONCURRENCY }, sender));
	await stage.settled([eventIdOf(genuine)]);

	// The lowest of several readings is what is left after collecting garbage.
	const early = Math.min(...memory.slice(10, 20));
	const late = Math.min(...memory.slice(-10));
	const figures = await commonFigures(stage, [eventIdOf(genuine)]);
	return {
		title: `${posts} forged posts, one genuine among them`,
		figures: {
			'forged posts answered 401': answers.get(401) ?? 0,
			executions: figures.executions,
			'genuine post answered after ms': genuineMs,
			'heap early in the flood, MB': Math.round(early / MB),
			'heap at its end, MB': Math.round(late / MB),
		},
		faults: [
			...(answers.get(401) === posts ? [] : [`Answers: ${JSON.stringify([...answers])}`]),
			...(figures.executions === 1 ? [] : ['A forged post started an execution']),
			...(tallyOf(stage, [eventIdOf(genuine)]).lost.length === 0
				? []
				: ['The genuine post is lost']),
			...(late - early < MEMORY_ALLOWANCE ? [] : ["n8n's memory grows"]),
		],
	};
}

/** Bodies of more than n8n takes, plain and compressed, and one of nearly as much. */
export async function largePosts(stage: Stage): Promise<Report> {
	await stage.publish('onReceived');
	const events = Array.from({ length: 22_000 }, (_, number) =>
		sampleEvent('open', { sg_event_id: `open-large-${number}` }),
	);
	const large = frameEvents(events);
	const tooLarge = Buffer.alloc(MAX_BODY + 1, ' ');
	const bomb = gzipSync(Buffer.alloc(1024 * MB, ' '));
	const url = stage.directUrl;
	const timestamp = String(Math.floor(Date.now() / 1000));
	const signed = (body: Buffer) => ({
		[SIGNATURE_HEADER]: stage.sendGrid.sign(stage.webhook.id, body, timestamp),
		[TIMESTAMP_HEADER]: timestamp,
	});

	const answers = {
		[`${(large.length / MB).toFixed(1)} MB, ${events.length} events, genuine`]: await post(
			url,
			large,
			signed(large),
		),
		'more than 16 MB': await post(url, tooLarge, signed(tooLarge)),
		[`gzip of ${(bomb.length / MB).toFixed(1)} MB that becomes 1 GB`]: await post(url, bomb, {
			...signed(bomb),
			'content-encoding': 'gzip',
		}),
	};
	const ids = events.map(eventIdOf);
	await stage.settled(ids);
	const [first, ...others] = Object.values(answers);
	return {
		title: 'Large posts',
		figures: { ...(await commonFigures(stage, ids)), ...answers },
		faults: [
			...(first === 200 ? [] : [`The genuine post was answered ${first}`]),
			...(tallyOf(stage, ids).lost.length === 0 ? [] : ['Events of the genuine post were lost']),
			...(others.every((answer) => answer === 'connection closed' || answer >= 400)
				? []
				: ['A post over the limit was taken']),
		],
	};
}

/**
 * A sender that never finishes its post: others are served meanwhile, and n8n ends the connection
 * after Node.js's limit for a request, five minutes.
 */
export async function slowSender(
	stage: Stage,
	{ waitForEnd }: { waitForEnd: boolean },
): Promise<Report> {
	await stage.publish('onReceived');
	const slow = request(stage.directUrl, {
		method: 'POST',
		headers: { 'content-type': 'application/json', 'content-length': '1000' },
	});
	const start = Date.now();
	const ended = new Promise<number>((resolve) => {
		const end = () => resolve(Math.round((Date.now() - start) / 1000));
		slow.on('error', end).on('close', end);
	});
	slow.write('[{"event":');

	const event = sampleEvent('click', { sg_event_id: 'click-beside' });
	const [attempt] = await stage.sendGrid.postEvents(stage.webhook.id, [event]);
	await stage.settled([eventIdOf(event)]);
	const endedAfter = waitForEnd
		? await Promise.race([ended, sleep(400_000, undefined, { ref: false })])
		: 'not waited for';
	slow.destroy();
	return {
		title: 'A sender that never finishes its post',
		figures: {
			'a genuine post beside it answered after ms': Math.round(attempt!.durationMs),
			'connection ended after seconds': endedAfter ?? 'not within 400',
		},
		faults: [
			...(tallyOf(stage, [eventIdOf(event)]).lost.length === 0 ? [] : ['The genuine post is lost']),
			...(endedAfter === undefined ? ['The connection was kept for more than 400 seconds'] : []),
		],
	};
}

/** @returns the status, or what happened instead of one */
async function post(
	url: string,
	body: Buffer,
	headers: Record<string, string>,
): Promise<number | 'connection closed'> {
	const sending = request(url, {
		method: 'POST',
		// A connection that n8n is about to close must not be used again.
		agent: false,
		headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
	});
	// n8n may answer and close before it has read a body that is too large.
	sending.on('error', () => {});
	try {
		sending.end(body);
		const [response] = (await once(sending, 'response')) as [IncomingMessage];
		response.resume();
		await once(response, 'end');
		return response.statusCode!;
	} catch {
		return 'connection closed';
	}
}
