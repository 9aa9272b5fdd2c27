/**
 * How long the example "A page of your events" takes with a million events:
 *
 *   node scripts/bootstrap.mjs run test/bench/eventsPage.ts
 *
 * Times are those of PostgreSQL's client, its start included; n8n's own share does not grow with the
 * number of events.
 */
import { performance } from 'node:perf_hooks';
import { createExampleTables } from '../support/examples';
import { fillEventLog } from '../support/eventLogFilling';
import { PostgresServer } from '../support/PostgresServer';

const EVENTS = 1_000_000;
const CALLS = 15;

async function main(): Promise<void> {
	const server = await PostgresServer.start();
	try {
		const database = await createExampleTables(server, 'events');
		const filling = performance.now();
		await fillEventLog(server, database, EVENTS);
		const seconds = (performance.now() - filling) / 1000;
		console.log(`${EVENTS} events stored in ${seconds.toFixed(0)} s`);
		const [{ email, message_id: message }] = (await server.query<Record<string, string>>(
			database,
			'SELECT email, message_id FROM sendgrid_events LIMIT 1',
		)) as [Record<string, string>];
		for (const search of ['', email!, message!]) {
			const times: number[] = [];
			for (let call = 0; call < CALLS; call++) {
				const start = performance.now();
				await server.execute(database, `SELECT sendgrid_events_page('${search}')`);
				times.push(performance.now() - start);
			}
			const sorted = times.sort((a, b) => a - b);
			const [median, slowest] = [sorted[Math.floor(CALLS / 2)]!, sorted.at(-1)!];
			console.log(
				`${search || 'overview'}: median ${median.toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms`,
			);
		}
	} finally {
		await server.stop();
	}
}

void main();
