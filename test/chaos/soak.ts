import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { median } from '../support/measure';
import { Random } from '../support/random';
import { faultIfAny, SAID_OF_MODE, tallyOf, type Report } from './report';
import { placesIn } from './restarts';
import type { Stage } from './stage';
import { planTraffic } from './traffic';

const MB = 1024 * 1024;

/** Events are made, sent and checked in portions of this size: a million at once would not fit. */
const EVENTS_PER_ROUND = 10_000;

/** n8n removes old executions by the hour and by the day; here it has minutes for the same. */
export const SOAK_SETTINGS = {
	EXECUTIONS_DATA_PRUNE: 'true',
	EXECUTIONS_DATA_PRUNE_MAX_COUNT: '500',
	EXECUTIONS_DATA_HARD_DELETE_BUFFER: '0',
	EXECUTIONS_DATA_PRUNE_SOFT_DELETE_INTERVAL: '1',
	EXECUTIONS_DATA_PRUNE_HARD_DELETE_INTERVAL: '1',
};

export interface SoakOptions {
	acknowledge: 'onReceived' | 'lastNode';
	events: number;
	seed: number;
	/** How often n8n is stopped and started, while posts arrive. */
	restarts: number;
}

/**
 * What a busy sender posts in an hour, or any part of it, with restarts in between. What grows, and
 * whether anything is lost, shows over the whole run.
 */
export async function soak(
	stage: Stage,
	{ acknowledge, events, seed, restarts }: SoakOptions,
): Promise<Report> {
	await stage.publish(acknowledge);
	const rounds = Math.ceil(events / EVENTS_PER_ROUND);
	const restartsIn = placesIn(rounds, restarts);
	const databaseBefore = await databaseBytes(stage);
	const memory: number[] = [];
	const lost: string[] = [];
	let repeated = 0;
	let executions = 0;
	let restarting = Promise.resolve();
	for (let round = 0; round < rounds; round++) {
		const random = new Random(seed * 10_000 + round);
		const { eventIds, posts } = planTraffic(Math.min(EVENTS_PER_ROUND, events), random);
		stage.forgetPast();
		await stage.send(posts, random, (index) => {
			const isDue = restartsIn.has(round) && index === Math.round(posts.length / 2);
			if (isDue) restarting = restarting.then(() => stage.n8n.restart());
		});
		await restarting;
		await stage.settled(eventIds);
		const tally = tallyOf(stage, eventIds);
		lost.push(...tally.lost);
		repeated += tally.repeated.size;
		executions += new Set(stage.collector.calls.map(({ executionId }) => executionId)).size;
		memory.push(await residentBytes(stage));
	}
	const grownBy = (await databaseBytes(stage)) - databaseBefore;
	const kept = (await stage.client.executions(stage.workflow.id)).length;
	return {
		title: `Soak, ${SAID_OF_MODE[acknowledge]} (seed ${seed})`,
		figures: {
			events: rounds * Math.min(EVENTS_PER_ROUND, events),
			restarts: restartsIn.size,
			executions,
			'executions that n8n still has': kept,
			lost: lost.length,
			'worked on more than once': repeated,
			'memory of n8n, MB, tenth by tenth': tenths(memory)
				.map((bytes) => Math.round(bytes / MB))
				.join(', '),
			'growth of the database, bytes an event': Math.round(grownBy / events),
		},
		faults: [
			...faultIfAny(lost, 'events were lost'),
			...(acknowledge === 'onReceived' && repeated > 0
				? [`${repeated} events were worked on more than once`]
				: []),
		],
	};
}

/** The middle value of each tenth of the run. */
function tenths(values: readonly number[]): number[] {
	const size = Math.max(1, Math.ceil(values.length / 10));
	return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
		median(values.slice(index * size, (index + 1) * size)),
	);
}

/** What n8n's SQLite files take. */
async function databaseBytes({ n8n }: Stage): Promise<number> {
	const sizes = ['database.sqlite', 'database.sqlite-wal'].map(async (name) => {
		const file = path.join(n8n.userFolder, '.n8n', name);
		return await stat(file).then(
			({ size }) => size,
			() => 0,
		);
	});
	return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** The memory that n8n's process holds; not a number where the system does not tell. */
async function residentBytes({ n8n }: Stage): Promise<number> {
	try {
		const status = await readFile(`/proc/${n8n.processId}/status`, 'utf8');
		return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
	} catch {
		return NaN;
	}
}
