import { setTimeout as sleep } from 'node:timers/promises';
import { TRIGGER, wires, withCredential } from '../../scripts/n8n/workflow';
import { createEventQueue, createPostgresCredential, readExample } from '../support/examples';
import type { PostgresDatabase, PostgresServer } from '../support/PostgresServer';
import type { Stage } from './stage';
import type { Workload } from './workload';

/** Events whose execution was killed come back after this instead of ten minutes. */
const PATIENCE = '10 seconds';

/** How long the last events may take to be marked as done. */
const MARKED_WITHIN_MS = 60_000;

/**
 * The examples "Take events in" and "Work events off" under faults: one workflow writes the events
 * down while SendGrid waits, the other one works them off. The collector is called by the second.
 */
export function eventQueueWorkload(server: PostgresServer): Workload {
	let database: PostgresDatabase;
	let databases = 0;
	let worksOff: string | undefined;
	return {
		name: 'taken in and worked off',

		async build(base, { client, collector }: Stage) {
			if (worksOff !== undefined) await client.deactivate(worksOff);
			database = await createEventQueue(server, `event_queue_${++databases}`);
			const credential = withCredential(await createPostgresCredential(client, database));

			const second = await readExample('work-events-off', {
				'Every ten seconds': { rule: { interval: [{ field: 'seconds', secondsInterval: 1 }] } },
				'Claim events': { query: `SELECT event FROM claim_sendgrid_events(100, '${PATIENCE}')` },
			});
			const work = { ...collector.node('', 'Events'), name: 'Your work here' };
			const nodes = second.nodes.map((node) => {
				if (node.name === work.name) return work;
				return node.credentials ? { ...node, ...credential } : node;
			});
			({ id: worksOff } = await client.createWorkflow({ ...second, nodes }));
			await client.activate(worksOff);

			const first = await readExample('take-events-in');
			const write = first.nodes.find(({ name }) => name === 'Write down')!;
			const trigger = base.nodes.find(({ name }) => name === TRIGGER)!;
			return {
				...first,
				nodes: [trigger, { ...write, ...credential }],
				connections: wires([TRIGGER, write.name]),
			};
		},

		async check(eventIds) {
			let rows = await rowsOf(server, database);
			// What was worked on is marked a moment later, or is given out once more.
			for (const end = Date.now() + MARKED_WITHIN_MS; Date.now() < end; await sleep(200)) {
				if (rows.every(({ done }) => done)) break;
				rows = await rowsOf(server, database);
			}
			const stored = new Set(rows.map(({ event_id }) => event_id));
			const missing = eventIds.filter((id) => !stored.has(id));
			const open = rows.filter(({ done }) => !done);
			return [
				...(missing.length > 0 ? [`${missing.length} events were not written down`] : []),
				...(rows.length > new Set(eventIds).size ? ['there are more rows than events'] : []),
				...(open.length > 0 ? [`${open.length} events are not marked as done`] : []),
			];
		},
	};
}

async function rowsOf(server: PostgresServer, database: PostgresDatabase) {
	return await server.query<{ event_id: string; done: boolean }>(
		database,
		'SELECT event_id, done_at IS NOT NULL AS done FROM sendgrid_queue',
	);
}
