import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { normalizeEvent } from '../../nodes/SendGrid/events/normalize';
import { sampleEvent, type PostedEvent } from '../../emulator';
import { fencedBlocks, inlineCode, PROJECT, readText } from '../support/documentation';
import { fillEventLog } from '../support/eventLogFilling';
import { createExampleTables, emptyTables, runExampleSql } from '../support/examples';
import { PostgresServer, type PostgresDatabase } from '../support/PostgresServer';
import { runtime } from '../../scripts/n8n/runtime';

const describeWithPostgres = runtime.postgres ? describe : describe.skip;

const inParallel = async <T>(count: number, work: () => Promise<T[]>): Promise<T[]> =>
	(await Promise.all(Array.from({ length: count }, work))).flat();

/** The tables that examples keep beside the event log, without n8n: what holds when runs meet. */
describeWithPostgres('The tables of the examples', () => {
	let server: PostgresServer;
	let database: PostgresDatabase;

	beforeAll(async () => {
		server = await PostgresServer.start();
		database = await createExampleTables(server, 'examples');
	});

	afterAll(async () => {
		await server?.stop();
	});

	beforeEach(async () => await emptyTables(server, database));

	const ask = async <Row = Record<string, unknown>>(sql: string) =>
		await server.query<Row>(database, sql);
	const json = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", "''")}'`;
	/** Functions that change rows cannot stand in the query that `ask` wraps. */
	const call = async (sql: string) => {
		const lines = (await server.execute(database, `COPY (${sql}) TO STDOUT`)).trim();
		return lines === '' ? [] : lines.split('\n').map((line) => line.split('\t'));
	};
	const store = async (...events: PostedEvent[]) =>
		await call(
			`SELECT store_sendgrid_events(${json(events.map((event) => normalizeEvent(event)))})`,
		);

	describe('of records in a CRM', () => {
		const mail = { sg_message_id: 'm1.recvd', email: 'ann@example.com', recordId: 'rec/7' };
		const claim = async () =>
			await call(
				`SELECT "recordId", revision, state ->> 'clickCount' FROM claim_record_updates(10)`,
			);
		const settle = async (revision: number, status: number | 'NULL', problem = 'NULL') =>
			await call(
				`SELECT settle_record_update('m1', 'ann@example.com', ${revision}, ${status}, ${problem})`,
			);
		const letTimePass = async (time: string) =>
			await server.execute(
				database,
				`UPDATE sendgrid_record_updates SET try_after = try_after - interval '${time}'`,
			);

		test('give a changed record to one of the runs that ask at the same time', async () => {
			const events = Array.from({ length: 40 }, (_, index) =>
				sampleEvent('open', { sg_message_id: `m${index}.recvd`, recordId: String(index) }),
			);
			await store(...events);
			const claimed = (await inParallel(8, claim)).map(([record]) => record);
			expect(claimed).toHaveLength(40);
			expect(new Set(claimed)).toEqual(new Set(events.map(({ recordId }) => recordId)));
		});

		test('never have an old total replace a newer one', async () => {
			await store(sampleEvent('click', mail));
			expect(await claim()).toEqual([['rec/7', '1', '1']]);
			// While the first total is under way, nobody is given a second.
			await store(sampleEvent('click', mail));
			expect(await claim()).toEqual([]);
			await settle(1, 200);
			expect(await claim()).toEqual([['rec/7', '2', '2']]);
			await settle(2, 204);
			expect(await claim()).toEqual([]);
		});

		test('give a record again when the run that took it did not come back', async () => {
			await store(sampleEvent('click', mail));
			await claim();
			await letTimePass('6 minutes');
			expect(await claim()).toEqual([['rec/7', '1', '1']]);
		});

		test.each([503, 429, 401, 'NULL'] as const)(
			'try later, and ever later, after the answer %s',
			async (status) => {
				await store(sampleEvent('click', mail));
				for (const minutes of [1, 2, 4]) {
					await claim();
					expect(await settle(1, status, "'away'")).toEqual([['later']]);
					await letTimePass(`${minutes * 60 - 5} seconds`);
					expect(await claim()).toEqual([]);
					await letTimePass('5 seconds');
				}
				expect(await claim()).toEqual([['rec/7', '1', '1']]);
			},
		);

		test('leave a refused record alone until there is news of it', async () => {
			await store(sampleEvent('click', mail));
			await claim();
			expect(await settle(1, 404)).toEqual([['refused']]);
			await letTimePass('1 year');
			expect(await claim()).toEqual([]);
			expect(await ask('SELECT problem FROM sendgrid_record_updates')).toEqual([
				{ problem: 'Status 404' },
			]);
			await store(sampleEvent('click', mail));
			expect(await claim()).toEqual([['rec/7', '2', '2']]);
		});
	});

	describe('of follow-ups', () => {
		const click = { messageId: 'm1', email: 'ann@example.com', timestamp: '2026-11-20T10:00:00Z' };
		const remember = async (...clicks: object[]) =>
			await call(`SELECT remember_follow_ups(${json(clicks)})`);
		const claim = async () => await call('SELECT "messageId", email FROM claim_follow_ups()');
		const settle = async (sentId: string, problem: string) =>
			await call(`SELECT settle_follow_up('m1', 'ann@example.com', ${sentId}, ${problem})`);
		const letTimePass = async () =>
			await server.execute(
				database,
				`UPDATE sendgrid_follow_ups SET try_after = try_after - interval '1 day'`,
			);

		test('give each person to one of the executions that ask at the same time', async () => {
			const clicks = Array.from({ length: 30 }, (_, index) => ({
				...click,
				email: `reader-${index % 20}@example.com`,
			}));
			const added = await inParallel(4, async () => await remember(...clicks));
			expect(added.map(([count]) => Number(count)).reduce((sum, count) => sum + count)).toBe(20);
			const claimed = (await inParallel(8, claim)).map(([, email]) => email);
			expect(claimed).toHaveLength(20);
			expect(new Set(claimed).size).toBe(20);
			expect(await remember(...clicks)).toEqual([['0']]);
			expect(await claim()).toEqual([]);
		});

		test('try again what was surely not sent, ten times', async () => {
			await remember(click);
			for (let attempt = 1; attempt <= 10; attempt++) {
				expect(await claim()).toHaveLength(1);
				expect(await claim()).toEqual([]);
				const state = attempt < 10 ? 'due' : 'failed';
				expect(await settle('NULL', "'Not sent. Sign-in failed'")).toEqual([[state]]);
				await letTimePass();
			}
			expect(await claim()).toEqual([]);
		});

		test('never repeat what was perhaps sent', async () => {
			await remember(click);
			await claim();
			expect(await settle('NULL', "'Perhaps sent. No answer'")).toEqual([['sending']]);
			await letTimePass();
			expect(await claim()).toEqual([]);
		});
	});

	describe('of sends', () => {
		const result = async () =>
			(await ask<{ result: string }>('SELECT result FROM sendgrid_send_results'))[0]!.result;
		const record = async () => {
			const [[id]] = (await call(`SELECT record_send(' Ann@example.com', 'Hello')`)) as [[string]];
			return id;
		};
		const settle = async (id: string, messageId: string, problem: string) =>
			await call(`SELECT * FROM settle_send('${id}', ${messageId}, ${problem})`);
		const mail = { email: 'Ann@example.com', sg_message_id: 'm1.recvd' };

		test('say what became of a mail, also when no event tells', async () => {
			const id = await record();
			expect(await result()).toBe('unknown');
			await settle(id, "'m1'", 'NULL');
			expect(await result()).toBe('accepted');
			await store(sampleEvent('processed', mail));
			expect(await result()).toBe('on its way');
			await store(sampleEvent('delivered', mail));
			expect(await result()).toBe('delivered');
		});

		test.each([
			['not accepted', "'Not sent. Access forbidden'"],
			['unknown', "'Perhaps sent. No answer'"],
		])('are %s after the error %s', async (expected, problem) => {
			await settle(await record(), 'NULL', problem);
			expect(await result()).toBe(expected);
		});

		test.each([
			['dropped', sampleEvent('dropped', mail)],
			['bounced', sampleEvent('bounce', mail)],
			['delivered', sampleEvent('open', mail)],
		])('are %s when the event says so', async (expected, event) => {
			await settle(await record(), "'m1'", 'NULL');
			await store(event);
			expect(await result()).toBe(expected);
		});

		test('find the events of a mail whose execution was stopped before it noted the message', async () => {
			const id = await record();
			await store(sampleEvent('delivered', { ...mail, sendId: id }));
			expect(await result()).toBe('delivered');
		});
	});

	describe('of messages, with the totals of the email activity', () => {
		const mail = { sg_message_id: 'm1.recvd', email: 'ann@example.com' };
		const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
		const activity = (more: object = {}) => ({
			messageId: 'm1',
			sgMessageId: 'm1.recvd',
			toEmail: 'Ann@example.com',
			opensCount: 3,
			clicksCount: 1,
			lastEventTime: `${twoDaysAgo.toISOString().slice(0, 19)}Z`,
			...more,
		});
		const storeActivity = async (...messages: object[]) =>
			await call(`SELECT store_sendgrid_activity(${json(messages)})`);
		const totals = async () =>
			await ask('SELECT message_id, email, opens, machine_opens, clicks FROM sendgrid_messages');
		const ann = { message_id: 'm1', email: 'ann@example.com' };

		test('are raised to them, and events that come later add to them', async () => {
			await store(
				sampleEvent('open', mail),
				sampleEvent('open', { ...mail, sg_machine_open: true }),
			);
			expect(await storeActivity(activity())).toEqual([['1']]);
			expect(await totals()).toEqual([{ ...ann, opens: 2, machine_opens: 1, clicks: 1 }]);
			expect(await storeActivity(activity())).toEqual([['0']]);
			await store(sampleEvent('click', mail));
			expect(await totals()).toEqual([{ ...ann, opens: 2, machine_opens: 1, clicks: 2 }]);
			// SendGrid counts 30 days; the log goes back further.
			expect(await storeActivity(activity({ opensCount: 1 }))).toEqual([['0']]);
			expect(await totals()).toEqual([{ ...ann, opens: 2, machine_opens: 1, clicks: 2 }]);
		});

		test('exist for mail of which no event arrived, first read by then at the latest', async () => {
			expect(await storeActivity(activity(), activity({ toEmail: 'bob@example.com' }))).toEqual([
				['2'],
			]);
			expect(await totals()).toEqual([
				{ ...ann, opens: 3, machine_opens: 0, clicks: 1 },
				{ ...ann, email: 'bob@example.com', opens: 3, machine_opens: 0, clicks: 1 },
			]);
			expect(
				await ask(
					`SELECT last_event, last_event_at = first_opened_at AND first_opened_at = first_clicked_at
						AS at_the_latest FROM sendgrid_messages`,
				),
			).toEqual(Array(2).fill({ last_event: 'click', at_the_latest: true }));
			expect(await ask('SELECT event_id FROM sendgrid_events')).toEqual([]);
		});

		test('wait while SendGrid may still post the last event again', async () => {
			const lastEventTime = new Date(Date.now() - 24 * 3_600_000).toISOString();
			expect(await storeActivity(activity({ lastEventTime }))).toEqual([['0']]);
			expect(await totals()).toEqual([]);
		});
	});

	test('people: last bounce, last unsubscribe, and what was read in 30 days', async () => {
		const daysAgo = (days: number) => Math.floor(Date.now() / 1000) - days * 86_400;
		const ann = (days: number, more: object = {}) => ({
			email: 'ann@example.com',
			sg_message_id: `m${days}.recvd`,
			timestamp: daysAgo(days),
			...more,
		});
		await store(
			sampleEvent('delivered', ann(5)),
			sampleEvent('open', ann(5)),
			sampleEvent('open', ann(4, { sg_machine_open: true })),
			sampleEvent('click', ann(3)),
			sampleEvent('open', ann(45)),
			sampleEvent('delivered', ann(100)),
			sampleEvent('bounce', ann(60, { status: '4.2.2', reason: 'mailbox full' })),
			sampleEvent('unsubscribe', ann(2)),
			sampleEvent('delivered', { email: 'bob@example.com', timestamp: daysAgo(1) }),
		);
		const day = (column: string) => `extract(day FROM now() - ${column})::integer AS ${column}`;
		expect(
			await ask(`SELECT email, delivered_in_90_days, opens_in_30_days, clicks_in_30_days,
				last_bounce_reason, no_mail, no_marketing, ${day('last_bounce_at')},
				${day('last_unsubscribe_at')}, ${day('last_read_at')}
				FROM sendgrid_people ORDER BY email`),
		).toEqual([
			{
				email: 'ann@example.com',
				delivered_in_90_days: 1,
				opens_in_30_days: 1,
				clicks_in_30_days: 1,
				last_bounce_reason: 'mailbox full',
				no_mail: false,
				no_marketing: true,
				last_bounce_at: 60,
				last_unsubscribe_at: 2,
				last_read_at: 3,
			},
			{
				email: 'bob@example.com',
				delivered_in_90_days: 1,
				opens_in_30_days: 0,
				clicks_in_30_days: 0,
				last_bounce_reason: null,
				no_mail: false,
				no_marketing: false,
				last_bounce_at: null,
				last_unsubscribe_at: null,
				last_read_at: null,
			},
		]);
	});

	test('problems are told once, though two runs ask at the same time', async () => {
		const report = {
			kind: 'signatureMismatch',
			count: 3,
			since: '2026-11-20T10:00:00.000Z',
			problem: 'Three posts were refused.',
			whatToDo: 'Check the key.',
		};
		await call(`SELECT store_sendgrid_problems(${json([report])})`);
		const told = async () => await call('SELECT problem FROM untold_sendgrid_problems()');
		expect(await inParallel(4, told)).toEqual([['Three posts were refused. Check the key.']]);
		expect(await ask('SELECT kind, count FROM sendgrid_problems')).toEqual([
			{ kind: 'signatureMismatch', count: 3 },
		]);
	});

	test('retention drops old events, but neither their counts nor whom not to mail', async () => {
		const old = { timestamp: Math.floor(Date.now() / 1000) - 400 * 86_400 };
		await store(
			sampleEvent('bounce', { ...old, sg_message_id: 'old.recvd', email: 'old@example.com' }),
			sampleEvent('open', { timestamp: old.timestamp + 50 * 86_400, sg_message_id: 'new.recvd' }),
		);
		expect(await call(`SELECT * FROM drop_old_sendgrid_events('1 year')`)).toEqual([['1', '1']]);
		expect(await ask('SELECT message_id FROM sendgrid_events')).toEqual([{ message_id: 'new' }]);
		expect(await ask('SELECT message_id FROM sendgrid_messages')).toEqual([{ message_id: 'new' }]);
		expect(await ask('SELECT sum(events) AS events FROM sendgrid_daily')).toEqual([{ events: 2 }]);
		expect(await ask('SELECT email FROM sendgrid_do_not_mail')).toEqual([
			{ email: 'old@example.com' },
		]);
		await expect(call(`SELECT * FROM drop_old_sendgrid_events('1 day')`)).rejects.toThrow(
			'Keep events for 7 days or more',
		);
	});

	test('health names each kind of event of which more than one in a hundred is missing', async () => {
		const day = Date.parse('2026-11-20T12:00:00Z') / 1000;
		const events = (name: 'processed' | 'delivered', count: number) =>
			Array.from({ length: count }, () => sampleEvent(name, { timestamp: day }));
		const missing = async (requested: number, processed: number, delivered: number) =>
			(
				await ask<{ problem: string }>(
					`SELECT * FROM missing_sendgrid_events('2026-11-20', ${requested}, ${processed}, ${delivered}, 'UTC')`,
				)
			).map(({ problem }) => problem.replace(/ Look in .*/, ''));
		await store(...events('processed', 198), ...events('delivered', 150));
		expect(await missing(200, 200, 150)).toEqual([]);
		// Three events of each mail, and still most deliveries are missing.
		expect(await missing(200, 200, 190)).toEqual([
			'On 2026-11-20 SendGrid counted 190 mails as delivered, but only 150 such events arrived.',
		]);
		expect(await missing(205, 201, 150)).toEqual([
			'On 2026-11-20 SendGrid counted 201 mails as processed, but only 198 such events arrived.',
			'On 2026-11-20 SendGrid counted 4 mails as dropped, but only 0 such events arrived.',
		]);
	});

	test('stay as they are when the files are run again; days that were not counted are', async () => {
		await store(sampleEvent('click', { recordId: '7' }), sampleEvent('open'));
		const tables = async () => [
			await ask('SELECT * FROM sendgrid_daily ORDER BY kind'),
			await ask('SELECT * FROM sendgrid_messages'),
			await ask('SELECT * FROM sendgrid_record_updates'),
		];
		const before = await tables();
		await runExampleSql(server, database);
		expect(await tables()).toEqual(before);
		await server.execute(database, 'TRUNCATE sendgrid_daily');
		await runExampleSql(server, database);
		expect(await tables()).toEqual(before);
	});

	test("the queries in the examples' README work", async () => {
		const queries = fencedBlocks(readText('examples/README.md'), 'sql');
		expect(queries.length).toBeGreaterThan(3);
		for (const query of queries) await server.execute(database, query);
	});

	test("the command in the examples' README makes the tables", async () => {
		const empty = await server.createDatabase('typed');
		const [command] = fencedBlocks(readText('examples/README.md'), 'sh');
		await server.shell(command!, path.join(PROJECT, 'examples/sql'), empty);
		await server.execute(empty, 'SELECT FROM sendgrid_events, sendgrid_do_not_mail');
	});
});

describeWithPostgres('docs/production.md', () => {
	test('has a backup restored with what was there, and asks for its size', async () => {
		const server = await PostgresServer.start();
		const folder = await mkdtemp(path.join(tmpdir(), 'backup-'));
		try {
			const database = await createExampleTables(server, 'n8n');
			await fillEventLog(server, database, 100);
			const page = readText('docs/production.md');
			const [backup, restore] = ['pg_dump', 'pg_restore'].map((program) =>
				fencedBlocks(page, 'sh').find((block) => block.includes(program)),
			);
			/** What is typed inside the container of PostgreSQL. */
			const inside = (block = '') => block.match(/(?<=^docker compose exec -T postgres ).*$/m)![0];
			const count = async () =>
				await server.query(database, 'SELECT count(*), min(event_id) FROM sendgrid_events');
			const before = await count();
			await server.shell(inside(backup), folder, database);
			await server.execute(database, 'DROP TABLE sendgrid_events CASCADE');
			await server.shell(inside(restore), folder, database);
			expect(await count()).toEqual(before);
			const [query] = inlineCode(page).filter((code) => code.startsWith('SELECT '));
			await server.execute(database, query!);
		} finally {
			await server.stop();
			await rm(folder, { recursive: true });
		}
	});
});
