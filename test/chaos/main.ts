/**
 * Shows under faults, on a real n8n, what the trigger promises; see docs/guarantees.md.
 *
 *   npm run test:chaos                          all of it, about half an hour
 *   npm run test:chaos -- --only kills          one part
 *   npm run test:chaos -- --events 2000         smaller: 20,000 events and 10,000 forged posts else
 *   npm run test:chaos -- --seed 7              other events, posts and moments
 *   npm run test:queue                          queue mode, with the same options
 */
import { parseArgs } from 'node:util';
import { PostgresServer } from '../e2e/support/PostgresServer';
import { runtime } from '../e2e/support/runtime';
import { ABUSE_SETTINGS, forgedPosts, largePosts, slowSender } from './abuse';
import { eventLogWorkload } from './eventLogWorkload';
import { kills } from './kills';
import { outage } from './outage';
import { INCIDENTS, queueMode, runCluster, type Incident } from './queue';
import { print, timed, type Report } from './report';
import { restarts } from './restarts';
import { missingPrograms } from './services';
import { Stage } from './stage';
import { failingWorkflow, slowWorkflow } from './workflowFaults';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		events: { type: 'string', default: '20000' },
		only: { type: 'string' },
		seed: { type: 'string', default: '1' },
	},
});

const events = Number(values.events);
const seed = Number(values.seed);

/** What is run, each part with an n8n of its own; each prints what it has shown. */
const PARTS: Record<string, () => Promise<void>> = {
	restarts: () => Stage.run({}, (stage) => show(() => restarts(stage, { events, seed, times: 5 }))),
	kills: () => Stage.run({}, (stage) => show(() => kills(stage, { events, seed, times: 12 }))),
	exactlyOnce: exactlyOnceUnderKills,
	workflows: () =>
		Stage.run({}, async (stage) => {
			await show(() => failingWorkflow(stage, { events: events / 10, seed }));
			await show(() => slowWorkflow(stage, { senderWaitsMs: 10_000 }));
		}),
	outage: () => show(outage),
	abuse: () =>
		Stage.run({ n8n: { env: ABUSE_SETTINGS } }, async (stage) => {
			await show(() => forgedPosts(stage, { posts: events / 2 }));
			await show(() => largePosts(stage));
			await show(() => slowSender(stage, { waitForEnd: true }));
		}),
};

const QUEUE_PARTS: Record<string, () => Promise<void>> = {
	incidents: queueUnderIncidents,
};

let broken = 0;

async function show(scenario: () => Promise<Report>): Promise<void> {
	const report = await timed(scenario);
	print(report);
	broken += report.faults.length;
}

async function exactlyOnceUnderKills(): Promise<void> {
	if (!runtime.postgres) {
		console.log('\nExactly once in a database: LEFT OUT, PostgreSQL is not installed here.');
		return;
	}
	const postgres = await PostgresServer.start();
	try {
		const workload = eventLogWorkload(postgres);
		await Stage.run({}, (stage) =>
			show(() => kills(stage, { events: events / 10, seed, times: 5, workload })),
		);
	} finally {
		await postgres.stop();
	}
}

async function queueUnderIncidents(): Promise<void> {
	const missing = missingPrograms();
	if (missing.length > 0) {
		throw new Error(`Queue mode needs ${missing.join(' and ')}, which is not installed here.`);
	}
	await runCluster(async (cluster) => {
		for (const incident of Object.keys(INCIDENTS) as Incident[]) {
			for (const acknowledge of ['onReceived', 'lastNode'] as const) {
				const share = incident === 'none' ? events / 2 : events / 10;
				await show(() => queueMode(cluster, { acknowledge, incident, events: share, seed }));
			}
		}
		const workload = eventLogWorkload(cluster.postgres);
		const incident = 'a worker is killed';
		const acknowledge = 'lastNode';
		await show(() =>
			queueMode(cluster, { acknowledge, incident, events: events / 10, seed, workload }),
		);
	});
}

async function main(): Promise<void> {
	const parts = positionals[0] === 'queue' ? QUEUE_PARTS : PARTS;
	const names = values.only?.split(',') ?? Object.keys(parts);
	const unknown = names.filter((name) => !(name in parts));
	if (unknown.length > 0) {
		throw new Error(`Not understood: ${unknown.join()}. Parts: ${Object.keys(parts).join()}`);
	}
	console.log(`Seed ${seed}, ${events} events. Parts: ${names.join(', ')}.`);
	for (const name of names) await parts[name]!();
	console.log(broken === 0 ? '\nAll promises held.' : `\n${broken} promises were broken.`);
	process.exitCode = broken === 0 ? 0 : 1;
}

void main();
