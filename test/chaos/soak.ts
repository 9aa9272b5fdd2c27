import { computedMs, residentBytes } from '../support/processUse';
import { median } from '../support/measure';
import { Random } from '../support/random';
import type { Deployment } from '../support/Deployment';
import { faultIfAny, SAID_OF_MODE, tallyOf, type Report } from './report';
import { placesIn } from './restarts';
import type { Stage } from './stage';
import { planTraffic } from './traffic';

const MB = 1024 * 1024;

/** Events are made, sent and checked in portions of this size: a million at once would not fit. */
const EVENTS_PER_ROUND = 10_000;

/** Between two posts of one sender, in milliseconds: next to none, as at a sender who is busy. */
const MAX_PAUSE_MS = 5;

/** n8n removes old executions by the hour and by the day; here it has minutes for the same. */
export const SOAK_SETTINGS = {
	EXECUTIONS_DATA_PRUNE: 'true',
	EXECUTIONS_DATA_PRUNE_MAX_COUNT: '200',
	EXECUTIONS_DATA_HARD_DELETE_BUFFER: '0',
	EXECUTIONS_DATA_PRUNE_SOFT_DELETE_INTERVAL: '1',
	EXECUTIONS_DATA_PRUNE_HARD_DELETE_INTERVAL: '1',
	N8N_METRICS: 'true',
};

/** How many executions n8n may still have at the end: 200, and what came in the last minutes. */
const MAX_KEPT = 1500;

/** How much more n8n may have on its heap at the end than when it had been up for a while. */
const HEAP_ALLOWANCE = 50 * MB;

/** After so many posts n8n is asked what is on its heap. */
const POSTS_PER_READING = 10;

export interface SoakOptions {
	acknowledge: 'onReceived' | 'lastNode';
	events: number;
	seed: number;
	/** How often n8n is stopped and started while posts arrive, all in the first half of the run. */
	restarts: number;
	/** Begins nothing new after this, and reports what was done until then. */
	maxMinutes: number;
}

/** What was measured over one round. */
interface Round {
	memory: number;
	/** The least that was on the heap, which is what is left after garbage was collected. */
	heap: number;
	database: number;
	/** Not a number if n8n was restarted in this round. */
	cpuMs: number;
	seconds: number;
}

/**
 * What a busy sender posts in an hour, or any part of it, with restarts in between. What grows, and
 * whether anything is lost, shows over the whole run.
 */
export async function soak(
	stage: Stage,
	deployment: Deployment,
	{ acknowledge, events, seed, restarts, maxMinutes }: SoakOptions,
): Promise<Report> {
	await stage.publish(acknowledge);
	const perRound = Math.min(EVENTS_PER_ROUND, events);
	const rounds = Math.ceil(events / perRound);
	const restartsIn = placesIn(Math.ceil(rounds / 2), restarts);
	const deadline = Date.now() + maxMinutes * 60_000;
	const databaseBefore = await deployment.databaseBytes();
	const measured: Round[] = [];
	const lost: string[] = [];
	let posted = 0;
	let restarted = 0;
	let repeated = 0;
	let executions = 0;
	let restarting = Promise.resolve();
	for (let round = 0; round < rounds && Date.now() < deadline; round++) {
		const random = new Random(seed * 10_000 + round);
		const { eventIds, posts } = planTraffic(perRound, random);
		stage.forgetPast();
		const start = performance.now();
		const { processId } = stage.n8n;
		const cpuBefore = await computedMs(processId!);
		let heap = Infinity;
		const readHeap = async () => {
			heap = Math.min(heap, await stage.heapBytes().catch(() => Infinity));
		};
		const beforePost = (index: number) => {
			if (index % POSTS_PER_READING === 0) void readHeap();
			const isDue = restartsIn.has(round) && index === Math.round(posts.length / 2);
			if (!isDue) return;
			restarted++;
			restarting = restarting.then(() => stage.n8n.restart());
		};
		await stage.send(posts, random, beforePost, MAX_PAUSE_MS);
		await restarting;
		await stage.settled(eventIds);
		const tally = tallyOf(stage, eventIds);
		lost.push(...tally.lost);
		posted += posts.length;
		repeated += tally.repeated.size;
		executions += new Set(stage.collector.calls.map(({ executionId }) => executionId)).size;
		const isSame = processId === stage.n8n.processId;
		measured.push({
			memory: await residentBytes(stage.n8n.processId!),
			heap,
			database: (await deployment.databaseBytes()) - databaseBefore,
			cpuMs: isSame ? (await computedMs(processId!)) - cpuBefore : NaN,
			seconds: (performance.now() - start) / 1000,
		});
	}
	const kept = (await stage.client.executions(stage.workflow.id)).length;
	const undisturbed = measured.filter((round) => !Number.isNaN(round.cpuMs));
	const memory = tenths(
		measured.map((round) => round.memory),
		median,
	);
	const heap = tenths(
		measured.map((round) => round.heap),
		(values) => Math.min(...values),
	);
	const afterRestarts = heap[Math.floor(heap.length / 2)]!;
	return {
		title: `Soak, ${SAID_OF_MODE[acknowledge]} (seed ${seed})`,
		figures: {
			events: measured.length * perRound,
			posts: posted,
			restarts: restarted,
			executions,
			'executions that n8n still has': kept,
			lost: lost.length,
			'worked on more than once': repeated,
			'memory of n8n, MB, tenth by tenth': inMegabytes(memory),
			'heap of n8n at its least, MB, tenth by tenth': inMegabytes(heap),
			'database, MB more than at first, tenth by tenth': inMegabytes(
				tenths(
					measured.map((round) => round.database),
					median,
				),
			),
			'database, bytes an event of the executions that are kept': Math.round(
				((await deployment.bytesPerExecution()) * executions) / (measured.length * perRound),
			),
			'events a second': Math.round(perRound / median(undisturbed.map(({ seconds }) => seconds))),
			'processor time of n8n, ms per 1,000 events': Math.round(
				median(undisturbed.map((round) => round.cpuMs)) / (perRound / 1000),
			),
		},
		faults: [
			...faultIfAny(lost, 'events were lost'),
			...(acknowledge === 'onReceived' && repeated > 0
				? [`${repeated} events were worked on more than once`]
				: []),
			...(heap.at(-1)! - afterRestarts > HEAP_ALLOWANCE ? ["n8n's memory grows"] : []),
			...(kept > MAX_KEPT ? ['n8n does not delete old executions'] : []),
		],
	};
}

/** What `pick` makes of the values of each tenth of the run. */
function tenths(values: readonly number[], pick: (values: readonly number[]) => number): number[] {
	const size = Math.max(1, Math.ceil(values.length / 10));
	return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
		pick(values.slice(index * size, (index + 1) * size)),
	);
}

function inMegabytes(values: readonly number[]): string {
	return values.map((bytes) => Math.round(bytes / MB)).join(', ');
}
