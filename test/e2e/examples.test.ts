import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { IDataObject, INode } from 'n8n-workflow';
import { DEFAULT_API_KEY, SendGridEmulator, sampleEvent, type PostedEvent } from '../../emulator';
import { SIGNATURE_HEADER } from '../../emulator/signing';
import {
	createExampleTables,
	createPostgresCredential,
	BASIC_AUTH_CREDENTIAL,
	createSendGridCredential,
	emptyTables,
	importExample,
	readExample,
	type Changes,
} from '../support/examples';
import { fillEventLog } from '../support/eventLogFilling';
import { BrowserVisit } from './support/BrowserVisit';
import { HttpSink } from './support/HttpSink';
import {
	itemsOf,
	N8nClient,
	type Credential,
	type Execution,
	type Workflow,
} from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { PostgresServer, type PostgresDatabase } from '../support/PostgresServer';
import { n8nVersions, runtime } from '../../scripts/n8n/runtime';
import { chain, node, TRIGGER, triggerWorkflow, TRIGGER_TYPE } from '../../scripts/n8n/workflow';

const BUTTON = 'When clicking ‘Execute workflow’';
const SCHEDULE = 'Every morning';
const ONCE = { retryDelaysMs: [] };
const DAY_SECONDS = 24 * 60 * 60;

const now = () => Math.floor(Date.now() / 1000);

const testWithPostgres = runtime.postgres ? test : test.skip;
const testWithBrowser = runtime.postgres && runtime.browser ? test : test.skip;

describe.each(n8nVersions)('Examples in n8n %s', (version) => {
	let postgres: PostgresServer | undefined;
	let database: PostgresDatabase;
	let sendGrid: SendGridEmulator;
	let sink: HttpSink;
	let n8n: N8nInstance;
	let client: N8nClient;
	let credential: Credential;
	/** n8n 1 runs what is saved, n8n 2 what is published. */
	const isOne = version.startsWith('1.');
	const tried = new Set<string>();

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start();
		sink = await HttpSink.start();
		n8n = await N8nInstance.start({ version, withoutEditor: true });
		client = await N8nClient.setUpOwner(n8n.url);
		const account = { apiKey: DEFAULT_API_KEY, baseUrl: sendGrid.url };
		credential = await createSendGridCredential(client, account);
		if (!runtime.postgres) return;
		postgres = await PostgresServer.start();
		database = await createExampleTables(postgres, 'events');
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
		sink.answer = () => 200;
		if (postgres) await emptyTables(postgres, database);
	});

	async function imported(name: string, changes?: Changes): Promise<Workflow> {
		tried.add(`${name}.json`);
		// A trigger's webhook id in the file would be the same for whoever imports it, and twice.
		for (const node of (await readExample(name)).nodes) {
			if (node.type === TRIGGER_TYPE) expect(node).not.toHaveProperty('webhookId');
		}
		const workflow = await importExample(client, name, changes);
		const nodes = workflow.nodes.filter(({ credentials, disabled }) => credentials && !disabled);
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

	/** The webhook that SendGrid has for a published workflow. */
	function webhookOf({ nodes }: Workflow) {
		const { webhookId } = nodes.find(({ name }) => name === TRIGGER)!;
		return sendGrid.webhooks.find(({ url }) => url.includes(webhookId!))!;
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
		const webhook = webhookOf(workflow);
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

	test('alert-on-bounce makes one message of a post, in which nobody is addressed', async () => {
		const changes = { 'Post to chat': { url: `${sink.url}/chat` } };
		await published('alert-on-bounce', changes, async (post, workflow) => {
			const events = [
				sampleEvent('bounce', {
					email: 'ann@example.com',
					orderId: '7',
					reason: '550 <!channel> "no"\n such & <@U1> user ``` here',
				}),
				sampleEvent('dropped', { email: 'bob@example.com' }),
			];
			expect(await post(events)).toBe(200);
			await succeeded(workflow, 1);
			expect(await post(events)).toBe(200);
			await post(Array.from({ length: 30 }, () => sampleEvent('bounce')));
			await succeeded(workflow, 2);
		});
		expect(sink.requests).toEqual([
			{
				method: 'POST',
				path: '/chat',
				body: {
					text: [
						'2 mails did not arrive:',
						'```',
						`ann@example.com bounced (hard): 550 &lt;!channel&gt; "no" such &amp; &lt;@U1&gt; user ''' here {"orderId":"7"}`,
						'bob@example.com was dropped (hard): Bounced Address {}',
						'```',
					].join('\n'),
				},
			},
			{ method: 'POST', path: '/chat', body: { text: expect.any(String) } },
		]);
		const lines = (sink.requests[1]!.body as { text: string }).text.split('\n');
		expect(lines[0]).toBe('30 mails did not arrive:');
		expect(lines.slice(-2)).toEqual(['… and 10 more', '```']);
		expect(lines).toHaveLength(2 + 20 + 2);
	});

	test('follow-up-on-mail leads each event type its own way', async () => {
		const crm = (name: string) => ({ url: `${sink.url}/${name}` });
		const changes = {
			'Note the last open': crm('opens'),
			'Ask for a new address': crm('addresses'),
			'Note the delivery': crm('deliveries'),
			'Wait a day': { amount: 1, unit: 'seconds' },
		};
		const mailsBefore = sendGrid.mails.length;
		await published('follow-up-on-mail', changes, async (post, workflow) => {
			await post([
				sampleEvent('open', { email: 'open@example.com' }),
				sampleEvent('click', { email: 'delivered@example.com' }),
				sampleEvent('bounce', { email: 'hard@example.com' }),
				sampleEvent('bounce', { email: 'block@example.com', type: 'blocked' }),
				sampleEvent('delivered', { email: 'arrived@example.com' }),
			]);
			await succeeded(workflow, 1);
			await sendGrid.idle();
		});
		const heard = sink.requests.map(({ path: to, body }) => [
			to,
			(body as { email: string }).email,
		]);
		expect(heard).toEqual(
			expect.arrayContaining([
				['/opens', 'open@example.com'],
				['/addresses', 'hard@example.com'],
				['/deliveries', 'arrived@example.com'],
			]),
		);
		expect(heard.flat()).not.toContain('block@example.com');
		const mails = sendGrid.mails.slice(mailsBefore).map(({ body }) => body.personalizations);
		expect(mails).toEqual([[{ to: [{ email: 'delivered@example.com' }] }]]);
	});

	testWithPostgres('follow-up-on-click mails once, also after SendGrid was away', async () => {
		const mailsBefore = sendGrid.mails.length;
		const followUps = () => sendGrid.mails.slice(mailsBefore).map(({ body }) => body);
		const recipients = () => followUps().map(({ personalizations }) => personalizations[0]!.to);
		await published('follow-up-on-click', {}, async (post, workflow) => {
			const click = (more: PostedEvent) =>
				sampleEvent('click', {
					email: 'ann@example.com',
					url: 'https://example.com/pricing?utm_source=mail',
					...more,
				});
			// Two posts come together.
			await Promise.all([
				post([click({}), click({}), click({ url: 'https://example.com/imprint' })]),
				post([click({}), click({ followUpTo: 'something' })]),
			]);
			expect(recipients()).toEqual([[{ email: 'ann@example.com' }]]);
			expect(followUps()[0]).toMatchObject({ categories: ['follow-up'] });
			expect(JSON.stringify(followUps()[0])).toContain('"followUpTo":"14c5d75ce93"');

			sendGrid.failNext('POST /v3/mail/send', { status: 403 });
			expect(await post([click({ email: 'bob@example.com' })])).toBe(200);
			expect(recipients()).toHaveLength(1);
			await run(workflow, 'Every five minutes');
			expect(recipients()).toHaveLength(1);
			await postgres!.execute(database, 'UPDATE sendgrid_follow_ups SET try_after = now()');
			await run(workflow, 'Every five minutes');
			expect(recipients()).toEqual([
				[{ email: 'ann@example.com' }],
				[{ email: 'bob@example.com' }],
			]);

			// The mail has gone, but the answer was lost.
			const lost = { connection: 'break', afterWork: true } as const;
			sendGrid.failNext('POST /v3/mail/send', lost);
			await post([click({ email: 'cy@example.com' })]);
			await postgres!.execute(database, 'UPDATE sendgrid_follow_ups SET try_after = now()');
			await run(workflow, 'Every five minutes');
			expect(recipients()).toHaveLength(3);
		});
		expect(await ask('SELECT email, state, tries FROM sendgrid_follow_ups ORDER BY email')).toEqual(
			[
				{ email: 'ann@example.com', state: 'sent', tries: 1 },
				{ email: 'bob@example.com', state: 'sent', tries: 2 },
				{ email: 'cy@example.com', state: 'sending', tries: 1 },
			],
		);
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
		'update-record-per-message sends totals; a record that is gone holds up no other',
		async () => {
			const mail = { sg_message_id: 'm1.recvd', email: 'ann@example.com', recordId: 'rec/7' };
			const gone = { sg_message_id: 'm2.recvd', email: 'bob@example.com', recordId: '404' };
			const second = (at: number) => ({ timestamp: 1_700_000_000 + at });
			const crm = await imported('update-record-per-message', {
				'Update record': {
					url: `=${sink.url}/api/mails/{{ encodeURIComponent($json.recordId) }}`,
				},
			});
			const sentToCrm = async () => {
				sink.requests.length = 0;
				await run(crm, 'Every minute');
				return sink.requests.map(({ method, path: to, body }) => [method, to, body]);
			};
			const record = {
				email: 'ann@example.com',
				opened: true,
				clicked: true,
				clickCount: 1,
				bounceReason: null,
				optedOut: false,
			};
			const seven = (changes: object = {}) => [
				'PATCH',
				'/api/mails/rec%2F7',
				expect.objectContaining({ ...record, ...changes }),
			];

			await published('event-log-postgres', {}, async (post) => {
				sink.answer = (to) => (to.endsWith('404') ? 404 : 200);
				await post([
					sampleEvent('click', { ...mail, ...second(20) }),
					sampleEvent('open', mail),
					sampleEvent('open'),
					sampleEvent('bounce', { ...gone, reason: '550 unknown' }),
				]);
				const requests = await sentToCrm();
				expect(requests).toHaveLength(2);
				expect(requests).toContainEqual(seven());
				expect(requests).toContainEqual([
					'PATCH',
					'/api/mails/404',
					expect.objectContaining({ opened: false, bounceReason: '550 unknown' }),
				]);
				expect(await sentToCrm()).toEqual([]);

				// The CRM is away; then it is back.
				sink.answer = () => 503;
				await post([sampleEvent('click', { ...mail, ...second(30) })]);
				expect(await sentToCrm()).toEqual([seven({ clickCount: 2 })]);
				sink.answer = () => 200;
				expect(await sentToCrm()).toEqual([]);
				await postgres!.execute(
					database,
					`UPDATE sendgrid_record_updates SET try_after = now() WHERE record_id = 'rec/7'`,
				);
				expect(await sentToCrm()).toEqual([seven({ clickCount: 2 })]);
				await post([sampleEvent('unsubscribe', { ...mail, ...second(40) })]);
				expect(await sentToCrm()).toEqual([seven({ clickCount: 2, optedOut: true })]);
			});
			expect(
				await ask('SELECT record_id, problem FROM sendgrid_record_updates ORDER BY record_id'),
			).toEqual([
				{ record_id: '404', problem: 'Status 404' },
				{ record_id: 'rec/7', problem: null },
			]);
		},
	);

	testWithPostgres('update-record-per-message tries later when nobody answers', async () => {
		const crm = await imported('update-record-per-message', {
			'Update record': { url: 'http://127.0.0.1:1/' },
		});
		await published('event-log-postgres', {}, async (post) => {
			await post([sampleEvent('click', { recordId: '7' })]);
		});
		const execution = await run(crm, 'Every minute');
		expect(itemsOf(execution, 'Note the answer')).toEqual([{ outcome: 'later' }]);
		expect(await ask('SELECT problem FROM sendgrid_record_updates')).toEqual([
			{ problem: expect.stringMatching(/connect|refused/i) },
		]);
	});

	test('wait-for-the-click goes on with what became of the mail', async () => {
		const workflow = await imported('wait-for-the-click', {
			'Tell sales': { url: `${sink.url}/sales` },
			'Send offer and wait': {
				html: '<a href="https://example.com/offer?for=bob&amp;by=ann">Offer</a>',
			},
		});
		await client.activate(workflow.id);
		await run(workflow, BUTTON);
		await client.deactivate(workflow.id);
		expect(sink.requests).toEqual([
			{
				method: 'POST',
				path: '/sales',
				// As chats take it: what comes from outside is no markup.
				body: { text: 'bob@example.net opened https://example.com/offer?for=bob&amp;by=ann' },
			},
		]);
	});

	const group = (unsubscribeGroup: number) => ({
		Settings: { jsonOutput: JSON.stringify({ unsubscribeGroup }) },
	});

	test('suppress-before-sending leaves out who bounced or left the group, and says why', async () => {
		const account = sendGrid.account();
		account.addSuppression('bounces', { email: 'ann@example.com', reason: '550 gone' });
		account.addSuppression('blocks', { email: 'bob@example.com', reason: 'greylisted' });
		const news = account.addGroup({ name: 'News' });
		const offers = account.addGroup({ name: 'Offers' });
		news.suppressed.set('cy@example.com', now());
		offers.suppressed.set('di@example.com', now());
		const recipients = ['ann', 'bob', 'cy', 'di'].map((name) => ({
			name,
			email: `${name}@example.com`,
		}));
		const workflow = await imported('suppress-before-sending', {
			...group(news.id),
			Recipients: { jsonOutput: JSON.stringify({ recipients }) },
		});
		const mailsBefore = sendGrid.mails.length;
		const execution = await run(workflow, BUTTON);
		const [mail, ...others] = sendGrid.mails.slice(mailsBefore);
		expect(others).toEqual([]);
		expect(mail!.body.personalizations.map(({ to }) => to)).toEqual([
			[{ email: 'bob@example.com', name: 'bob' }],
			[{ email: 'di@example.com', name: 'di' }],
		]);
		expect(mail!.body.asm).toMatchObject({ group_id: news.id });
		expect(itemsOf(execution, 'Left out')).toMatchObject([
			{ email: 'ann@example.com', reasons: [{ list: 'bounces', reason: '550 gone' }] },
			{ email: 'cy@example.com', reasons: [{ list: 'groupUnsubscribes' }] },
		]);
	});

	testWithPostgres('send-to-many-from-a-table mails everybody who wants it once', async () => {
		const news = sendGrid.account().addGroup({ name: 'Newsletter' });
		const rows = Array.from({ length: 120 }, (_, index) => ({
			email: `reader-${index}@example.com`,
			name: `Reader ${index}`,
			contactId: String(index),
		}));
		const table = await createTable('Recipients', Object.keys(rows[0]!), [...rows, rows[0]!]);
		await published('event-log-postgres', {}, async (post) => {
			await post([
				sampleEvent('bounce', { email: 'Reader-1@example.com' }),
				sampleEvent('unsubscribe', { email: 'reader-2@example.com' }),
				sampleEvent('group_unsubscribe', { email: rows[3]!.email, asm_group_id: news.id }),
				sampleEvent('group_unsubscribe', { email: rows[4]!.email, asm_group_id: news.id + 1 }),
			]);
		});
		const workflow = await imported('send-to-many-from-a-table', {
			Recipients: table,
			...group(news.id),
		});
		const mailsBefore = sendGrid.mails.length;
		const execution = await run(workflow, BUTTON);
		const [mail, ...others] = sendGrid.mails.slice(mailsBefore);
		expect(others).toEqual([]);
		expect(mail!.body.asm).toMatchObject({ group_id: news.id });
		expect(mail!.body.personalizations).toHaveLength(117);
		expect(mail!.body.personalizations[1]).toMatchObject({
			to: [{ email: 'reader-4@example.com', name: 'Reader 4' }],
			custom_args: { contactId: '4' },
		});
		const results = itemsOf(execution, 'Send to all');
		expect(results).toHaveLength(118);
		expect(results.every(({ messageId }) => messageId === mail!.messageId)).toBe(true);
		expect(results.at(-1)).toMatchObject({ duplicateOf: 0 });
		expect(itemsOf(execution, 'Left out')).toMatchObject([
			{ recipient: rows[1], leftOutBecause: 'bounce' },
			{ recipient: rows[2], leftOutBecause: 'unsubscribe' },
			{ recipient: rows[3], leftOutBecause: 'group_unsubscribe' },
		]);
	});

	testWithPostgres('send-to-many-from-a-table reaches nobody whom a row smuggles in', async () => {
		const news = sendGrid.account().addGroup({ name: 'Weekly' });
		const row = { email: 'ann@example.com, bob@example.com', name: 'Ann', contactId: '1' };
		const workflow = await imported('send-to-many-from-a-table', {
			Recipients: await createTable('Smuggled', Object.keys(row), [row]),
			...group(news.id),
		});
		const mailsBefore = sendGrid.mails.length;
		await client.runWorkflow(workflow.id, BUTTON);
		const [execution] = await client.waitForExecutions(workflow.id, 1);
		expect(execution!.data.resultData.error?.message).toContain('is not an email address');
		expect(sendGrid.mails).toHaveLength(mailsBefore);
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
		'catch-up-after-an-outage stores opens and clicks once switched on',
		async () => {
			const at = new Date((now() - 2 * DAY_SECONDS) * 1000).toISOString();
			const event = (event_name: string) => ({
				event_name,
				processed: at,
				http_user_agent: '',
				mx_server: '',
			});
			for (const [msg_id, ...names] of [
				['read.recvd-1', 'delivered', 'opened', 'opened', 'clicked'],
				['unread.recvd-1', 'delivered'],
			] as const) {
				const events = names.map(event);
				sendGrid.account().emailActivity.add({ msg_id, last_event_time: at, events });
			}
			const { id, nodes } = await imported('catch-up-after-an-outage');
			const enabled = nodes.map((each) => ({ ...each, disabled: false }));
			await client.updateWorkflow(id, { nodes: enabled });
			// Again, for n8n to find the credentials of the nodes that were off.
			const workflow = await client.updateWorkflow(id, {});
			const execution = await run(workflow, SCHEDULE);
			expect(itemsOf(execution, 'Store opens and clicks')).toEqual([{ messagesWithMore: 1 }]);
			expect(await ask('SELECT message_id, email, opens, clicks FROM sendgrid_messages')).toEqual([
				{ message_id: 'read', email: 'ann@example.com', opens: 2, clicks: 1 },
			]);
		},
	);

	testWithPostgres(
		'event-health raises the alarm when deliveries are missing, and only then',
		async () => {
			const yesterday = { timestamp: now() - DAY_SECONDS };
			const names = ['processed', 'processed', 'dropped', 'delivered', 'delivered'] as const;
			const reading = ['open', 'open', 'click'] as const;
			const events = [...names, ...reading].map((name) => sampleEvent(name, yesterday));
			const changes = { 'Raise the alarm': { url: `${sink.url}/alarm` } };
			const health = await imported('event-health', changes);

			// SendGrid counts all of it; more events arrive than mails were sent, but not all.
			await published('event-log-postgres', {}, async (post) => {
				for (const event of events) sendGrid.account().statistics.count(event);
				await post(events.filter((_, index) => index !== 3));
				await run(health, SCHEDULE);
				expect(sink.requests).toEqual([
					{ method: 'POST', path: '/alarm', body: { text: expect.any(String) } },
				]);
				expect((sink.requests[0]!.body as { text: string }).text).toContain(
					'SendGrid counted 2 mails as delivered, but only 1 such events arrived.',
				);
				sink.requests.length = 0;
				await post(events.slice(3, 4));
				await run(health, SCHEDULE);
				expect(sink.requests).toEqual([]);
			});
		},
	);

	testWithPostgres('event-health tells of posts that were refused, once', async () => {
		const changes = { 'Raise the alarm': { url: `${sink.url}/alarm` } };
		const health = await imported('event-health', changes);
		const texts = () => sink.requests.map(({ body }) => (body as { text: string }).text);
		const log = await imported('event-log-postgres');
		await client.activate(log.id);
		try {
			const webhook = webhookOf(log);
			const forged = { ...ONCE, headers: { [SIGNATURE_HEADER]: 'bm8gc2lnbmF0dXJl' } };
			const [attempt] = await sendGrid.postEvents(webhook.id, [sampleEvent('open')], forged);
			expect(attempt!.status).toBe(401);
			await succeeded(log, 1);
			await run(health, 'Every ten minutes');
			expect(texts()).toEqual([expect.stringMatching(/signature/i)]);
			await run(health, 'Every ten minutes');
			expect(texts()).toHaveLength(1);
		} finally {
			await client.deactivate(log.id);
		}
	});

	testWithPostgres('event-health raises the alarm when it cannot check', async () => {
		const changes = { 'Raise the alarm': { url: `${sink.url}/alarm` } };
		const health = await imported('event-health', changes);
		sendGrid.failNext(/stats/, { status: 403 });
		await run(health, SCHEDULE);
		await postgres!.execute(database, 'ALTER TABLE sendgrid_events RENAME TO elsewhere');
		try {
			await run(health, SCHEDULE);
		} finally {
			await postgres!.execute(database, 'ALTER TABLE elsewhere RENAME TO sendgrid_events');
		}
		expect(sink.requests.map(({ body }) => (body as { text: string }).text)).toEqual([
			expect.stringMatching(/^The events of SendGrid could not be checked: \S/),
			expect.stringMatching(/^The events of SendGrid could not be checked: .*sendgrid_events/),
		]);
	});

	testWithPostgres('take-events-in writes down what work-events-off then does, once', async () => {
		const events = [
			sampleEvent('open'),
			sampleEvent('click'),
			sampleEvent('bounce', { reason: '550 \u0000 \ud800' }),
		];
		await published('take-events-in', {}, async (post) => expect(await post(events)).toBe(200));
		// Another trigger knows nothing of what the first received: here only the key decides.
		await published('take-events-in', {}, async (post, workflow) => {
			expect(await post(events)).toBe(200);
			const [execution] = await succeeded(workflow, 1);
			expect(itemsOf(execution!, 'Write down')).toEqual([{ newEvents: 0 }]);
		});

		const worker = await imported('work-events-off');
		const execution = await run(worker, 'Every ten seconds');
		const done = itemsOf(execution, 'Your work here');
		expect(done.map(({ event }) => event).sort()).toEqual(['bounce', 'click', 'open']);
		expect(done.find(({ event }) => event === 'bounce')).toMatchObject({
			bounce: { reason: '550 \ufffd \ufffd' },
		});
		expect(itemsOf(execution, 'Mark as done')).toEqual([{ done: 3 }]);
		const next = await run(worker, 'Every ten seconds');
		expect(itemsOf(next, 'Your work here')).toEqual([]);
	});

	testWithPostgres('send-and-record says of every mail what became of it', async () => {
		const workflow = await imported('send-and-record', {
			'A mail to try': {
				jsonOutput: JSON.stringify({
					email: 'Delivered@example.com',
					name: 'Ann, of Sales',
					subject: 'Hello {{ 1 + 1 }}',
					text: 'For you.',
					html: '',
				}),
			},
		});
		const results = async () =>
			(
				await ask(
					'SELECT result, message_id, reason FROM sendgrid_send_results ORDER BY requested_at',
				)
			).map(({ result, message_id, reason }) => [result, message_id, reason]);
		const mailsBefore = sendGrid.mails.length;

		await run(workflow, BUTTON);
		const [first] = sendGrid.mails.slice(mailsBefore);
		expect(first!.body).toMatchObject({
			subject: 'Hello {{ 1 + 1 }}',
			personalizations: [{ to: [{ email: 'Delivered@example.com', name: 'Ann of Sales' }] }],
		});
		// Nobody listened for events yet: none will come of this mail.
		expect(await results()).toEqual([['accepted', first!.messageId, null]]);

		await published('event-log-postgres', {}, async () => {
			await run(workflow, BUTTON);
			sendGrid.failNext('POST /v3/mail/send', { status: 403 });
			const refused = await run(workflow, BUTTON);
			expect(itemsOf(refused, 'Note the answer')).toMatchObject([
				{ email: 'delivered@example.com', messageId: null, problem: expect.stringMatching(/./) },
			]);
			// The mail has gone, but the answer was lost: its events tell.
			sendGrid.failNext('POST /v3/mail/send', { connection: 'break', afterWork: true });
			await run(workflow, BUTTON);
			await sendGrid.idle();
		});
		const ids = sendGrid.mails.slice(mailsBefore).map(({ messageId }) => messageId);
		expect(ids).toHaveLength(3);
		expect(await results()).toEqual([
			['accepted', ids[0], null],
			['delivered', ids[1], null],
			['not accepted', null, expect.stringMatching(/^Not sent/)],
			['delivered', ids[2], expect.stringMatching(/^Perhaps sent/)],
		]);
	});

	testWithPostgres('who-still-reads lists who got much and read nothing', async () => {
		const mails = (email: string, count: number) =>
			Array.from({ length: count }, (_, index) =>
				sampleEvent('delivered', {
					email,
					sg_message_id: `${email}-${index}`.replace(/\./g, '-') + '.recvd',
					timestamp: now() - index * DAY_SECONDS,
				}),
			);
		await published('event-log-postgres', {}, async (post) => {
			await post([
				...mails('silent@example.com', 6),
				...mails('reader@example.com', 6),
				...mails('new@example.com', 4),
				...mails('left@example.com', 6),
				...mails('machine@example.com', 5),
				sampleEvent('open', { email: 'reader@example.com', timestamp: now() - 9 * DAY_SECONDS }),
				sampleEvent('open', { email: 'silent@example.com', timestamp: 1_700_000_000 }),
				sampleEvent('open', {
					email: 'machine@example.com',
					timestamp: now(),
					sg_machine_open: true,
				}),
				sampleEvent('unsubscribe', { email: 'left@example.com', timestamp: now() }),
			]);
		});
		const execution = await run(await imported('who-still-reads'), 'Every Monday');
		expect(itemsOf(execution, 'Your next step')).toMatchObject([
			{ email: 'silent@example.com', lastReadAt: expect.stringMatching(/^2023-11-14/) },
			{ email: 'machine@example.com', lastReadAt: null },
		]);
	});

	testWithPostgres('keep-a-year-of-events deletes what is older', async () => {
		await published('event-log-postgres', {}, async (post) => {
			await post([
				sampleEvent('open', { timestamp: now() - 370 * DAY_SECONDS, sg_message_id: 'old.recvd' }),
				sampleEvent('open', { timestamp: now() - 360 * DAY_SECONDS, sg_message_id: 'new.recvd' }),
			]);
		});
		const execution = await run(await imported('keep-a-year-of-events'), 'Every night');
		expect(itemsOf(execution, 'Delete old events')).toMatchObject([
			{ eventsDeleted: '1', messagesDeleted: '1' },
		]);
		expect(await ask('SELECT message_id FROM sendgrid_events')).toEqual([{ message_id: 'new' }]);
		expect(await ask('SELECT sum(events) AS counted FROM sendgrid_daily')).toEqual([
			{ counted: 2 },
		]);
	});

	/** A workflow that others can call; n8n 1 calls it as saved, n8n 2 as published. */
	async function callable(name: string, ...rest: INode[]): Promise<Workflow> {
		const called = node(
			'When Executed by Another Workflow',
			'n8n-nodes-base.executeWorkflowTrigger',
			{ inputSource: 'passthrough' },
			{ typeVersion: 1.1 },
		);
		const workflow = await client.createWorkflow(chain(name, called, ...rest));
		if (!isOne) await client.activate(workflow.id);
		return workflow;
	}

	test('one-trigger-many-workflows hands each event to its workflow, though one fails', async () => {
		const received = () => node('Received', 'n8n-nodes-base.noOp');
		const fails = node('Fails', 'n8n-nodes-base.stopAndError', { errorMessage: 'broken' });
		const reading = await callable('Reading', fails);
		const problems = await callable('Delivery problems', received());
		const optOuts = await callable('Opt-outs', received());
		const chosen = ({ id }: Workflow) => ({ workflowId: { __rl: true, mode: 'id', value: id } });
		const changes = {
			Reading: chosen(reading),
			'Delivery problems': chosen(problems),
			'Opt-outs': chosen(optOuts),
		};
		await published('one-trigger-many-workflows', changes, async (post, workflow) => {
			const events = ['open', 'click', 'bounce', 'delivered', 'unsubscribe', 'dropped'] as const;
			expect(await post(events.map((name) => sampleEvent(name)))).toBe(200);
			await succeeded(workflow, 1);
			const got = async ({ id }: Workflow) => {
				const [execution] = await client.waitForExecutions(id, 1);
				const items = itemsOf(execution!, 'When Executed by Another Workflow');
				return items.map(({ event }) => event);
			};
			expect(await got(reading)).toEqual(['open', 'click']);
			expect(await got(problems)).toEqual(['bounce', 'dropped']);
			expect(await got(optOuts)).toEqual(['unsubscribe']);
		});
	});

	test('tell-about-errors says which workflow failed, where and why', async () => {
		const teller = await imported('tell-about-errors', {
			'Post to chat': { url: `${sink.url}/errors` },
		});
		if (!isOne) await client.activate(teller.id);
		const stop = node('Stop', 'n8n-nodes-base.stopAndError', {
			errorMessage: '<!channel> @here & gone',
		});
		const failing = await client.createWorkflow({
			...triggerWorkflow('Orders <1>', credential, { events: ['bounce'] }, stop),
			settings: { executionOrder: 'v1', errorWorkflow: teller.id },
		});
		await client.activate(failing.id);
		try {
			await sendGrid.postEvents(webhookOf(failing).id, [sampleEvent('bounce')], ONCE);
			await succeeded(teller, 1);
		} finally {
			await client.deactivate(failing.id);
		}
		expect(sink.requests.map(({ body }) => (body as { text: string }).text)).toEqual([
			expect.stringMatching(
				/^“Orders &lt;1&gt;” failed in “Stop”: &lt;!channel&gt; @\u200bhere &amp; gone\nhttp\S+$/,
			),
		]);
	});

	testWithBrowser('events-page shows what was stored, and nothing of it as HTML', async () => {
		const password = 'correct horse';
		await client.createCredential(BASIC_AUTH_CREDENTIAL, 'httpBasicAuth', {
			user: 'ann',
			password,
		});
		const page = await imported('events-page');
		await client.activate(page.id);
		const url = `${n8n.url}/webhook/sendgrid-events`;
		const hostile = `"><img src=x onerror="document.title='owned'"><b>`;
		await published('event-log-postgres', {}, async (post) => {
			const mail = { email: 'ann@example.com', sg_message_id: 'm1.recvd', timestamp: now() };
			await post([
				sampleEvent('delivered', mail),
				sampleEvent('click', { ...mail, url: hostile, useragent: hostile }),
				sampleEvent('bounce', { email: 'bob@example.com', reason: hostile, timestamp: now() }),
				sampleEvent('bounce', { email: `${hostile}@<i>.example`, timestamp: now() }),
			]);
		});

		const login = { headers: { authorization: `Basic ${btoa(`ann:${password}`)}` } };
		expect((await fetch(url)).status).toBe(401);
		const answer = await fetch(url, login);
		expect([answer.status, answer.headers.get('content-type')]).toEqual([
			200,
			'text/html; charset=utf-8',
		]);
		expect(answer.headers.get('cache-control')).toBe('no-store');
		for (const odd of ['%00', "';--", 'a&q=b', '%3Cscript%3E', '%25s']) {
			expect([odd, (await fetch(`${url}?q=${odd}`, login)).status]).toEqual([odd, 200]);
		}

		const visit = await BrowserVisit.open(runtime.browser!, { username: 'ann', password });
		try {
			const { page: tab } = visit;
			await tab.goto(url);
			await tab.getByRole('searchbox').fill('ANN@example.com');
			await tab.getByRole('button', { name: 'Search' }).click();
			const timeline = tab.locator('.timeline li');
			await timeline.first().waitFor();
			await expect(timeline.allInnerTexts()).resolves.toEqual([
				expect.stringContaining('click'),
				expect.stringContaining('delivered'),
			]);
			expect(await timeline.first().innerText()).toContain(hostile);
			await timeline.first().getByRole('link', { name: 'm1' }).click();
			await tab.getByRole('heading', { name: 'm1' }).waitFor();
			expect(await timeline.count()).toBe(2);
			const address = `${hostile}@<i>.example`;
			await tab.getByRole('link', { name: address }).click();
			await tab.getByRole('heading', { name: address }).waitFor();
			expect(await timeline.first().innerText()).toContain('bounce');
			expect(await tab.locator('img, b img, script, i').count()).toBe(0);
			expect(await tab.title()).toBe('SendGrid events');
			expect(visit.hosts).toEqual(new Set([new URL(url).host]));

			// How it looks with much in it is the doing of SQL and HTML, whichever n8n runs them.
			if (isOne) return;
			await emptyTables(postgres!, database);
			await fillEventLog(postgres!, database, 20_000);
			await tab.goto(url);
			const bars = tab.locator('svg[aria-label="Events per day"] rect');
			expect(await bars.count()).toBeGreaterThan(80);
			await visit.picture('events-page');
			await visit.onPhone();
			await tab.goto(`${url}?q=reader-1@domain-1.example`);
			const widths = await tab.evaluate('[document.documentElement.scrollWidth, innerWidth]');
			expect((widths as number[])[0]).toBeLessThanOrEqual((widths as number[])[1]!);
			await visit.picture('events-page-phone');
		} finally {
			await visit.close();
			await client.deactivate(page.id);
		}
	});

	testWithBrowser('every example was tried', () => {
		const files = readdirSync(path.resolve(__dirname, '../../examples'));
		expect(files.filter((file) => file.endsWith('.json')).sort()).toEqual([...tried].sort());
	});
});
