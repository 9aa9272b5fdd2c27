import { setTimeout as sleep } from 'node:timers/promises';
import type { N8nInstance } from '../../scripts/n8n/N8nInstance';
import type { PostgresServer } from '../support/PostgresServer';
import type { Call } from './collector';
import { Deployment } from '../support/Deployment';
import type { Spread } from '../support/Gate';
import { residentBytes } from '../support/processUse';
import { Random } from '../support/random';
import { commonFigures, faultIfAny, SAID_OF_MODE, tallyOf, type Report } from './report';
import { placesIn } from './restarts';
import type { RedisServer } from '../support/services';
import { Stage } from './stage';
import { planTraffic, type Repeats } from './traffic';
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

const MB = 1024 * 1024;

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

const SAID_OF_SPREAD: Record<Spread, string> = {
	byTrigger: "one trigger's posts to one process",
	inTurn: 'posts to the processes in turn',
};

const SAID_OF_REPEATS: Record<Repeats, string> = {
	later: 'repeats some time later',
	atOnce: 'repeats at once',
};

/** n8n in queue mode: a main process, two that take webhooks, two workers, PostgreSQL, Redis, a gate. */
export interface Cluster {
	stage: Stage;
	deployment: Deployment;
	receivers: N8nInstance[];
	workers: N8nInstance[];
	redis: RedisServer;
	postgres: PostgresServer;
}

/**
 * Starts what `deploy/compose.queue.yaml` says, as processes of this machine, lets `act` run on them,
 * and ends them whatever happens.
 */
export async function runCluster<T>(act: (cluster: Cluster) => Promise<T>): Promise<T> {
	const deployment = await Deployment.start('compose.queue.yaml');
	try {
		await deployment.readyFor('n8n');
		const { port, env } = deployment.n8n('n8n');
		const n8n = { port, env: { ...env, ...SCALED_TIMES } };
		return await Stage.run({ n8n, gate: deployment.gate }, async (stage) => {
			const siblings = await Promise.all(
				deployment.siblings.map(async (name) => {
					await deployment.readyFor(name);
					const { role, port, env } = deployment.n8n(name);
					if (role === 'start') throw new Error(`${name} is a second main process`);
					const settings = { port, env: { ...env, ...SCALED_TIMES } };
					return { role, process: await stage.n8n.startSibling(role, settings) };
				}),
			);
			const all = (wanted: 'webhook' | 'worker') =>
				siblings.filter(({ role }) => role === wanted).map(({ process }) => process);
			const [receivers, workers] = [all('webhook'), all('worker')];
			const { redis, postgres } = deployment;
			return await act({ stage, deployment, receivers, workers, redis, postgres });
		});
	} finally {
		await deployment.stop();
	}
}

export interface QueueOptions {
	acknowledge: 'onReceived' | 'lastNode';
	incident: Incident;
	events: number;
	seed: number;
	/** How the gate picks a webhook process for a post. */
	spread: Spread;
	/** When one post in five comes a second time. */
	repeats?: Repeats;
	workload?: Workload | undefined;
}

/**
 * Posts come, one in five a second time, and something happens on the way. "Have SendGrid Send Again"
 * loses nothing whatever happens; "Do Nothing" loses what n8n has accepted and does not carry through:
 * it then marks executions as failed. As long as nothing happens and the gate keeps a trigger's posts
 * together, none is worked on twice.
 */
export async function queueMode(
	cluster: Cluster,
	{ acknowledge, incident, events, seed, spread, repeats = 'later', workload }: QueueOptions,
): Promise<Report> {
	const { stage } = cluster;
	await stage.gate.pick(spread);
	const random = new Random(seed);
	const { eventIds, posts } = planTraffic(events, random, repeats);
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
	const mayRepeat = incident !== 'none' || spread !== 'byTrigger';
	const said = [SAID_OF_MODE[acknowledge], SAID_OF_SPREAD[spread], SAID_OF_REPEATS[repeats]];
	if (workload?.name) said.push(workload.name);
	return {
		title: `Queue mode, ${said.join(', ')}, incident: ${incident} (seed ${seed})`,
		figures: {
			posts: posts.length,
			...(await commonFigures(stage, eventIds)),
			'executions that n8n marks as failed': failed.length,
			'memory of the webhook processes': await memoryOf(cluster.receivers),
			'memory of the workers': await memoryOf(cluster.workers),
		},
		faults: [
			...(mayLose ? [] : faultIfAny(lost, 'events were lost')),
			...faultIfAny(rerun, 'events were worked on twice in one execution'),
			...(mayRepeat ? [] : faultIfAny([...repeated.keys()], 'events were worked on twice')),
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

/** What the processes hold at this moment, such as `310 MB, 295 MB`. */
async function memoryOf(processes: readonly N8nInstance[]): Promise<string> {
	const sizes = processes.map(async ({ processId }) => await residentBytes(processId!));
	return (await Promise.all(sizes)).map((bytes) => `${Math.round(bytes / MB)} MB`).join(', ');
}
