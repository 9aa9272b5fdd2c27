import { sampleEvent, SendGridEmulator } from '../../emulator';
import { freePort } from '../../scripts/n8n/freePort';
import { itemsOf, N8nClient } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { TRIGGER, triggerWorkflow } from '../../scripts/n8n/workflow';
import { Gate } from '../support/Gate';
import { missingQueuePrograms, RedisServer } from '../support/services';
import { PostgresServer } from '../support/PostgresServer';
import { eventually } from './support/eventually';
import { EMAIL, eventOf, WaitingMails } from './support/WaitingMails';
import { testTraps } from './support/waitingTraps';

const describeIfPossible = missingQueuePrograms().length === 0 ? describe : describe.skip;

/** A main process, two that receive webhooks behind a proxy, and a worker. */
describeIfPossible.each(n8nVersions)('Send and Wait in queue mode of n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let postgres: PostgresServer;
	let redis: RedisServer;
	let gate: Gate;
	let n8n: N8nInstance;
	let worker: N8nInstance;
	let client: N8nClient;
	let mails: WaitingMails;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({ maxWebhooks: 3, retryDelaysMs: Array(30).fill(500) });
		postgres = await PostgresServer.start();
		redis = await RedisServer.start();
		const [port, first, second] = [await freePort(), await freePort(), await freePort()];
		const receivers = { 'webhook-1': { port: first }, 'webhook-2': { port: second } };
		gate = await Gate.start({
			composeFile: 'compose.queue.yaml',
			processes: { n8n: { port }, ...receivers },
		});
		// The harder case: what comes goes to either process.
		await gate.pick('inTurn');
		n8n = await N8nInstance.start({
			version,
			port,
			withoutEditor: true,
			webhookUrl: gate.url,
			postgres: await postgres.createDatabase('n8n'),
			redis: { host: '127.0.0.1', port: redis.port },
			// From n8n 3 on there is no other way.
			env: { OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true' },
		});
		client = await N8nClient.setUpOwner(n8n.url);
		[worker] = await Promise.all([
			n8n.startSibling('worker'),
			...Object.values(receivers).map(async (port) => await n8n.startSibling('webhook', port)),
		]);
		mails = await WaitingMails.prepare(client, sendGrid, gate.url);
	});

	afterAll(async () => {
		await n8n?.stop();
		await sendGrid?.stop();
		await gate?.stop();
		await redis?.stop();
		await postgres?.stop();
	});

	test('goes on with an event that arrives while the mail is still being sent', async () => {
		const workflow = await mails.start({ to: 'bob@example.com', waitFor: ['processed'] });
		// Two triggers, at two processes, wake it: n8n 1 can run it once more when it has ended.
		await sendGrid.idle();
		expect(await mails.outcome(workflow)).toMatchObject({ outcome: 'processed' });
	});

	test('waits on while its worker is killed, and goes on at another', async () => {
		const workflow = await mails.start({ waitFor: ['click', 'bounce'], output: 'perOutcome' });
		const mail = await mails.waiting(workflow);
		await worker.kill();
		expect(await mails.post([eventOf(mail, 'open'), eventOf(mail, 'bounce')])).toEqual([200]);
		worker = await n8n.startSibling('worker');
		const execution = await mails.ended(workflow);
		expect(itemsOf(execution, EMAIL, 2)).toMatchObject([{ outcome: 'bounce' }]);
	});

	test('takes the answer at whichever process it arrives', async () => {
		const workflow = await mails.start({ responseType: 'approval', message: 'May I?' });
		const { body } = await mails.waiting(workflow);
		const [, link] = /Approve: (\S+)/.exec(body.content![0]!.value)!;
		expect(new URL(link!).origin).toBe(gate.url);
		expect((await fetch(link!, { method: 'POST' })).status).toBe(200);
		expect(await mails.outcome(workflow)).toMatchObject({ outcome: 'approved', approved: true });
	});

	// n8n 1 runs an execution twice that two processes wake at the same moment.
	testTraps(() => ({ client, sendGrid, mails }), version.startsWith('1.') ? test.skip : test);

	test('listens for a test event, which a worker then runs', async () => {
		const listening = triggerWorkflow('Listening', mails.credential, {
			events: ['open', 'click'],
		});
		const { id } = await client.createWorkflow(listening);
		const before = sendGrid.webhooks.length;
		await client.runWorkflow(id, TRIGGER);
		const [execution] = await client.waitForExecutions(id, 1);
		expect(execution).toMatchObject({ mode: 'manual', status: 'success' });
		expect(itemsOf(execution!, TRIGGER).map(({ event }) => event)).toEqual(
			expect.arrayContaining(['open', 'click']),
		);
		expect(itemsOf(execution!, 'Done')).toEqual(itemsOf(execution!, TRIGGER));
		expect(worker.log).toContain(`Worker finished execution ${execution!.id}`);
		await eventually(() => expect(sendGrid.webhooks).toHaveLength(before));
	});

	test('"Have SendGrid Send Again" takes a run that n8n does not keep for a success', async () => {
		const definition = triggerWorkflow('Not kept', mails.credential, {
			events: ['open'],
			acknowledge: 'lastNode',
		});
		definition.settings = { ...definition.settings, saveDataSuccessExecution: 'none' };
		const { id } = await client.createWorkflow(definition);
		const before = new Set(sendGrid.webhooks.map((webhook) => webhook.id));
		await client.activate(id);
		await eventually(() => expect(sendGrid.webhooks).toHaveLength(before.size + 1));
		const { id: webhookId } = sendGrid.webhooks.find((webhook) => !before.has(webhook.id))!;

		// A published trigger takes posts a moment after its webhook is made.
		const options = { retryDelaysMs: [500, 1000, 2000, 4000] };
		const [attempt] = await sendGrid.postEvents(webhookId, [sampleEvent('open')], options);
		expect(attempt).toMatchObject({ status: 200, responseBody: '' });
		expect(await client.executions(id)).toEqual([]);
		await client.deactivate(id);
	});
});
