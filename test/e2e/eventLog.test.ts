import fc from 'fast-check';
import { EVENT_TYPES } from '../../nodes/SendGrid/events/eventTypes';
import { normalizeEvent, type SendGridEvent } from '../../nodes/SendGrid/events/normalize';
import { sampleEvent } from '../../emulator';
import { createEventLog } from '../support/examples';
import { PostgresServer, type PostgresDatabase } from '../support/PostgresServer';
import { runtime } from '../../scripts/n8n/runtime';

/** What the tables say when all is in; when something arrived does not count. */
const STATE = `SELECT
	(SELECT json_agg(to_jsonb(e) - 'received_at' ORDER BY event_id) FROM sendgrid_events e) AS events,
	(SELECT json_agg(m ORDER BY message_id, email) FROM sendgrid_messages m) AS messages,
	(SELECT json_agg(s ORDER BY email, cause, group_id) FROM sendgrid_suppressions s) AS suppressions`;

const EMPTY = 'TRUNCATE sendgrid_events, sendgrid_messages, sendgrid_suppressions';

const describeWithPostgres = runtime.postgres ? describe : describe.skip;

describeWithPostgres('The tables of the event log', () => {
	let server: PostgresServer;
	let database: PostgresDatabase;

	beforeAll(async () => {
		server = await PostgresServer.start();
		database = await createEventLog(server, 'events');
	});

	afterAll(async () => {
		await server?.stop();
	});

	beforeEach(async () => await server.execute(database, EMPTY));

	function storing(events: SendGridEvent[]): string {
		return `SELECT store_sendgrid_events('${JSON.stringify(events).replaceAll("'", "''")}')`;
	}

	async function stateAfter(batches: SendGridEvent[][]): Promise<unknown> {
		await server.execute(database, [EMPTY, ...batches.map(storing)].join(';'));
		return await server.query(database, STATE);
	}

	/** Few messages, addresses and seconds, so that much falls together. */
	const anEvent = fc
		.record({
			name: fc.constantFrom(...EVENT_TYPES.map(({ name }) => name)),
			message: fc.constantFrom('m1.recvd', 'm2.recvd', null),
			email: fc.constantFrom('ann@example.com', 'Bob@Example.com'),
			second: fc.integer({ min: 0, max: 4 }),
			type: fc.constantFrom('bounce', 'blocked'),
			machine: fc.boolean(),
			group: fc.constantFrom(1, 2, undefined),
		})
		.map(({ name, message, email, second, type, machine, group }) => ({
			name,
			fields: {
				email: name === 'account_status_change' ? undefined : email,
				sg_message_id: message,
				timestamp: 1_700_000_000 + second,
				type: name === 'bounce' ? type : undefined,
				sg_machine_open: name === 'open' ? machine : undefined,
				asm_group_id: group,
			},
		}));

	const someEvents = fc
		.array(anEvent, { minLength: 1, maxLength: 25 })
		.map((events) =>
			events.map(({ name, fields }, index) =>
				normalizeEvent(sampleEvent(name, { ...fields, sg_event_id: `event-${index}` })),
			),
		);

	const deliveries = someEvents.chain((events) =>
		fc.record({
			events: fc.constant(events),
			// Each event once, some again, in any order and in posts of any size.
			arrivals: fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 20 }).chain((repeats) =>
				fc.shuffledSubarray([...events, ...repeats.map((index) => events[index]!)], {
					minLength: events.length + repeats.length,
				}),
			),
			postSize: fc.integer({ min: 1, max: 10 }),
		}),
	);

	test('are the same whatever the order, the posts and the repeats', async () => {
		await fc.assert(
			fc.asyncProperty(deliveries, async ({ events, arrivals, postSize }) => {
				const posts = Array.from({ length: Math.ceil(arrivals.length / postSize) }, (_, post) =>
					arrivals.slice(post * postSize, (post + 1) * postSize),
				);
				expect(await stateAfter(posts)).toEqual(await stateAfter([events]));
			}),
			{ seed: 20_261_120, numRuns: 40 },
		);
	});

	test('count each event once when executions store the same ones at the same time', async () => {
		const events = Array.from({ length: 300 }, (_, index) =>
			normalizeEvent(
				sampleEvent(index % 2 ? 'click' : 'bounce', {
					sg_event_id: `event-${index}`,
					sg_message_id: `m${index % 40}.recvd`,
					email: `reader-${index % 7}@example.com`,
				}),
			),
		);
		const reversed = [...events].reverse();
		await Promise.all(
			Array.from({ length: 8 }, async (_, execution) => {
				const batch = (execution % 2 ? reversed : events).slice(execution * 10);
				await server.execute(database, storing(batch));
			}),
		);
		const [sums] = await server.query(
			database,
			`SELECT (SELECT count(*) FROM sendgrid_events) AS events,
				(SELECT sum(clicks) FROM sendgrid_messages) AS clicks`,
		);
		expect(sums).toEqual({ events: 300, clicks: 150 });
	});

	test('stop all mail after a hard bounce or a complaint, marketing after an unsubscribe', async () => {
		const at = (second: number, email: string) => ({ email, timestamp: 1_700_000_000 + second });
		await server.execute(
			database,
			storing(
				[
					sampleEvent('bounce', at(0, 'hard@example.com')),
					sampleEvent('bounce', { ...at(0, 'full@example.com'), status: '4.2.2' }),
					sampleEvent('bounce', { ...at(0, 'block@example.com'), type: 'blocked' }),
					sampleEvent('spamreport', at(0, 'spam@example.com')),
					sampleEvent('unsubscribe', at(0, 'left@example.com')),
					// The later one decides, though it comes first.
					sampleEvent('group_resubscribe', at(9, 'back@example.com')),
					sampleEvent('group_unsubscribe', at(3, 'back@example.com')),
					sampleEvent('group_unsubscribe', at(9, 'gone@example.com')),
					sampleEvent('group_resubscribe', at(3, 'gone@example.com')),
				].map((event) => normalizeEvent(event)),
			),
		);
		expect(
			await server.query(database, 'SELECT email, stops FROM sendgrid_do_not_mail ORDER BY email'),
		).toEqual([
			{ email: 'gone@example.com', stops: 'marketing' },
			{ email: 'hard@example.com', stops: 'all' },
			{ email: 'left@example.com', stops: 'marketing' },
			{ email: 'spam@example.com', stops: 'all' },
		]);
	});

	test('answer "what happened to this message" and "did this address bounce" from an index', async () => {
		await server.execute(
			database,
			`INSERT INTO sendgrid_events (event_id, event, email, occurred_at, message_id, raw)
			SELECT n, 'open', n % 5000 || '@example.com', now() - n * interval '1 second', n % 9000, '{}'
			FROM generate_series(1, 50000) AS n;
			ANALYZE sendgrid_events`,
		);
		const plan = async (condition: string) =>
			await server.execute(database, `EXPLAIN SELECT * FROM sendgrid_events WHERE ${condition}`);
		expect(await plan("message_id = 'm1' ORDER BY occurred_at")).toContain(
			'sendgrid_events_message',
		);
		expect(await plan("email = 'ann@example.com' AND event = 'bounce'")).toContain(
			'sendgrid_events_email',
		);
	});
});
