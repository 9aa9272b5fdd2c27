import { createEventLog, createPostgresCredential, readExample } from '../support/examples';
import type { PostgresDatabase, PostgresServer } from '../support/PostgresServer';
import { wires, withCredential } from '../../scripts/n8n/workflow';
import { TRIGGER } from '../../scripts/n8n/workflow';
import type { Workload } from './workload';

const STORE = 'Store events';

/** Totals that the tables keep as events come, against totals of the log itself. */
const WRONG_STATES = `
	SELECT message_id FROM sendgrid_messages
	FULL JOIN (
		SELECT message_id, email,
			count(*) FILTER (WHERE event = 'click') AS clicks_in_log,
			count(*) FILTER (WHERE event = 'open') AS opens_in_log,
			max(occurred_at) AS last_event_in_log
		FROM sendgrid_events
		WHERE message_id IS NOT NULL AND email IS NOT NULL
		GROUP BY message_id, email
	) AS log USING (message_id, email)
	WHERE (clicks, opens + machine_opens, last_event_at)
		IS DISTINCT FROM (clicks_in_log, opens_in_log, last_event_in_log)`;

/**
 * The example "Event log in PostgreSQL" under faults: when all is delivered, each event is one row,
 * and the states made from the rows have counted each once.
 */
export function eventLogWorkload(server: PostgresServer): Workload {
	let database: PostgresDatabase;
	let databases = 0;
	return {
		name: 'into the tables of the event log',

		async build(base, { client }) {
			database = await createEventLog(server, `event_log_${++databases}`);
			const credential = await createPostgresCredential(client, database);
			const example = await readExample('event-log-postgres');
			const store = {
				...example.nodes.find(({ name }) => name === STORE)!,
				...withCredential(credential),
			};
			// Stored first: a kill while the collector holds the run is a kill before the answer.
			const [work] = base.connections[TRIGGER]!.main![0]!;
			return {
				...base,
				nodes: [...base.nodes, store],
				connections: wires([TRIGGER, STORE], [STORE, work!.node]),
			};
		},

		async check(eventIds) {
			const rows = await server.query<{ event_id: string }>(
				database,
				'SELECT event_id FROM sendgrid_events',
			);
			const stored = new Set(rows.map(({ event_id }) => event_id));
			const missing = eventIds.filter((id) => !stored.has(id));
			const wrongStates = await server.query(database, WRONG_STATES);
			return [
				...(missing.length > 0 ? [`${missing.length} events have no row`] : []),
				...(rows.length > new Set(eventIds).size ? ['there are more rows than events'] : []),
				...(wrongStates.length > 0
					? [`the state of ${wrongStates.length} messages disagrees with the log`]
					: []),
			];
		},
	};
}
