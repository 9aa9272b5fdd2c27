import '../support/n8nEnvironment';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SendGridEmailTrigger } from '../../../nodes/SendGrid/SendGridEmailTrigger.node';
import { WAIT_ARG } from '../../../nodes/SendGrid/events/waitArg';
import { instanceTag, ticketQuery } from '../../../nodes/SendGrid/events/waitTicket';
import { sampleEvent, SendGridEmulator } from '../../../emulator';
import { TestWorkflow } from '../support/n8nContexts';
import { WebhookServer } from '../support/webhookServer';

const ONCE = { retryDelaysMs: [] };
const MINUTES = 60;
const RUNNING = 'The execution "42" is running already.';

/** What n8n was asked to wake. */
interface Call {
	url: string;
	event: unknown;
}

let sendGrid: SendGridEmulator;
let n8n: Server;
let n8nUrl: string;
let calls: Call[];
/** What n8n says, call by call; the last of it from then on. */
let answers: Array<{ status: number; body: string }>;
let trigger: WebhookServer;
let webhookId: string;
let instance: string;
let workflow: TestWorkflow;

beforeEach(async () => {
	execution += 10;
	calls = [];
	answers = [{ status: 200, body: 'Taken.' }];
	// n8n's own side, which answers so or so, is in the end-to-end tests.
	n8n = createServer((request, response) => {
		void buffer(request).then((body) => {
			calls.push({ url: request.url!, event: (JSON.parse(body.toString()) as Call).event });
			const { status, body: text } = answers.length > 1 ? answers.shift()! : answers[0]!;
			response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
		});
	});
	await new Promise<void>((resolve) => n8n.listen(0, '127.0.0.1', resolve));
	n8nUrl = `http://127.0.0.1:${(n8n.address() as AddressInfo).port}`;

	sendGrid = await SendGridEmulator.start();
	const webhook = sendGrid.addWebhook({ url: 'http://127.0.0.1:1/', signed: true });
	webhookId = webhook.id;
	const node = new SendGridEmailTrigger();
	workflow = new TestWorkflow({
		nodeType: node,
		url: n8nUrl,
		parameters: { setup: 'manual', verificationKeys: sendGrid.publicKey(webhookId) },
	});
	workflow.node.id = webhookId;
	instance = instanceTag(workflow.executeContext().getInstanceId());
	trigger = new WebhookServer({ workflow, trigger: node });
	webhook.url = await trigger.listen();
});

afterEach(async () => {
	await trigger.close();
	n8n.closeAllConnections();
	n8n.close();
	await sendGrid.stop();
});

const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;

const SENT_AT = secondsAgo(20 * MINUTES);

/** A new one for each test: a trigger presents none twice. */
let execution = 0;

function ticket({ number = execution, sentAt = SENT_AT, of = instance } = {}) {
	const query = ticketQuery({ events: ['click'] }, { instance: of, sentAt });
	return `${number}/node?${new URLSearchParams({ ...query, signature: 'a'.repeat(64) }).toString()}`;
}

const click = (n8nWait = ticket(), ageSeconds = 1) =>
	sampleEvent('click', { [WAIT_ARG]: n8nWait, timestamp: secondsAgo(ageSeconds) });

async function post(...events: Array<ReturnType<typeof sampleEvent>>) {
	const [attempt] = await sendGrid.postEvents(webhookId, events, ONCE);
	await trigger.idle();
	return attempt!.status;
}

describe('a post with events that workflows wait for', () => {
	test('wakes each of them once, with its first event, and starts its own workflow', async () => {
		const others = [sampleEvent('click'), sampleEvent('open', { [WAIT_ARG]: ticket() })];
		expect(await post(...others, click(), click(), click(ticket({ number: execution + 1 })))).toBe(
			200,
		);
		expect(calls.map(({ url }) => url).sort()).toEqual([
			`/webhook-waiting/${ticket()}`,
			`/webhook-waiting/${ticket({ number: execution + 1 })}`,
		]);
		expect(calls.map(({ event }) => event)).toEqual(['click', 'click']);
		expect(trigger.started.flat(2)).toHaveLength(5);
	});

	test('wakes nobody twice', async () => {
		expect(await post(click())).toBe(200);
		expect(await post(click())).toBe(200);
		expect(calls).toHaveLength(1);
		expect(trigger.started.flat(2)).toHaveLength(2);
	});

	test('calls nobody for another n8n, or for what is no ticket', async () => {
		const elsewhere = `${n8nUrl}/webhook-waiting/${ticket()}`;
		expect(await post(click(ticket({ of: instanceTag('another') })), click(elsewhere))).toBe(200);
		expect(calls).toEqual([]);
	});

	test('waits for an execution that has just sent its mail', async () => {
		answers.unshift({ status: 409, body: RUNNING }, { status: 409, body: RUNNING });
		expect(await post(click(ticket({ sentAt: secondsAgo(2) })))).toBe(200);
		expect(calls).toHaveLength(3);
	});

	test.each([
		[409, RUNNING],
		[409, 'The execution "42" has finished with error.'],
		[404, 'The execution "42" does not exist.'],
		[401, 'Invalid token'],
	])('leaves alone what cannot be woken: %d %s', async (status, body) => {
		answers = [{ status, body }];
		expect(await post(click())).toBe(200);
		expect(calls).toHaveLength(1);
	});

	test.each([
		[502, 'Bad gateway'],
		[429, 'Too many requests'],
		[200, 'n8n is starting up. Please wait'],
	])('is asked for again while n8n answers %d %s', async (status, body) => {
		answers = [{ status, body }];
		const event = click();
		expect(await post(event)).toBe(503);
		expect(trigger.started).toEqual([]);

		answers = [{ status: 200, body: 'Taken.' }];
		expect(await post(event)).toBe(200);
		expect(trigger.started.flat(2)).toHaveLength(1);
	});

	test('is asked for again while n8n does not say where it waits', async () => {
		Object.assign(workflow, { additionalData: {} });
		expect(await post(click())).toBe(503);
		expect(trigger.started).toEqual([]);
	});

	test('holds no event back for more than an hour because n8n cannot reach itself', async () => {
		n8n.closeAllConnections();
		n8n.close();
		expect(await post(click(ticket(), 50 * MINUTES))).toBe(503);
		expect(await post(click(ticket(), 70 * MINUTES))).toBe(200);
		expect(trigger.started.flat(2)).toHaveLength(1);
	});
});
