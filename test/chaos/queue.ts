import { setTimeout as sleep } from 'node:timers/promises';
import type { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { PostgresServer } from '../support/PostgresServer';
import type { Call } from './collector';
import { Random } from '../support/random';
import { commonFigures, faultIfAny, SAID_OF_MODE, tallyOf, type Report } from './report';
import { placesIn } from './restarts';
import { RedisServer } from '../support/services';
import { Stage } from './stage';
import { planTraffic } from './traffic';
import type { Workload } from './workload';

/**
 * n8n notices a dead worker when its lock on a job ends, after a minute, and looks for executions
 * that no worker has every three minutes. Here both take seconds.
 */
const SCALED_TIMES = {
	QUEUE_WORKER_LOCK_DURATION: '4000',
	QUEUE_WORKER_LOCK_RENEW_TIME: '1000',
	QUEUE_WORKER_STALLED_INTERVAL: '2000',
	N8N_EXECUTIONS_QUEUE_RECOVERY_INTERVAL: '10',
};

/** How long the workflow's work takes, so that a kill finds some of it going on. */
const WORK_MS = 100;

/** What happens while events come in. */
const INCIDENTS = {
	none: async () => {},
	'a worker is killed': async ({ workers: [first] }: Cluster) => await killAndRestart(first!),
	'a webhook process is killed': async ({ receivers: [first] }: Cluster) =>
		await killAndRestart(first!),
	'Redis is restarted': async ({ redis }: Cluster) => await redis.crash(),
};

export type Incident = keyof typeof INCIDENTS;

/** n8n in queue mode: a main process, two that take webhooks, two workers, PostgreSQL, Redis. */
export interface Cluster {
	stage: Stage;
	receivers: N8nInstance[];
	workers: N8nInstance[];
	redis: RedisServer;
	postgres: PostgresServer;
}

/** Starts all processes, lets `act` run on them, and ends them whatever happens. */
export async function runCluster<T>(act: (cluster: Cluster) => Promise<T>): Promise<T> {
	const postgres = await PostgresServer.start();
	try {
		const redis = await RedisServer.start();
		try {
			const n8n = {
				postgres: await postgres.createDatabase('n8n'),
				redis: { host: '127.0.0.1', port: redis.port },
				env: SCALED_TIMES,
			};
			return await Stage.run({ n8n }, async (stage) => {
				const start = (role: 'webhook' | 'worker') => stage.n8n.startSibling(role);
				const [receivers, workers] = await Promise.all([
					Promise.all([start('webhook'), start('webhook')]),
					Promise.all([start('worker'), start('worker')]),
				]);
				stage.gate.targets = receivers.map(({ url }) => url);
				return await act({ stage, receivers, workers, redis, postgres });
			});
		} finally {
			await redis.stop();
		}
	} finally {
		await postgres.stop();
	}
}

export interface QueueOptions {
	acknowledge: 'onReceived' | 'lastNode';
	incident: Incident;
	events: number;
	seed: number;
	workload?: Workload | undefined;
}

/**
 * Posts go to either webhook process at random, one in five a second time to either, and something
 * happens on the way. "Have SendGrid Send Again" loses nothing whatever happens; "Do Nothing"
 * loses what n8n has accepted and does not carry through: it then marks executions as failed.
 */
export async function queueMode(
	cluster: Cluster,
	{ acknowledge, incident, events, seed, workload }: QueueOptions,
): Promise<Report> {
	const { stage } = cluster;
	const random = new Random(seed);
	const { eventIds, posts } = planTraffic(events, random);
	await stage.publish(acknowledge, workload);
	stage.collector.workMs = WORK_MS;

	const [middle] = placesIn(posts.length, 1);
	let happening: Promise<void> = Promise.resolve();
	await stage.send(posts, random, (index) => {
		if (index === middle) happening = INCIDENTS[incident](cluster);
	});
	await happening;
	await stage.settled(eventIds);

	const { lost, repeated } = tallyOf(stage, eventIds);
	const rerun = [...repeated].filter(([, calls]) => isRerun(calls)).map(([id]) => id);
	const failed = (await stage.endedExecutions()).filter(({ status }) => status !== 'success');
	const mayLose = acknowledge === 'onReceived' && failed.length > 0;
	return {
		title: `Queue mode, ${SAID_OF_MODE[acknowledge]}, incident: ${incident} (seed ${seed})`,
		figures: {
			posts: posts.length,
			...(await commonFigures(stage, eventIds)),
			'executions that n8n marks as failed': failed.length,
		},
		faults: [
			...(mayLose ? [] : faultIfAny(lost, 'events were lost')),
			...faultIfAny(rerun, 'events were worked on twice in one execution'),
			...((await workload?.check(eventIds, stage)) ?? []),
		],
	};
}

/** The same execution was begun again, rather than another one started. */
function isRerun(calls: readonly Call[]): boolean {
	return new Set(calls.map(({ executionId }) => executionId)).size < calls.length;
}

async function killAndRestart(n8n: N8nInstance): Promise<void> {
	await n8n.kill();
	await sleep(1000);
	await n8n.restart();
}
