import { setTimeout as sleep } from 'node:timers/promises';
import { createEventQueue } from '../support/examples';
import { PostgresServer, type PostgresDatabase } from '../support/PostgresServer';
import { runtime } from '../../scripts/n8n/runtime';

const describeWithPostgres = runtime.postgres ? describe : describe.skip;

describeWithPostgres('The table in which events wait', () => {
	let server: PostgresServer;
	let database: PostgresDatabase;

	beforeAll(async () => {
		server = await PostgresServer.start();
		database = await createEventQueue(server, 'waiting');
	});

	afterAll(async () => await server?.stop());

	beforeEach(async () => {
		await server.execute(database, 'TRUNCATE sendgrid_queue');
	});

	async function value<T>(expression: string): Promise<T> {
		const [row] = await server.query<{ value: T }>(database, `SELECT ${expression} AS value`);
		return row!.value;
	}

	function keys(count: number): string[] {
		return Array.from({ length: count }, (_, number) => `event-${number}`);
	}

	/** @returns how many of them are new */
	async function takeIn(ids: readonly string[]): Promise<number> {
		const events = JSON.stringify(ids.map((dedupeKey) => ({ dedupeKey, event: 'open' })));
		return await value(`queue_sendgrid_events('${events}')`);
	}

	/** @returns the keys of the events given out, sorted */
	async function claim(atMost: number, patience = '1 hour'): Promise<string[]> {
		const rows = await server.query<{ event: { dedupeKey: string } }>(
			database,
			`SELECT event FROM claim_sendgrid_events(${atMost}, '${patience}')`,
		);
		return rows.map(({ event }) => event.dedupeKey).sort();
	}

	async function finish(ids: readonly string[]): Promise<number> {
		return await value(`finish_sendgrid_events('${JSON.stringify(ids)}')`);
	}

	test('takes an event in once, also when it is done', async () => {
		await expect(takeIn(keys(3))).resolves.toBe(3);
		await expect(takeIn(keys(4))).resolves.toBe(1);
		await finish(await claim(10));
		await expect(takeIn(keys(4))).resolves.toBe(0);
		await expect(claim(10)).resolves.toEqual([]);
	});

	test('gives an event to one execution at a time', async () => {
		await takeIn(keys(100));
		const claims = await Promise.all(Array.from({ length: 8 }, async () => await claim(10)));
		expect(claims.map((given) => given.length)).toEqual(Array.from({ length: 8 }, () => 10));
		expect(new Set(claims.flat()).size).toBe(80);
	});

	test('gives out again what is not done in time, after what is new', async () => {
		await takeIn(keys(2));
		await claim(10, '1 millisecond');
		await sleep(20);
		await takeIn(['event-new']);
		await expect(claim(1)).resolves.toEqual(['event-new']);
		await expect(claim(10)).resolves.toEqual(keys(2));
		await expect(claim(10)).resolves.toEqual([]);
	});

	test('counts what is done, and forgets it after days', async () => {
		await takeIn(keys(3));
		await claim(10);
		await expect(finish(['event-0', 'event-1', 'event-unknown'])).resolves.toBe(2);
		await expect(finish(['event-0'])).resolves.toBe(0);
		await server.execute(
			database,
			"UPDATE sendgrid_queue SET done_at = done_at - interval '4 days' WHERE event_id = 'event-0'",
		);
		await claim(10);
		const left = await server.query(database, 'SELECT event_id FROM sendgrid_queue ORDER BY 1');
		expect(left).toEqual([{ event_id: 'event-1' }, { event_id: 'event-2' }]);
	});
});
