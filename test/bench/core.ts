import { EventWebhook } from '@sendgrid/eventwebhook';
import { dedupeKey } from '../../nodes/SendGrid/events/dedupeKey';
import { createEventFilter } from '../../nodes/SendGrid/events/filter';
import { Ledger } from '../../nodes/SendGrid/events/ledger';
import { normalizeEvent } from '../../nodes/SendGrid/events/normalize';
import { parsePost } from '../../nodes/SendGrid/events/parse';
import { receivePost } from '../../nodes/SendGrid/events/receivePost';
import {
	SIGNATURE_HEADER,
	TIMESTAMP_HEADER,
	verifySignature,
} from '../../nodes/SendGrid/events/signature';
import { allocatedBy, timeInTurn } from '../support/measure';
import { EVENTS_IN_POSTS, PostMaker } from '../support/posts';
import type { Figure, Suite } from './support/report';

/** The largest first: V8 decides by what it has seen so far where on the heap objects are made. */
const SIZES = [2500, 1000, 100, 1];

const posts = new PostMaker();
const { publicKey } = posts.key;
const wants = createEventFilter({ events: EVENTS_IN_POSTS });
const ledger = new Ledger();

/** Verifying and the whole path from bytes to items, without n8n. */
export async function core(): Promise<Suite> {
	const figures: Figure[] = [];
	for (const size of SIZES) figures.push(await verifying(size));
	for (const size of SIZES) figures.push(await wholePath(size));
	figures.push(...(await stages(1000)), allocations(1000));
	return {
		title: 'From bytes to items',
		how:
			'The functions alone, in one process, without n8n. An event has about 500 bytes. ' +
			'"The unavoidable" is one JSON.parse of the body and one ECDSA verification by node:crypto.',
		figures,
	};
}

async function verifying(size: number): Promise<Figure> {
	// For the smallest, the body of 1 KB that the bar speaks of: two events.
	const { rawBody, headers } = posts.post(size === 1 ? 2 : size);
	const signature = headers[SIGNATURE_HEADER]!;
	const timestamp = headers[TIMESTAMP_HEADER]!;
	const library = new EventWebhook();
	const key = library.convertPublicKeyToECDSA(publicKey);
	const times = await timeInTurn({
		ours: () => verifySignature(rawBody, signature, timestamp, publicKey),
		library: () => library.verifySignature(key, rawBody, signature, timestamp),
	});
	return {
		what: `Verify ${rawBody.length} bytes`,
		ours: times.ours,
		unit: 'ms',
		rival: { name: '@sendgrid/eventwebhook', value: times.library },
		ratio: {
			value: times.library / times.ours,
			...(size === 1 && { bar: { atLeast: 40 } }),
		},
	};
}

async function wholePath(size: number): Promise<Figure> {
	const post = posts.post(size);
	const times = await timeInTurn({
		ours: () => receive(post),
		unavoidable: () => {
			verify(post);
			return JSON.parse(post.rawBody.toString('utf8')) as unknown;
		},
	});
	return {
		what: `Verify, parse, filter, deduplicate and normalize ${plural(size)}`,
		ours: times.ours,
		unit: 'ms',
		rival: { name: 'the unavoidable', value: times.unavoidable },
		ratio: {
			value: times.ours / times.unavoidable,
			...(size === 1000 && { bar: { atMost: 3 } }),
		},
	};
}

async function stages(size: number): Promise<Figure[]> {
	const post = posts.post(size);
	const { events } = parsePost(post.rawBody)!;
	const keys = events.map(dedupeKey);
	const times = await timeInTurn({
		verify: () => verify(post),
		parse: () => parsePost(post.rawBody),
		filter: () => events.filter(wants),
		deduplicate: () => {
			const now = Date.now();
			for (const event of events) ledger.claim(dedupeKey(event), now);
			ledger.release(keys);
		},
		normalize: () => events.map((event, index) => normalizeEvent(event, keys[index])),
	});
	return Object.entries(times).map(([stage, ms]) => ({
		what: `of ${plural(size)}: ${stage}`,
		ours: ms,
		unit: 'ms',
	}));
}

function allocations(size: number): Figure {
	const post = posts.post(size);
	receive(post);
	const ours = allocatedBy(() => receive(post)) / size;
	const parsing = allocatedBy(() => JSON.parse(post.rawBody.toString('utf8'))) / size;
	return {
		what: `Heap per event, ${plural(size)}`,
		ours,
		unit: 'bytes',
		rival: { name: 'JSON.parse alone', value: parsing },
		ratio: { value: ours / parsing },
	};
}

function receive(post: ReturnType<PostMaker['post']>) {
	const outcome = receivePost(post, {
		publicKeys: [publicKey],
		maxAgeSeconds: 3600,
		wants,
		ledger,
		now: Date.now(),
	});
	if (outcome.kind !== 'accepted') throw new Error(`The post was ${outcome.kind}`);
	const items = outcome.events.map((event, index) => normalizeEvent(event, outcome.keys[index]));
	ledger.release(outcome.keys);
	return items;
}

function verify({ rawBody, headers }: ReturnType<PostMaker['post']>): void {
	if (
		!verifySignature(rawBody, headers[SIGNATURE_HEADER]!, headers[TIMESTAMP_HEADER]!, publicKey)
	) {
		throw new Error('The signature was refused');
	}
}

function plural(count: number): string {
	return count === 1 ? '1 event' : `${count} events`;
}
