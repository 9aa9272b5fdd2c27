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
	(SELECT json_agg(s ORDER BY email, cause, group_id) FROM sendgrid_suppressions s) AS suppressions,
	(SELECT json_agg(d ORDER BY day, kind, domain) FROM sendgrid_daily d) AS daily`;

const EMPTY = 'TRUNCATE sendgrid_events, sendgrid_messages, sendgrid_suppressions, sendgrid_daily';

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
				(SELECT sum(clicks) FROM sendgrid_messages) AS clicks,
				(SELECT sum(events) FROM sendgrid_daily) AS counted`,
		);
		expect(sums).toEqual({ events: 300, clicks: 150, counted: 300 });
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

	test('know from drops whom SendGrid keeps on its lists from before', async () => {
		const drop = (email: string, reason: string, asm_group_id?: number) =>
			normalizeEvent(sampleEvent('dropped', { email, reason, asm_group_id }));
		await server.execute(
			database,
			storing([
				drop('left@example.com', 'Unsubscribed Address'),
				drop('no-news@example.com', 'Unsubscribed Address', 7),
				drop('annoyed@example.com', 'Spam Reporting Address'),
				drop('gone@example.com', 'Bounced Address'),
				drop('wrong@example.com', 'Invalid'),
				drop('fine@example.com', 'Spam Content'),
			]),
		);
		expect(
			await server.query(
				database,
				'SELECT email, cause, group_id, stops FROM sendgrid_do_not_mail ORDER BY email',
			),
		).toEqual([
			{ email: 'annoyed@example.com', cause: 'spamreport', group_id: 0, stops: 'all' },
			{ email: 'gone@example.com', cause: 'bounce', group_id: 0, stops: 'all' },
			{ email: 'left@example.com', cause: 'unsubscribe', group_id: 0, stops: 'marketing' },
			{ email: 'no-news@example.com', cause: 'group_unsubscribe', group_id: 7, stops: 'marketing' },
			{ email: 'wrong@example.com', cause: 'invalid', group_id: 0, stops: 'all' },
		]);
		const against = async (address: string, group: number) => {
			const sql = `SELECT why_not_to_mail('${address}', ${group}) AS cause`;
			return (await server.query<{ cause: string | null }>(database, sql))[0]!.cause;
		};
		expect(await against(' No-News@example.com ', 7)).toBe('group_unsubscribe');
		expect(await against('no-news@example.com', 8)).toBeNull();
		expect(await against('left@example.com', 8)).toBe('unsubscribe');
		expect(await against('gone@example.com', 8)).toBe('bounce');
		expect(await against('fine@example.com', 7)).toBeNull();
	});

	test('count events by day, by kind and by the domain of the recipient', async () => {
		const at = (timestamp: string, more: object) => ({
			timestamp: Date.parse(timestamp) / 1000,
			email: 'Ann@Example.com',
			...more,
		});
		await server.execute(
			database,
			storing(
				[
					sampleEvent('bounce', at('2026-11-20T23:59:59Z', {})),
					sampleEvent('bounce', at('2026-11-21T00:00:00Z', { type: 'blocked' })),
					sampleEvent('open', at('2026-11-21T10:00:00Z', {})),
					sampleEvent('open', at('2026-11-21T11:00:00Z', { email: 'bob@example.com' })),
					sampleEvent('open', at('2026-11-21T10:00:00Z', { sg_machine_open: true })),
					sampleEvent('account_status_change', at('2026-11-21T10:00:00Z', { email: undefined })),
				].map((event) => normalizeEvent(event)),
			),
		);
		const counts = 'SELECT * FROM sendgrid_daily ORDER BY day, kind';
		expect(await server.query(database, counts)).toEqual([
			{ day: '2026-11-20', kind: 'bounce', domain: 'example.com', events: 1 },
			{ day: '2026-11-21', kind: 'account_status_change', domain: '', events: 1 },
			{ day: '2026-11-21', kind: 'block', domain: 'example.com', events: 1 },
			{ day: '2026-11-21', kind: 'machine_open', domain: 'example.com', events: 1 },
			{ day: '2026-11-21', kind: 'open', domain: 'example.com', events: 2 },
		]);
	});

	test('take text that PostgreSQL cannot store, and change no other', async () => {
		const stored = fc.string({
			unit: fc.constantFrom(
				'\u0000',
				'\\',
				'u0000',
				'ud800',
				'\ud800',
				'\udc00',
				'"',
				'é',
				'\u{1f600}',
			),
			maxLength: 12,
		});
		await fc.assert(
			fc.asyncProperty(stored, async (text) => {
				const literal = JSON.stringify({ text }).replaceAll("'", "''");
				const [row] = await server.query(database, `SELECT storable_json('${literal}') AS stored`);
				// Buffers have no half surrogate pairs either.
				const expected = Buffer.from(text).toString().replaceAll('\u0000', '\ufffd');
				expect(row).toEqual({ stored: { text: expected } });
			}),
			{ seed: 20_261_126, numRuns: 60 },
		);
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
