/**
 * Shows under faults, on a real n8n, what the trigger promises; see docs/guarantees.md.
 *
 *   npm run test:chaos                          all of it, about half an hour
 *   npm run test:chaos -- --only kills          one part
 *   npm run test:chaos -- --events 2000         smaller: 20,000 events and 10,000 forged posts else
 *   npm run test:chaos -- --seed 7              other events, posts and moments
 *   npm run test:queue                          queue mode, with the same options
 *   npm run test:chaos -- soak                  1,000,000 events
 *   npm run test:chaos -- soak --minutes 10     as many of them as fit in, in each mode
 */
import { parseArgs } from 'node:util';
import { WEBHOOK_GATE } from '../support/composeFile';
import { Deployment } from '../support/Deployment';
import { PostgresServer } from '../support/PostgresServer';
import { runtime } from '../../scripts/n8n/runtime';
import { ABUSE_SETTINGS, forgedPosts, largePosts, slowSender } from './abuse';
import { eventLogWorkload } from './eventLogWorkload';
import { eventQueueWorkload } from './eventQueueWorkload';
import { fuzz } from '../support/fuzz';
import type { GateProgram } from '../support/Gate';
import { kills, MOMENTS } from './kills';
import { outage } from './outage';
import { queueMode, runCluster, type Cluster, type Incident, type QueueOptions } from './queue';
import { print, timed, type Report } from './report';
import { restarts, startingUp } from './restarts';
import { missingGate, missingPrograms, missingQueuePrograms } from '../support/services';
import { soak, SOAK_SETTINGS } from './soak';
import { Stage } from './stage';
import { failingWorkflow, slowWorkflow } from './workflowFaults';
import type { Workload } from './workload';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		events: { type: 'string' },
		minutes: { type: 'string', default: '240' },
		only: { type: 'string' },
		seed: { type: 'string', default: '1' },
	},
});

const [suite] = positionals;
const events = Number(values.events ?? (suite === 'soak' ? 1_000_000 : 20_000));
const seed = Number(values.seed);

/** Kills at each moment, twice. */
const TWELVE_KILLS = [...MOMENTS, ...MOMENTS];

/** What is run, each part with an n8n of its own. */
const PARTS: Record<string, () => Promise<void>> = {
	fuzz: async () => await show(fuzzed),
	restarts: () => restartsBehind('nginx'),
	restartsBehindCaddy: () => restartsBehind('caddy'),
	restartsWithoutGate: () =>
		Stage.run({ gate: 'none' }, (stage) =>
			show(() => startingUp(stage, { times: 5, gate: false })),
		),
	restartsWithPreloadedGate,
	kills: () =>
		Stage.run({}, async (stage) => {
			const run = { events, seed, moments: TWELVE_KILLS };
			await show(() => kills(stage, { acknowledge: 'lastNode', ...run }));
		}),
	killsWhenReceived: () =>
		Stage.run({}, async (stage) => {
			const run = { events: events / 10, seed, moments: MOMENTS };
			await show(() => kills(stage, { acknowledge: 'onReceived', ...run }));
		}),
	exactlyOnce: exactlyOnceUnderKills,
	workflows: () =>
		Stage.run({}, async (stage) => {
			await show(() => failingWorkflow(stage, { events: events / 10, seed }));
			await show(() => slowWorkflow(stage, { senderWaitsMs: 10_000 }));
		}),
	outage: () => Stage.run({}, (stage) => show(() => outage(stage))),
	abuse: () =>
		Stage.run({ n8n: { env: ABUSE_SETTINGS } }, async (stage) => {
			await show(() => forgedPosts(stage, { posts: events / 2 }));
			await show(() => largePosts(stage));
			await show(() => slowSender(stage, { waitForEnd: true }));
		}),
};

/** What is run in queue mode, all on the same processes. */
const QUEUE_PARTS: Record<string, (cluster: Cluster) => Promise<void>> = {
	nothing: (cluster) => inBothModes(cluster, 'none', events / 2),
	repeatedAtOnce: (cluster) => inBothModes(cluster, 'none', events / 2, { repeats: 'atOnce' }),
	oneProcessATrigger: (cluster) =>
		inBothModes(cluster, 'none', events / 2, { spread: 'byTrigger', repeats: 'atOnce' }),
	worker: (cluster) => inBothModes(cluster, 'a worker is killed', events / 10),
	webhook: (cluster) => inBothModes(cluster, 'a webhook process is killed', events / 10),
	redis: (cluster) => inBothModes(cluster, 'Redis is restarted', events / 10),
	exactlyOnce: (cluster) => withWorkerKilled(cluster, eventLogWorkload(cluster.postgres)),
	takeInAndWorkOff: (cluster) => withWorkerKilled(cluster, eventQueueWorkload(cluster.postgres)),
};

/** What is run for a long time, half of the events in each mode. */
const SOAK_PARTS: Record<string, () => Promise<void>> = {
	whenReceived: () => soakIn('onReceived'),
	whenSucceeded: () => soakIn('lastNode'),
};

/** Programs that are needed and not there, by suite. */
const MISSING: Record<string, () => string[]> = {
	queue: missingQueuePrograms,
	soak: missingPrograms,
};

let broken = 0;

async function show(scenario: () => Promise<Report>): Promise<void> {
	const report = await timed(scenario);
	print(report);
	broken += report.faults.length;
}

async function fuzzed(): Promise<Report> {
	const inputs = events * 50;
	fuzz({ seed, inputs });
	return { title: `Generated inputs (seed ${seed})`, figures: { inputs }, faults: [] };
}

async function soakIn(acknowledge: 'onReceived' | 'lastNode'): Promise<void> {
	const deployment = await Deployment.start('compose.yaml');
	try {
		await deployment.readyFor('n8n');
		const { port, env } = deployment.n8n('n8n');
		const n8n = { port, env: { ...env, ...SOAK_SETTINGS, N8N_LOG_LEVEL: 'info' } };
		await Stage.run({ n8n, gate: deployment.gate }, async (stage) => {
			const maxMinutes = Number(values.minutes);
			const run = { acknowledge, events: events / 2, seed, restarts: 4, maxMinutes };
			await show(() => soak(stage, deployment, run));
		});
	} finally {
		await deployment.stop();
	}
}

async function exactlyOnceUnderKills(): Promise<void> {
	if (!runtime.postgres) {
		console.log('\nExactly once in a database: LEFT OUT, PostgreSQL is not installed here.');
		return;
	}
	const postgres = await PostgresServer.start();
	try {
		const workload = eventLogWorkload(postgres);
		await Stage.run({}, async (stage) => {
			const run = { events: events / 10, seed, moments: MOMENTS, workload };
			await show(() => kills(stage, { acknowledge: 'lastNode', ...run }));
		});
	} finally {
		await postgres.stop();
	}
}

/** Without a proxy in front: SendGrid posts to n8n itself, which carries the gate in its process. */
async function restartsWithPreloadedGate(): Promise<void> {
	await Stage.run({ gate: 'none', n8n: { env: WEBHOOK_GATE } }, async (stage) => {
		await show(() => restarts(stage, { events, seed, times: 5 }));
		await show(() => startingUp(stage, { times: 5, gate: true }));
	});
}

async function restartsBehind(program: GateProgram): Promise<void> {
	if (!runtime[program]) {
		console.log(`\nRestarts behind ${program}: LEFT OUT, it is not installed here.`);
		return;
	}
	await Stage.run({ gate: { program } }, async (stage) => {
		await show(() => restarts(stage, { events, seed, times: 5 }));
		await show(() => startingUp(stage, { times: 5, gate: true }));
	});
}

async function withWorkerKilled(cluster: Cluster, workload: Workload): Promise<void> {
	const incident = 'a worker is killed';
	const run = { acknowledge: 'lastNode', incident, spread: 'inTurn' } as const;
	await show(() => queueMode(cluster, { ...run, events: events / 10, seed, workload }));
}

/** By default posts go to the webhook processes in turn: the harder case. */
async function inBothModes(
	cluster: Cluster,
	incident: Incident,
	count: number,
	others: Partial<QueueOptions> = {},
): Promise<void> {
	const run = { incident, events: count, seed, spread: 'inTurn', ...others } as const;
	for (const acknowledge of ['onReceived', 'lastNode'] as const) {
		await show(() => queueMode(cluster, { acknowledge, ...run }));
	}
}

async function main(): Promise<void> {
	const isQueue = suite === 'queue';
	const parts = suite === 'soak' ? SOAK_PARTS : PARTS;
	const known = Object.keys(isQueue ? QUEUE_PARTS : parts);
	const names = values.only?.split(',') ?? known;
	const unknown = names.filter((name) => !known.includes(name));
	if (unknown.length > 0) {
		throw new Error(`Not understood: ${unknown.join()}. Parts: ${known.join()}`);
	}
	const missing = MISSING[suite ?? '']?.() ?? missingGate();
	if (missing.length > 0) {
		throw new Error(`This needs ${missing.join(' and ')}, which is not installed here.`);
	}
	console.log(`Seed ${seed}, ${events} events. Parts: ${names.join(', ')}.`);
	if (isQueue) {
		await runCluster(async (cluster) => {
			for (const name of names) await QUEUE_PARTS[name]!(cluster);
		});
	} else {
		for (const name of names) await parts[name]!();
	}
	console.log(broken === 0 ? '\nAll promises held.' : `\n${broken} promises were broken.`);
	process.exitCode = broken === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
