import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { EVENT_TYPES } from '../../nodes/SendGrid/events/eventTypes';
import {
	DEFAULT_API_KEY,
	SendGridEmulator,
	sampleEvent,
	type PostedEvent,
	type Webhook,
} from '../../emulator';
import { itemsOf, N8nClient, type Credential, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import {
	node,
	TRIGGER,
	TRIGGER_TYPE,
	triggerWorkflow,
	wires,
	withCredential,
} from '../../scripts/n8n/workflow';
import { eventually } from './support/eventually';

const ALL_EVENTS = EVENT_TYPES.map(({ name }) => name);

/** One attempt: what is refused or fails shows at once. */
const ONCE = { retryDelaysMs: [] };

describe.each(n8nVersions)('SendGrid Email Trigger in n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;
	let credential: Credential;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({ maxWebhooks: 20 });
		n8n = await N8nInstance.start({ version, withoutEditor: true });
		client = await N8nClient.setUpOwner(n8n.url);
		credential = await createCredential(DEFAULT_API_KEY);
	});

	afterAll(async () => {
		await n8n?.stop();
		await sendGrid?.stop();
	});

	async function createCredential(apiKey: string): Promise<Credential> {
		return await client.createCredential(`Stand-in ${apiKey.slice(-12)}`, 'sendGridEventsApi', {
			apiKey,
			region: 'custom',
			baseUrl: sendGrid.url,
		});
	}

	/** The webhook registered for a workflow, by the id of its trigger in the URL. */
	function webhookOf(workflow: Workflow) {
		const { webhookId } = workflow.nodes.find(({ name }) => name === TRIGGER)!;
		return sendGrid.webhooks.filter(({ url }) => url.includes(`/${webhookId}/events`));
	}

	async function publish(
		name: string,
		parameters: INodeParameters = {},
		...rest: Parameters<typeof node>[]
	) {
		const nodes = rest.map((args) => node(...args));
		const workflow = await client.createWorkflow(
			triggerWorkflow(name, credential, parameters, ...nodes),
		);
		await client.activate(workflow.id);
		return workflow;
	}

	/** The id of an execution that has got beyond the trigger. */
	async function runningExecution(workflow: Workflow): Promise<string> {
		for (const deadline = Date.now() + 10_000; ; await sleep(50)) {
			const [running] = (await client.executions(workflow.id)).filter(
				({ status }) => status === 'running',
			);
			if (running !== undefined) return running.id;
			if (Date.now() > deadline) throw new Error('No execution is running');
		}
	}

	async function idle(workflow: Workflow, executions: number) {
		return await client.waitForExecutions(workflow.id, executions);
	}

	/** One of somebody else. */
	let foreign: Webhook;
	let foreignAtFirst: string;
	/** Those whose webhooks are to go; n8n's edits are waited for ten seconds, and here for all at once. */
	const unpublished: Workflow[] = [];

	test('registers one signed webhook for the chosen events', async () => {
		foreign = sendGrid.addWebhook({ url: 'https://someone-else.example.com/hook' });
		foreignAtFirst = JSON.stringify(foreign);

		const workflow = await publish('Registration', { events: ['open', 'spamreport'] });

		const [webhook, ...others] = webhookOf(workflow);
		expect(others).toEqual([]);
		expect(webhook).toMatchObject({ enabled: true, open: true, spam_report: true, click: false });
		expect(sendGrid.publicKey(webhook!.id)).toMatch(/^MFkw/);

		await client.deactivate(workflow.id);
		unpublished.push(workflow);
	});

	test('emits one item per event, and none for what was posted before', async () => {
		const workflow = await publish('All events', { events: ALL_EVENTS, simplify: false });
		const [webhook] = webhookOf(workflow);
		const events = ALL_EVENTS.map((name) => sampleEvent(name));

		const [first] = await sendGrid.postEvents(webhook!.id, events, ONCE);
		expect(first!.status).toBe(200);
		const [execution] = await idle(workflow, 1);
		const items = itemsOf(execution!, TRIGGER);
		expect(items.map(({ event }) => event)).toEqual(ALL_EVENTS);
		expect(items.map(({ raw }) => raw)).toEqual(events);
		const bounce = items.find(({ event }) => event === 'bounce')!;
		expect(bounce).toMatchObject({
			email: 'example@test.com',
			timestamp: '2017-12-15T00:59:29.000Z',
			eventId: (bounce.raw as IDataObject).sg_event_id,
			messageId: '14c5d75ce93',
			categories: ['cat facts'],
			customArgs: {},
			bounce: { kind: 'hard', classification: 'Invalid Address', status: '5.1.1' },
		});

		const [again] = await sendGrid.postEvents(webhook!.id, events, ONCE);
		expect(again!.status).toBe(200);
		const fresh = sampleEvent('click');
		await sendGrid.postEvents(webhook!.id, [...events, fresh], ONCE);

		const executions = await idle(workflow, 2);
		const emitted = executions.flatMap((e) => itemsOf(e, TRIGGER)).map(({ eventId }) => eventId);
		expect(emitted).toEqual([...events, fresh].map(({ sg_event_id }) => sg_event_id));
		await client.deactivate(workflow.id);
	});

	test('refuses what is not verified, without an execution', async () => {
		const workflow = await publish('Refusals', { events: ALL_EVENTS });
		const [webhook] = webhookOf(workflow);
		const event = sampleEvent('open');
		const now = Math.floor(Date.now() / 1000);
		// Within a value, so that it is still JSON: n8n itself refuses what is not.
		const flip = (body: Buffer) => Buffer.from(body.toString().replace('example@', 'dxample@'));
		const attacks: Record<string, Parameters<SendGridEmulator['postEvents']>[2]> = {
			'no headers': {
				headers: {
					'X-Twilio-Email-Event-Webhook-Signature': undefined,
					'X-Twilio-Email-Event-Webhook-Timestamp': undefined,
				},
			},
			'an empty signature': { headers: { 'X-Twilio-Email-Event-Webhook-Signature': '' } },
			'garbage as signature': { headers: { 'X-Twilio-Email-Event-Webhook-Signature': '#$%&' } },
			'another timestamp': {
				headers: { 'X-Twilio-Email-Event-Webhook-Timestamp': String(now - 1) },
			},
			'a flipped bit': { tamper: flip },
			'a body without its CRLF': { tamper: (body) => Buffer.from(body.toString().trimEnd()) },
			'a stale timestamp': { timestamp: now - 25 * 3600 },
			'a timestamp in the future': { timestamp: now + 3600 },
		};
		for (const [name, attack] of Object.entries(attacks)) {
			const [delivery] = await sendGrid.postEvents(webhook!.id, [event], { ...ONCE, ...attack });
			expect([name, delivery!.status]).toEqual([name, 401]);
		}
		const notJson = await sendGrid.postEvents(webhook!.id, [event], {
			...ONCE,
			frame: () => Buffer.from('open,ann@example.com\r\n'),
		});
		// n8n itself answers 422 to what claims to be JSON and is not.
		expect([400, 422]).toContain(notJson[0]!.status);
		expect(await client.executions(workflow.id)).toEqual([]);

		const [genuine] = await sendGrid.postEvents(webhook!.id, [event], ONCE);
		expect(genuine!.status).toBe(200);
		const [execution] = await idle(workflow, 1);
		expect(itemsOf(execution!, TRIGGER)).toHaveLength(1);
		await client.deactivate(workflow.id);
	});

	test('survives malformed entries with their neighbours intact', async () => {
		const workflow = await publish('Malformed', { events: ALL_EVENTS });
		const [webhook] = webhookOf(workflow);
		const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
		const entries = [
			'null',
			'42',
			'"text"',
			'[]',
			'{"email":"no-event@example.com"}',
			'{"event":"invented_yesterday","email":"a@example.com"}',
			JSON.stringify(sampleEvent('bounce', { sg_message_id: null, sg_event_id: undefined })),
			`{"event":"open","__proto__":{"polluted":true},"constructor":"x","sg_event_id":"proto"}`,
			`{"event":"open","sg_event_id":"deep","nested":${deep}}`,
			'{"event":"open","sg_event_id":"surrogate","note":"\\ud800 \\u0000"}',
			JSON.stringify(sampleEvent('click', { sg_event_id: 'last' })),
		];
		const [delivery] = await sendGrid.postEvents(webhook!.id, [{}], {
			...ONCE,
			frame: () => Buffer.from(`[${entries.join(',\r\n')}]\r\n`),
		});
		expect(delivery!.status).toBe(200);
		const [execution] = await idle(workflow, 1);
		expect(execution!.status).toBe('success');
		const items = itemsOf(execution!, TRIGGER);
		expect(items.map(({ event }) => event)).toEqual([
			'invented_yesterday',
			'bounce',
			'open',
			'open',
			'open',
			'click',
		]);
		await client.deactivate(workflow.id);
	});

	test('gives every event type its own output', async () => {
		const workflow = await publish('Outputs', {
			events: ['open', 'click', 'bounce'],
			output: 'perEvent',
		});
		const [webhook] = webhookOf(workflow);
		const events = [sampleEvent('bounce'), sampleEvent('open'), sampleEvent('bounce')];
		await sendGrid.postEvents(webhook!.id, events, ONCE);
		const [execution] = await idle(workflow, 1);
		const outputs = [0, 1, 2].map((output) => itemsOf(execution!, TRIGGER, output).length);
		expect(outputs).toEqual([1, 0, 2]);
		await client.deactivate(workflow.id);
	});

	test('reports forged posts once, on an output of its own, and answers them as ever', async () => {
		const workflow = await publish('Problems', {
			events: ['open', 'click', 'bounce'],
			acknowledge: 'lastNode',
			options: { reportProblems: true },
		});
		const [webhook] = webhookOf(workflow);
		const tamper = (body: Buffer) => Buffer.from(body.toString().replace('open', 'opem'));
		const events = Array.from({ length: 30 }, () => sampleEvent('open'));
		const forged = { ...ONCE, tamper, eventsPerPost: 1, concurrency: 10 };
		const attempts = await sendGrid.postEvents(webhook!.id, events, forged);
		expect(attempts.map(({ status }) => status)).toEqual(events.map(() => 401));

		const genuine = sampleEvent('open');
		expect((await sendGrid.postEvents(webhook!.id, [genuine], ONCE))[0]!.status).toBe(200);
		const executions = await idle(workflow, 2);
		const outputs = executions.map((execution) =>
			[0, 1].map((output) => itemsOf(execution, TRIGGER, output)),
		);
		expect(outputs).toEqual([
			[
				[],
				[
					expect.objectContaining({
						kind: 'signatureMismatch',
						count: 1,
						whatToDo: expect.stringContaining('its key was changed') as string,
					}),
				],
			],
			[[expect.objectContaining({ eventId: genuine.sg_event_id })], []],
		]);
		await client.deactivate(workflow.id);
	});

	/** A node that fails on bounces. */
	const FAILS_ON_BOUNCES: Parameters<typeof node> = [
		'Fails on bounces',
		'n8n-nodes-base.code',
		{
			jsCode:
				"if ($input.all().some(({ json }) => json.event === 'bounce')) throw new Error('no'); return $input.all();",
		},
		{ typeVersion: 2 },
	];
	const WAITS: Parameters<typeof node> = [
		'Wait',
		'n8n-nodes-base.wait',
		{ amount: 5, unit: 'minutes' },
		{ typeVersion: 1.1 },
	];

	test('with "Have SendGrid Send Again", a failed run is repeated and a good one is not', async () => {
		const acknowledge = { events: ALL_EVENTS, acknowledge: 'lastNode' };
		const workflow = await publish('Acknowledge', acknowledge, FAILS_ON_BOUNCES);
		const [webhook] = webhookOf(workflow);
		const good = sampleEvent('click');
		const bad = sampleEvent('bounce');

		expect((await sendGrid.postEvents(webhook!.id, [good], ONCE))[0]!.status).toBe(200);
		expect((await sendGrid.postEvents(webhook!.id, [bad], ONCE))[0]!.status).toBe(500);
		expect((await sendGrid.postEvents(webhook!.id, [bad], ONCE))[0]!.status).toBe(500);
		expect((await sendGrid.postEvents(webhook!.id, [good], ONCE))[0]!.status).toBe(200);

		const emitted = (await idle(workflow, 3)).map((execution) =>
			itemsOf(execution, TRIGGER).map(({ event }) => event),
		);
		expect(emitted).toEqual([['click'], ['bounce'], ['bounce']]);
		await client.deactivate(workflow.id);
	});

	test('with "Have SendGrid Send Again", a run that n8n does not begin has failed', async () => {
		const workflow = await publish('Credential missing', { acknowledge: 'lastNode' }, [
			'Call',
			'n8n-nodes-base.httpRequest',
			{
				url: sendGrid.url,
				authentication: 'genericCredentialType',
				genericAuthType: 'httpBasicAuth',
			},
			{
				typeVersion: 4.2,
				// As in a workflow that was imported to an n8n without a credential of this name.
				credentials: { httpBasicAuth: { id: null, name: 'Not here' } },
			},
		]);
		const [webhook] = webhookOf(workflow);
		const event = sampleEvent('click');
		expect((await sendGrid.postEvents(webhook!.id, [event], ONCE))[0]!.status).toBe(500);

		const [trigger] = workflow.nodes;
		const nodes = [trigger!, node('Call', 'n8n-nodes-base.noOp')];
		await client.updateWorkflow(workflow.id, { nodes });
		await client.activate(workflow.id);
		expect((await sendGrid.postEvents(webhook!.id, [event], ONCE))[0]!.status).toBe(200);
		const executions = await client.waitForExecutions(workflow.id, 2);
		expect(itemsOf(executions.at(-1)!, TRIGGER)).toMatchObject([{ eventId: event.sg_event_id }]);
		await client.deactivate(workflow.id);
	});

	test('with "Have SendGrid Send Again", a workflow that pauses has succeeded', async () => {
		const workflow = await publish('Pauses', { acknowledge: 'lastNode' }, WAITS);
		const [webhook] = webhookOf(workflow);
		const event = sampleEvent('open');
		for (let post = 0; post < 2; post++) {
			const [attempt] = await sendGrid.postEvents(webhook!.id, [event], ONCE);
			expect(attempt!.status).toBe(200);
		}
		const [paused, ...others] = await client.executions(workflow.id);
		expect(paused!.status).toBe('waiting');
		expect(others).toEqual([]);
		await client.stopExecution(paused!.id);
		await client.deactivate(workflow.id);
	});

	describe('after a restart of n8n', () => {
		const posted = sampleEvent('open');
		let received: Workflow;
		let acknowledged: Workflow;
		let pausing: Workflow;

		const postTo = async (workflow: Workflow, ...events: PostedEvent[]) =>
			(await sendGrid.postEvents(webhookOf(workflow)[0]!.id, events, ONCE))[0]!.status;

		beforeAll(async () => {
			received = await publish('Received before', { events: ALL_EVENTS });
			const parameters = { events: ALL_EVENTS, acknowledge: 'lastNode' };
			acknowledged = await publish('Acknowledged before', parameters, FAILS_ON_BOUNCES);
			pausing = await publish('Pausing before', parameters, WAITS);
			for (const workflow of [received, acknowledged, pausing]) {
				expect(await postTo(workflow, posted)).toBe(200);
			}
			await n8n.restart();
		});

		afterAll(async () => {
			for (const { id } of [received, acknowledged, pausing]) await client.deactivate(id);
		});

		test('emits none of what was posted before', async () => {
			expect(await postTo(received, posted)).toBe(200);
			const fresh = sampleEvent('click');
			expect(await postTo(received, posted, fresh)).toBe(200);
			// The repeats may have an execution, but no item.
			const executions = await client.waitForExecutions(received.id, 3);
			const emitted = executions.flatMap((e) => itemsOf(e, TRIGGER)).map(({ eventId }) => eventId);
			expect(emitted).toEqual([posted, fresh].map(({ sg_event_id }) => sg_event_id));
		});

		test('with "Have SendGrid Send Again", a good run is not repeated', async () => {
			expect(await postTo(acknowledged, posted)).toBe(200);
			const executions = await client.waitForExecutions(acknowledged.id, 2);
			const emitted = executions.map((execution) => itemsOf(execution, TRIGGER).length);
			expect(emitted).toEqual([1, 0]);
		});

		test('with "Have SendGrid Send Again", a workflow that pauses has succeeded', async () => {
			expect(await postTo(pausing, posted)).toBe(200);
			// The one after the restart looked into the database, and had nothing to hand on.
			const executions = await client.executions(pausing.id);
			expect(executions.map(({ status }) => status)).toEqual(['success', 'waiting']);
			await client.stopExecution(executions[1]!.id);
		});
	});

	test('with "Have SendGrid Send Again", events of an execution that was stopped come again', async () => {
		const workflow = await publish('Stopped', { acknowledge: 'lastNode' }, [
			'Work',
			'n8n-nodes-base.wait',
			{ amount: 60, unit: 'seconds' },
			{ typeVersion: 1.1 },
		]);
		const [webhook] = webhookOf(workflow);
		const event = sampleEvent('open');
		for (let attempt = 0; attempt < 2; attempt++) {
			const answer = sendGrid.postEvents(webhook!.id, [event], ONCE);
			const running = await runningExecution(workflow);
			expect((await sendGrid.postEvents(webhook!.id, [event], ONCE))[0]!.status).toBe(503);
			await client.stopExecution(running);
			expect((await answer)[0]!.status).toBe(500);
		}
		await client.deactivate(workflow.id);
	});

	test("shows SendGrid's sample events while listening, and leaves nothing behind", async () => {
		const workflow = await client.createWorkflow(
			triggerWorkflow('Listening', credential, { events: ALL_EVENTS }),
		);
		const before = sendGrid.webhooks.length;
		await client.runWorkflow(workflow.id, TRIGGER);
		const [execution] = await idle(workflow, 1);
		const names = itemsOf(execution!, TRIGGER).map(({ event }) => event);
		expect(names).toEqual(expect.arrayContaining(['open', 'click', 'bounce']));
		expect(execution!.mode).toBe('manual');
		await eventually(() => expect(sendGrid.webhooks).toHaveLength(before));
	});

	test('keeps the webhooks, keys and ledgers of two workflows apart', async () => {
		const [one, two] = [await publish('One'), await publish('Two')];
		const [first] = webhookOf(one);
		const [second] = webhookOf(two);
		expect(sendGrid.publicKey(first!.id)).not.toBe(sendGrid.publicKey(second!.id));
		const event = sampleEvent('open');
		for (const webhook of [first, second]) {
			const [delivery] = await sendGrid.postEvents(webhook!.id, [event], ONCE);
			expect(delivery!.status).toBe(200);
		}
		for (const workflow of [one, two]) {
			const [execution] = await idle(workflow, 1);
			expect(itemsOf(execution!, TRIGGER)).toHaveLength(1);
			await client.deactivate(workflow.id);
		}
	});

	test('takes the events of an account and of its subuser in one workflow, by a trigger for each', async () => {
		const account = { apiKey: DEFAULT_API_KEY, region: 'custom', baseUrl: sendGrid.url };
		const ofSubuser = await client.createCredential('Subuser', 'sendGridEventsApi', {
			...account,
			onBehalfOf: 'shop',
		});
		const second = node('Of the subuser', TRIGGER_TYPE, {}, withCredential(ofSubuser));
		const { nodes, ...rest } = triggerWorkflow('Two accounts', credential);
		const workflow = await client.createWorkflow({
			...rest,
			nodes: [...nodes, second],
			connections: wires([TRIGGER, 'Done'], [second.name, 'Done']),
		});
		await client.activate(workflow.id);
		const [ofAccount] = webhookOf(workflow);
		const [another] = sendGrid.account('shop').webhooks;
		expect(sendGrid.publicKey(ofAccount!.id)).not.toBe(sendGrid.publicKey(another!.id));
		for (const { id } of [ofAccount!, another!]) {
			const [attempt] = await sendGrid.postEvents(id, [sampleEvent('open')], ONCE);
			expect(attempt!.status).toBe(200);
		}
		const executions = await idle(workflow, 2);
		expect(executions.flatMap((execution) => itemsOf(execution, 'Done'))).toHaveLength(2);
		await client.deactivate(workflow.id);
		unpublished.push(workflow);
	});

	test('says what to do when the key is wrong', async () => {
		const wrong = await createCredential('SG.wrong-key');
		const workflow = await client.createWorkflow(triggerWorkflow('Wrong key', wrong));
		await expect(client.activate(workflow.id)).rejects.toThrow(/API key/);
		expect(webhookOf(workflow)).toEqual([]);
	});

	test('removes the webhooks of what was unpublished, and no other', async () => {
		expect(unpublished).toHaveLength(2);
		await eventually(() => {
			expect(unpublished.flatMap(webhookOf)).toEqual([]);
			expect(sendGrid.account('shop').webhooks).toEqual([]);
		});
		expect(JSON.stringify(foreign)).toBe(foreignAtFirst);
		expect(sendGrid.webhooks).toContain(foreign);
	});

	test('keeps secrets out of the log and out of executions', async () => {
		const secrets = [DEFAULT_API_KEY, 'SG.wrong-key'];
		n8n.assertLogFreeOf(...secrets);
		const { results } = await client.request<{ results: Array<{ id: string }> }>(
			'GET',
			'/executions?limit=100',
		);
		expect(results.length).toBeGreaterThan(5);
		for (const { id } of results) {
			const execution = JSON.stringify(await client.request('GET', `/executions/${id}`));
			expect(secrets.filter((secret) => execution.includes(secret))).toEqual([]);
		}
	});
});
