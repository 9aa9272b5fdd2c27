import '../support/n8nEnvironment';
import { DataDeduplicationService } from 'n8n-core';
import type { INodeParameters } from 'n8n-workflow';
import { SendGridEmailTrigger } from '../../../nodes/SendGrid/SendGridEmailTrigger.node';
import { sampleEvent, SendGridEmulator } from '../../../emulator';
import { DedupeRow, type DedupeConnection } from '../../support/dedupeRow';
import { TestWorkflow } from '../support/n8nContexts';
import { WebhookServer, type Started } from '../support/webhookServer';

const ONCE = { retryDelaysMs: [] };

let row: DedupeConnection;
let workflowCount = 0;

beforeAll(async () => {
	// n8n's own helper needs n8n's database, which the end-to-end tests have.
	await DataDeduplicationService.init({
		async checkProcessedAndRecord(values) {
			const processed = await row.checkAndRecord(values as string[]);
			return { processed, new: values.filter((value) => !processed.includes(value as string)) };
		},
		removeProcessed: async (values) => await row.remove(values as string[]),
		clearAllProcessedItems: async () => {},
		getProcessedDataCount: async () => 0,
	});
});

describe('SendGrid Email Trigger behind a webhook', () => {
	let sendGrid: SendGridEmulator;
	let server: WebhookServer;
	let webhookId: string;
	let continueWith: (outputs: Started) => Promise<void> | void;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start();
		row = new DedupeRow().connect();
		continueWith = () => {};
	});

	afterEach(async () => {
		await server.close();
		await sendGrid.stop();
	});

	async function listen(parameters: INodeParameters = {}): Promise<void> {
		const trigger = new SendGridEmailTrigger();
		const webhook = sendGrid.addWebhook({ url: 'http://127.0.0.1:1/', signed: true });
		webhookId = webhook.id;
		const workflow = new TestWorkflow({
			nodeType: trigger,
			// Its own name and so its own memory, as every workflow has.
			nodeName: `Trigger ${++workflowCount}`,
			parameters: {
				setup: 'manual',
				verificationKeys: sendGrid.publicKey(webhook.id),
				...parameters,
			},
		});
		workflow.node.id = `node-${workflowCount}`;
		server = new WebhookServer({
			workflow,
			trigger,
			continueWith: async (outputs) => await continueWith(outputs),
		});
		webhook.url = await server.listen();
	}

	async function post(events: ReturnType<typeof sampleEvent>[], options = {}) {
		const deliveries = await sendGrid.postEvents(webhookId, events, { ...ONCE, ...options });
		return deliveries.map(({ status }) => status);
	}

	function emitted(): unknown[] {
		return server.started.flat(2).map(({ json }) => json.eventId);
	}

	test('emits an item per event, and nothing for a repeat', async () => {
		await listen();
		const events = [sampleEvent('open'), sampleEvent('click')];
		expect(await post(events)).toEqual([200]);
		expect(await post(events)).toEqual([200]);
		await server.idle();
		expect(server.started).toHaveLength(1);
		expect(emitted()).toEqual(events.map(({ sg_event_id }) => sg_event_id));
	});

	test('refuses a post with a changed body, and takes the genuine one', async () => {
		await listen();
		const event = sampleEvent('open');
		const tamper = (body: Buffer) => Buffer.from(body.toString().replace('open', 'opem'));
		expect(await post([event], { tamper })).toEqual([401]);
		expect(server.started).toEqual([]);
		expect(await post([event])).toEqual([200]);
	});

	test('lets posts that come together share an execution, and answers all of them', async () => {
		await listen();
		const events = Array.from({ length: 40 }, () => sampleEvent('open'));
		const statuses = await post(events, { eventsPerPost: 1, concurrency: 40 });
		await server.idle();
		expect(statuses).toEqual(Array(40).fill(200));
		expect(emitted().sort()).toEqual(events.map(({ sg_event_id }) => sg_event_id).sort());
		expect(server.started.length).toBeLessThan(20);
	});

	test('starts an execution for each post that comes alone', async () => {
		await listen();
		for (let posts = 0; posts < 3; posts++) await post([sampleEvent('open')]);
		await server.idle();
		expect(server.started).toHaveLength(3);
	});

	test('asks the database once for what was recorded before this process', async () => {
		await listen();
		const event = sampleEvent('open');
		await row.checkAndRecord([event.sg_event_id as string]);
		const fresh = sampleEvent('click');
		expect(await post([event, fresh])).toEqual([200]);
		await server.idle();
		expect(emitted()).toEqual([fresh.sg_event_id]);
	});

	test('lets events through when the database fails', async () => {
		await listen();
		row.failNext('read', 'read');
		const event = sampleEvent('open');
		expect(await post([event])).toEqual([200]);
		await server.idle();
		expect(emitted()).toEqual([event.sg_event_id]);
	});

	describe('waiting for the workflow', () => {
		test('answers 500 for a failed run and takes the events again', async () => {
			await listen({ acknowledge: 'lastNode' });
			const event = sampleEvent('open');
			continueWith = () => {
				throw new Error('The workflow failed');
			};
			expect(await post([event])).toEqual([500]);
			continueWith = () => {};
			expect(await post([event])).toEqual([200]);
			expect(await post([event])).toEqual([200]);
			expect(emitted()).toEqual([event.sg_event_id, event.sg_event_id]);
		});

		test('answers 503 while a run is under way, also after its sender has gone', async () => {
			await listen({ acknowledge: 'lastNode' });
			const event = sampleEvent('open');
			let finish: () => void = () => {};
			const started = new Promise<void>((resolve) => {
				continueWith = async () => {
					resolve();
					await new Promise<void>((finished) => (finish = finished));
				};
			});
			const impatient = await SendGridEmulator.start({ deliveryTimeoutMs: 200 });
			const [own] = sendGrid.webhooks;
			const twin = impatient.addWebhook({ url: own!.url });
			twin.signingKey = own!.signingKey;
			const [givenUp] = await impatient.postEvents(twin.id, [event], ONCE);
			expect(givenUp!.status).toBeUndefined();
			await impatient.stop();
			await started;

			expect(await post([event])).toEqual([503]);
			finish();
			await server.idle();
			expect(await post([event])).toEqual([200]);
			expect(emitted()).toEqual([event.sg_event_id]);
		});

		test('remembers durably only what ended well', async () => {
			await listen({ acknowledge: 'lastNode' });
			const [good, bad] = [sampleEvent('open'), sampleEvent('bounce')];
			await post([good]);
			continueWith = () => {
				throw new Error('The workflow failed');
			};
			await post([bad]);
			const keys = [good, bad].map(({ sg_event_id }) => `settled:${String(sg_event_id)}`);
			expect(await row.checkAndRecord(keys)).toEqual([keys[0]]);
		});
	});

	test('puts each event type on its own output and unknown ones on the last', async () => {
		await listen({ output: 'perEvent', events: ['open', 'bounce'] });
		await post([sampleEvent('bounce'), sampleEvent('open', { event: 'invented' })]);
		await server.idle();
		const [outputs] = server.started;
		expect(outputs!.map((items) => items.map(({ json }) => json.event))).toEqual([
			[],
			['bounce'],
			['invented'],
		]);
	});
});
