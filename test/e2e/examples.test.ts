import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { IDataObject } from 'n8n-workflow';
import { DEFAULT_API_KEY, SendGridEmulator, sampleEvent, type PostedEvent } from '../../emulator';
import {
	createEventLog,
	createPostgresCredential,
	createSendGridCredential,
	importExample,
	type Changes,
} from '../support/examples';
import { HttpSink } from './support/HttpSink';
import { itemsOf, N8nClient, type Execution, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { PostgresServer, type PostgresDatabase } from '../support/PostgresServer';
import { n8nVersions, runtime } from '../../scripts/n8n/runtime';

const TRIGGER = 'SendGrid Email Trigger';
const BUTTON = 'When clicking ‘Execute workflow’';
const SCHEDULE = 'Every morning';
const ONCE = { retryDelaysMs: [] };
const DAY_SECONDS = 24 * 60 * 60;

const now = () => Math.floor(Date.now() / 1000);

const testWithPostgres = runtime.postgres ? test : test.skip;

describe.each(n8nVersions)('Examples in n8n %s', (version) => {
	let postgres: PostgresServer | undefined;
	let database: PostgresDatabase;
	let sendGrid: SendGridEmulator;
	let sink: HttpSink;
	let n8n: N8nInstance;
	let client: N8nClient;
	const tried = new Set<string>();

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start();
		sink = await HttpSink.start();
		n8n = await N8nInstance.start({ version });
		client = await N8nClient.setUpOwner(n8n.url);
		await createSendGridCredential(client, { apiKey: DEFAULT_API_KEY, baseUrl: sendGrid.url });
		if (!runtime.postgres) return;
		postgres = await PostgresServer.start();
		database = await createEventLog(postgres, 'events');
		await createPostgresCredential(client, database);
	});

	afterAll(async () => {
		await n8n?.stop();
		await sink?.stop();
		await sendGrid?.stop();
		await postgres?.stop();
	});

	beforeEach(async () => {
		sink.requests.length = 0;
		sink.status = 200;
		await postgres?.execute(
			database,
			'TRUNCATE sendgrid_events, sendgrid_messages, sendgrid_suppressions',
		);
	});

	async function imported(name: string, changes?: Changes): Promise<Workflow> {
		tried.add(`${name}.json`);
		const workflow = await importExample(client, name, changes);
		const nodes = workflow.nodes.filter(({ credentials }) => credentials);
		// n8n has found the credentials by the names that the example gives them.
		for (const { credentials } of nodes) {
			for (const { id } of Object.values(credentials!)) expect(id).toEqual(expect.any(String));
		}
		expect(workflow.nodes[0]).toMatchObject({
			name: 'Read me first',
			type: 'n8n-nodes-base.stickyNote',
			parameters: { content: expect.stringContaining('### What to change') },
		});
		return workflow;
	}

	/** Publishes an example that begins with our trigger, lets `use` post to it, and removes it. */
	async function published(
		name: string,
		changes: Changes,
		use: (
			post: (events: PostedEvent[]) => Promise<number | undefined>,
			workflow: Workflow,
		) => Promise<void>,
	): Promise<void> {
		const workflow = await imported(name, changes);
		await client.activate(workflow.id);
		const { webhookId } = workflow.nodes.find((node) => node.name === TRIGGER)!;
		const webhook = sendGrid.webhooks.find(({ url }) => url.includes(webhookId!))!;
		try {
			await use(async (events) => {
				const [delivery] = await sendGrid.postEvents(webhook.id, events, ONCE);
				return delivery!.status;
			}, workflow);
		} finally {
			await client.deactivate(workflow.id);
		}
	}

	/** Presses "Execute workflow" and waits for the run to succeed. */
	async function run({ id }: Workflow, trigger: string): Promise<Execution> {
		const before = (await client.executions(id)).length;
		await client.runWorkflow(id, trigger);
		const execution = (await client.waitForExecutions(id, before + 1)).at(-1)!;
		expect(execution.data.resultData.error).toBeUndefined();
		return execution;
	}

	async function succeeded({ id }: Workflow, count: number): Promise<Execution[]> {
		const executions = await client.waitForExecutions(id, count);
		for (const { data } of executions) expect(data.resultData.error).toBeUndefined();
		return executions;
	}

	async function createTable(name: string, columns: string[], rows: IDataObject[] = []) {
		const { id: project } = await client.request<{ id: string }>('GET', '/projects/personal');
		const tables = `/projects/${project}/data-tables`;
		const { id } = await client.request<{ id: string }>('POST', tables, {
			name,
			columns: columns.map((column) => ({ name: column, type: 'string' })),
		});
		if (rows.length > 0) {
			await client.request('POST', `${tables}/${id}/insert`, { data: rows, returnType: 'count' });
		}
		return { dataTableId: { __rl: true, mode: 'list', value: id, cachedResultName: name } };
	}

	const ask = async (sql: string) => await postgres!.query(database, sql);

	test('alert-on-bounce tells the channel who bounced and why', async () => {
		const changes = { 'Post to chat': { url: `${sink.url}/chat` } };
		await published('alert-on-bounce', changes, async (post, workflow) => {
			const events = [
				sampleEvent('bounce', { email: 'ann@example.com', orderId: '7', reason: 'no "such" user' }),
				sampleEvent('dropped', { email: 'bob@example.com' }),
			];
			expect(await post(events)).toBe(200);
			await succeeded(workflow, 1);
			expect(await post(events)).toBe(200);
		});
		expect(sink.requests).toEqual([
			{
				method: 'POST',
				path: '/chat',
				body: {
					text: 'Mail to ann@example.com bounced (hard): no "such" user {"orderId":"7"}',
				},
			},
			{
				method: 'POST',
				path: '/chat',
				body: { text: 'Mail to bob@example.com was dropped (hard): Bounced Address {}' },
			},
		]);
	});

	test('follow-up-on-click mails once, however often the link is clicked', async () => {
		const table = await createTable('Follow-ups', ['messageId', 'email']);
		const changes = { 'Not yet followed up': table, Remember: table };
		const mailsBefore = sendGrid.mails.length;
		await published('follow-up-on-click', changes, async (post, workflow) => {
			const click = (more: PostedEvent) =>
				sampleEvent('click', {
					email: 'ann@example.com',
					url: 'https://example.com/pricing?utm_source=mail',
					...more,
				});
			await post([click({}), click({}), click({ url: 'https://example.com/imprint' })]);
			await succeeded(workflow, 1);
			await post([click({}), click({ followUpTo: 'something' })]);
			await succeeded(workflow, 2);
			await post([click({ email: 'bob@example.com' })]);
			await succeeded(workflow, 3);
		});
		const followUps = sendGrid.mails.slice(mailsBefore).map(({ body }) => body);
		expect(followUps.map(({ personalizations }) => personalizations[0]!.to[0]!.email)).toEqual([
			'ann@example.com',
			'bob@example.com',
		]);
		expect(followUps[0]).toMatchObject({ categories: ['follow-up'] });
		expect(JSON.stringify(followUps[0])).toContain('"followUpTo":"14c5d75ce93"');
	});

	testWithPostgres(
		'event-log-postgres keeps each event once, and states that do not double',
		async () => {
			const mail = { sg_message_id: 'mail-1.recvd', email: 'Ann@Example.com', contactId: '42' };
			const at = (second: number) => ({ ...mail, timestamp: 1_700_000_000 + second });
			// As they may come: in no order, repeated in one post and in later ones.
			const first = [
				sampleEvent('click', at(40)),
				sampleEvent('open', { ...at(10), sg_machine_open: true }),
			];
			const second = [
				sampleEvent('processed', at(0)),
				sampleEvent('delivered', { ...at(5), response: 'fine \u0000 \ud800 "\\u0000"' }),
				sampleEvent('open', at(30)),
				sampleEvent('click', at(60)),
				first[0]!,
			];
			await published('event-log-postgres', {}, async (post) => {
				expect(await post([...first, ...first])).toBe(200);
				expect(await post(second)).toBe(200);
				expect(await post([...second, ...first])).toBe(200);
			});
			// Another trigger knows nothing of what the first received: here only the key decides.
			await published('event-log-postgres', {}, async (post, workflow) => {
				expect(await post([...second, ...first])).toBe(200);
				const [execution] = await succeeded(workflow, 1);
				expect(itemsOf(execution!, TRIGGER)).toHaveLength(6);
				expect(itemsOf(execution!, 'Store events')).toEqual([{ newEvents: 0 }]);
			});

			expect(
				await ask(`SELECT event, email, message_id, custom_args, raw ->> 'event' AS raw_event
				FROM sendgrid_events ORDER BY occurred_at`),
			).toEqual(
				['processed', 'delivered', 'open', 'open', 'click', 'click'].map((event) => ({
					event,
					email: 'ann@example.com',
					message_id: 'mail-1',
					custom_args: { contactId: '42' },
					raw_event: event,
				})),
			);
			expect(await ask(`SELECT reason FROM sendgrid_events WHERE event = 'delivered'`)).toEqual([
				{ reason: 'fine \ufffd \ufffd "\\u0000"' },
			]);
			const time = (second: number) => new Date((1_700_000_000 + second) * 1000);
			const [state, ...others] = await ask('SELECT * FROM sendgrid_messages');
			expect(others).toEqual([]);
			expect(state).toMatchObject({
				message_id: 'mail-1',
				email: 'ann@example.com',
				last_event: 'click',
				opens: 1,
				machine_opens: 1,
				clicks: 2,
				bounce_kind: null,
				custom_args: { contactId: '42' },
			});
			for (const [column, second] of [
				['last_event_at', 60],
				['delivered_at', 5],
				['first_opened_at', 30],
				['first_clicked_at', 40],
			] as const) {
				expect([column, new Date(String(state![column]))]).toEqual([column, time(second)]);
			}
		},
	);

	testWithPostgres(
		'event-log-postgres has the sender repeat what the database could not take',
		async () => {
			await published('event-log-postgres', {}, async (post) => {
				await postgres!.execute(database, 'ALTER TABLE sendgrid_events RENAME TO elsewhere');
				const bounce = sampleEvent('bounce', { email: 'gone@example.com' });
				expect(await post([bounce])).toBe(500);
				await postgres!.execute(database, 'ALTER TABLE elsewhere RENAME TO sendgrid_events');
				expect(await post([bounce])).toBe(200);
			});
			expect(await ask('SELECT email, stops, cause FROM sendgrid_do_not_mail')).toEqual([
				{ email: 'gone@example.com', stops: 'all', cause: 'bounce' },
			]);
		},
	);

	testWithPostgres(
		'update-record-per-message sends totals to the record that the mail names',
		async () => {
			const changes = {
				'Update record': {
					url: `=${sink.url}/api/mails/{{ encodeURIComponent($json.recordId) }}`,
				},
			};
			await published('update-record-per-message', changes, async (post, workflow) => {
				const mail = { sg_message_id: 'm1.recvd', email: 'ann@example.com', recordId: 'rec/7' };
				const click = sampleEvent('click', { ...mail, timestamp: 1_700_000_020 });
				expect(await post([click, sampleEvent('open', mail), sampleEvent('open')])).toBe(200);
				expect(await post([sampleEvent('open')])).toBe(200);

				// The CRM is away: SendGrid has to send the event again, which must count once.
				sink.status = 503;
				const second = [sampleEvent('click', { ...mail, timestamp: 1_700_000_030 })];
				expect(await post(second)).toBe(500);
				sink.status = 200;
				sink.requests.splice(1);
				expect(await post(second)).toBe(200);

				await post([sampleEvent('unsubscribe', { ...mail, timestamp: 1_700_000_040 })]);
				await post([
					sampleEvent('bounce', {
						sg_message_id: 'm2.recvd',
						recordId: '8',
						reason: '550 unknown',
					}),
				]);
				await client.waitForExecutions(workflow.id, 6);
			});
			const record = { email: 'ann@example.com', opened: true, clicked: true, bounceReason: null };
			const seven = '/api/mails/rec%2F7';
			expect(sink.requests.map(({ path: to, body }) => [to, body])).toEqual([
				[seven, expect.objectContaining({ ...record, clickCount: 1, optedOut: false })],
				[seven, expect.objectContaining({ ...record, clickCount: 2, optedOut: false })],
				[seven, expect.objectContaining({ ...record, clickCount: 2, optedOut: true })],
				[
					'/api/mails/8',
					expect.objectContaining({ opened: false, bounceReason: '550 unknown', recordId: '8' }),
				],
			]);
			expect(sink.requests[0]!.method).toBe('PATCH');
		},
	);

	test('suppress-before-sending leaves out who bounced, and says why', async () => {
		sendGrid.account().addSuppression('bounces', { email: 'ann@example.com', reason: '550 gone' });
		sendGrid.account().addSuppression('blocks', { email: 'bob@example.com', reason: 'greylisted' });
		const mailsBefore = sendGrid.mails.length;
		const execution = await run(await imported('suppress-before-sending'), BUTTON);
		const [mail, ...others] = sendGrid.mails.slice(mailsBefore);
		expect(others).toEqual([]);
		expect(mail!.body.personalizations.map(({ to }) => to[0]!.email)).toEqual(['bob@example.com']);
		expect(JSON.stringify(mail!.body)).toContain('Bob');
		expect(itemsOf(execution, 'Left out')).toMatchObject([
			{ email: 'ann@example.com', reasons: [{ list: 'bounces', reason: '550 gone' }] },
		]);
	});

	test('wait-for-the-click goes on with what became of the mail', async () => {
		const workflow = await imported('wait-for-the-click', {
			'Tell sales': { url: `${sink.url}/sales` },
		});
		await client.activate(workflow.id);
		await run(workflow, BUTTON);
		await client.deactivate(workflow.id);
		expect(sink.requests).toEqual([
			{
				method: 'POST',
				path: '/sales',
				body: { text: 'bob@example.net opened https://example.com/offer' },
			},
		]);
	});

	test('send-to-many-from-a-table mails everybody once, in one call', async () => {
		const rows = Array.from({ length: 120 }, (_, index) => ({
			email: `reader-${index}@example.com`,
			name: `Reader ${index}`,
			contactId: String(index),
		}));
		const table = await createTable('Recipients', Object.keys(rows[0]!), [...rows, rows[0]!]);
		const mailsBefore = sendGrid.mails.length;
		const workflow = await imported('send-to-many-from-a-table', { Recipients: table });
		const execution = await run(workflow, BUTTON);
		const [mail, ...others] = sendGrid.mails.slice(mailsBefore);
		expect(others).toEqual([]);
		expect(mail!.body.personalizations).toHaveLength(120);
		expect(mail!.body.personalizations[7]).toMatchObject({
			to: [{ email: 'reader-7@example.com' }],
			custom_args: { contactId: '7' },
		});
		const results = itemsOf(execution, 'Send to all');
		expect(results).toHaveLength(121);
		expect(results.every(({ messageId }) => messageId === mail!.messageId)).toBe(true);
		expect(results.at(-1)).toMatchObject({ duplicateOf: 0 });
	});

	testWithPostgres(
		'catch-up-after-an-outage stores what the lists gained; a second run changes nothing',
		async () => {
			const account = sendGrid.account();
			const created = now() - DAY_SECONDS;
			account.addSuppression('bounces', { email: 'Bounced@example.com', created, reason: '550' });
			account.addSuppression('blocks', { email: 'blocked@example.com', created });
			account.addSuppression('spam_reports', { email: 'annoyed@example.com', created });
			account.addSuppression('unsubscribes', { email: 'left@example.com', created });
			account.addSuppression('invalid_emails', { email: 'nobody@example.com', created });
			account.addSuppression('bounces', {
				email: 'old@example.com',
				created: created - 9 * DAY_SECONDS,
			});
			account.addGroup({ name: 'News' }).suppressed.set('no-news@example.com', created);

			const workflow = await imported('catch-up-after-an-outage');
			const stored = itemsOf(await run(workflow, SCHEDULE), 'Store suppressions');
			const tables = async () => [
				await ask('SELECT * FROM sendgrid_suppressions ORDER BY email, cause'),
				await ask('SELECT email, stops FROM sendgrid_do_not_mail ORDER BY email'),
			];
			const after = await tables();
			expect(after[1]).toEqual(
				expect.arrayContaining([
					{ email: 'annoyed@example.com', stops: 'all' },
					{ email: 'bounced@example.com', stops: 'all' },
					{ email: 'left@example.com', stops: 'marketing' },
					{ email: 'no-news@example.com', stops: 'marketing' },
					{ email: 'nobody@example.com', stops: 'all' },
				]),
			);
			expect(after[0]!.map(({ email }) => email)).toContain('blocked@example.com');
			expect(after[1]!.map(({ email }) => email)).not.toContain('blocked@example.com');
			expect(after[0]!.map(({ email }) => email)).not.toContain('old@example.com');
			expect(stored).toEqual([{ newSuppressions: after[0]!.length }]);

			const again = itemsOf(await run(workflow, SCHEDULE), 'Store suppressions');
			expect(again).toEqual([{ newSuppressions: 0 }]);
			expect(await tables()).toEqual(after);
		},
	);

	testWithPostgres(
		'event-health raises the alarm when events are missing, and only then',
		async () => {
			const yesterday = now() - DAY_SECONDS;
			const mails = ['processed', 'processed', 'dropped'] as const;
			const events = mails.map((name) => sampleEvent(name, { timestamp: yesterday }));
			const changes = { 'Raise the alarm': { url: `${sink.url}/alarm` } };
			const health = await imported('event-health', changes);

			// SendGrid counts the mails, but one event does not arrive.
			await published('event-log-postgres', {}, async (post) => {
				for (const event of events) sendGrid.account().statistics.count(event);
				await post(events.slice(1));
				await run(health, SCHEDULE);
				expect(sink.requests).toEqual([
					{
						method: 'POST',
						path: '/alarm',
						body: {
							text: expect.stringContaining('SendGrid took 3 mails, but only 2 events arrived'),
						},
					},
				]);
				sink.requests.length = 0;
				await post(events.slice(0, 1));
				await run(health, SCHEDULE);
				expect(sink.requests).toEqual([]);
			});
		},
	);

	testWithPostgres('every example was tried', () => {
		const files = readdirSync(path.resolve(__dirname, '../../examples'));
		expect(files.filter((file) => file.endsWith('.json')).sort()).toEqual([...tried].sort());
	});
});
