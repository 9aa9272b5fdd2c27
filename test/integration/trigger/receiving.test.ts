import '../support/n8nEnvironment';
import { DataDeduplicationService } from 'n8n-core';
import type { INodeParameters, IWorkflowSettings } from 'n8n-workflow';
import { SendGridEmailTrigger } from '../../../nodes/SendGrid/SendGridEmailTrigger.node';
import { repeatKeys } from '../../../nodes/SendGrid/events/dedupeKey';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../../../nodes/SendGrid/events/signature';
import { sampleEvent, SendGridEmulator } from '../../../emulator';
import { signBody } from '../../../emulator/signing';
import { DedupeRow, type DedupeConnection } from '../../support/dedupeRow';
import { until } from '../../support/until';
import { wrapHandover } from '../../../nodes/SendGrid/trigger/handover';
import { PostBatcher } from '../../../nodes/SendGrid/trigger/postBatcher';
import { TestWorkflow } from '../support/n8nContexts';
import { WebhookServer, type Started } from '../support/webhookServer';

const ONCE = { retryDelaysMs: [] };

/** Later than any process started, whatever its clock: such an event nobody else can have seen. */
const inTenMinutes = () => Math.floor(Date.now() / 1000) + 600;

/** The row in the database of the trigger that is tested. */
let database: DedupeRow;
let row: DedupeConnection;
let workflowCount = 0;

/** The trigger as another process has it: a module with a memory of its own. */
function triggerOfAnotherProcess(): SendGridEmailTrigger {
	let trigger: SendGridEmailTrigger | undefined;
	jest.isolateModules(() => {
		const module = jest.requireActual<
			typeof import('../../../nodes/SendGrid/SendGridEmailTrigger.node')
		>('../../../nodes/SendGrid/SendGridEmailTrigger.node');
		trigger = new module.SendGridEmailTrigger();
	});
	return trigger!;
}

beforeAll(async () => {
	// n8n's own helper needs n8n's database, which the end-to-end tests have.
	await DataDeduplicationService.init({
		async checkProcessedAndRecord(values) {
			const processed = await row.checkAndRecord(values as string[]);
			return { processed, new: values.filter((value) => !processed.includes(value as string)) };
		},
		removeProcessed: async (values) => await row.remove(values as string[]),
		clearAllProcessedItems: async () => {},
		getProcessedDataCount: async () => await row.count(),
	});
});

/** What n8n notes of a node that failed while the workflow was told to continue. */
function failedLastNode() {
	const task = { startTime: 0, executionTime: 0, executionIndex: 0, source: [] };
	const failed = { ...task, error: new Error('failed') as never };
	return { lastNodeExecuted: 'Failed', runData: { Failed: [task, failed], Fine: [task] } };
}

describe('SendGrid Email Trigger behind a webhook', () => {
	let sendGrid: SendGridEmulator;
	let server: WebhookServer;
	const servers: WebhookServer[] = [];
	let webhookId: string;
	let continueWith: (outputs: Started) => Promise<void> | void;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start();
		database = new DedupeRow();
		// An earlier process was here.
		database.insert(['earlier']);
		row = database.connect();
		continueWith = () => {};
	});

	afterEach(async () => {
		for (const one of servers.splice(0)) await one.close();
		await sendGrid.stop();
	});

	interface ListenOptions {
		trigger?: SendGridEmailTrigger;
		worker?: SendGridEmailTrigger;
		isTest?: boolean;
		withoutHooks?: boolean;
		refusesToRun?: () => string | undefined;
		onCall?: () => void;
		onStored?: () => Promise<void> | void;
		settings?: IWorkflowSettings;
		nodeId?: string;
		workflowId?: string;
	}

	async function listen(
		parameters: INodeParameters = {},
		{
			trigger = new SendGridEmailTrigger(),
			settings,
			nodeId,
			workflowId,
			...rest
		}: ListenOptions = {},
	): Promise<void> {
		workflowCount++;
		const webhook = sendGrid.addWebhook({ url: 'http://127.0.0.1:1/', signed: true });
		webhookId = webhook.id;
		const workflow = new TestWorkflow({
			nodeType: trigger,
			// Its own id and so its own memory, as every workflow has.
			workflowId: workflowId ?? `workflow-${workflowCount}`,
			nodeId,
			settings,
			parameters: {
				setup: 'manual',
				verificationKeys: sendGrid.publicKey(webhook.id),
				...parameters,
			},
		});
		server = new WebhookServer({
			workflow,
			trigger,
			...rest,
			continueWith: async (outputs) => await continueWith(outputs),
		});
		servers.push(server);
		webhook.url = await server.listen();
	}

	async function post(events: ReturnType<typeof sampleEvent>[], options = {}) {
		const deliveries = await sendGrid.postEvents(webhookId, events, { ...ONCE, ...options });
		return deliveries.map(({ status }) => status);
	}

	/** The ids of the events that came out of the trigger, in all executions. */
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

	/** Posts one event, signed, and says that the body is of a type. */
	async function postAs(contentType: string, event: ReturnType<typeof sampleEvent>) {
		const { url, signingKey } = sendGrid.webhooks.find(({ id }) => id === webhookId)!;
		const body = Buffer.from(JSON.stringify([event]));
		const timestamp = String(Math.floor(Date.now() / 1000));
		const headers = {
			'content-type': contentType,
			[TIMESTAMP_HEADER]: timestamp,
			[SIGNATURE_HEADER]: signBody(signingKey!, body, timestamp),
		};
		const { status } = await fetch(url, { method: 'POST', headers, body });
		await server.idle();
		return status;
	}

	test.each([
		'application/json',
		'application/json;charset=utf-8',
		'application/json; charset=latin1',
		'text/plain',
	])('reads events in UTF-8, whatever the sender calls them: %s', async (contentType) => {
		await listen();
		expect(await postAs(contentType, sampleEvent('open', { email: 'zoë@example.com' }))).toBe(200);
		expect(server.started.flat(2)[0]!.json.email).toBe('zoë@example.com');
	});

	test('takes the events that n8n has parsed, and parses them no second time', async () => {
		await listen();
		const parse = jest.spyOn(JSON, 'parse');
		await postAs('application/json', sampleEvent('open'));
		const bodies = parse.mock.calls.filter(([text]) => text.startsWith('[{"'));
		parse.mockRestore();
		expect(bodies).toHaveLength(1);
		expect(emitted()).toHaveLength(1);
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

		test.each(['no data was returned', 'the last node did not return any data'])(
			'answers 500 where n8n says 200 without a run: %s',
			async (words) => {
				let isRefusing = true;
				const refusesToRun = () =>
					isRefusing ? `Workflow executed successfully but ${words}` : undefined;
				await listen({ acknowledge: 'lastNode' }, { refusesToRun });
				const event = sampleEvent('open');
				expect(await post([event])).toEqual([500]);
				isRefusing = false;
				expect(await post([event])).toEqual([200]);
				expect(emitted()).toEqual([event.sg_event_id]);
			},
		);

		test('remembers durably only what ended well', async () => {
			await listen({ acknowledge: 'lastNode' });
			const timestamp = inTenMinutes();
			const good = sampleEvent('open', { timestamp });
			const bad = sampleEvent('bounce', { timestamp });
			await post([good]);
			continueWith = () => {
				throw new Error('The workflow failed');
			};
			await post([bad]);
			const keys = [good, bad].map(({ sg_event_id }) => `settled:${String(sg_event_id)}`);
			expect(await row.checkAndRecord(keys)).toEqual([keys[0]]);
		});
	});

	describe('posts that share an execution whose end they wait for', () => {
		/** Fails whatever holds a bounce, once all posts are there. */
		const failOnBounces = (outputs: Started) => {
			if (outputs.flat().some(({ json }) => json.event === 'bounce')) throw new Error('A bounce');
		};

		/** Lets the first execution wait until the others have gathered behind it. */
		async function postBehindAnother(events: ReturnType<typeof sampleEvent>[]) {
			let go: () => void = () => {};
			const isGoing = new Promise<void>((resolve) => (go = resolve));
			let isFirst = true;
			continueWith = async (outputs) => {
				if (isFirst) {
					isFirst = false;
					go();
					await new Promise((resolve) => setTimeout(resolve, 300));
				}
				failOnBounces(outputs);
			};
			const first = post([sampleEvent('open')]);
			await isGoing;
			const others = await Promise.all(events.map(async (event) => await post([event])));
			expect(await first).toEqual([200]);
			return others.flat();
		}

		test('are answered together when it has ended well', async () => {
			await listen({ acknowledge: 'lastNode' });
			const events = Array.from({ length: 8 }, () => sampleEvent('open'));
			expect(await postBehindAnother(events)).toEqual(Array(8).fill(200));
			expect(server.started.length).toBeLessThan(5);
			expect(emitted()).toHaveLength(9);
		});

		test('a good one and a bad one at once get 200 and 500', async () => {
			await listen({ acknowledge: 'lastNode' });
			continueWith = failOnBounces;
			const [good, bad] = [sampleEvent('open'), sampleEvent('bounce')];
			const statuses = await Promise.all([post([good]), post([bad])]);
			expect(statuses).toEqual([[200], [500]]);
		});

		test('go again alone when it failed, and the good ones are answered 200', async () => {
			await listen({ acknowledge: 'lastNode' });
			const events = Array.from({ length: 6 }, () => sampleEvent('open'));
			const statuses = await postBehindAnother([...events, sampleEvent('bounce')]);
			expect(statuses).toEqual([...events.map(() => 200), 500]);
			const alone = server.started
				.map((outputs) => outputs.flat())
				.filter(({ length }) => length === 1);
			// The one that was alone at first, the bad one, and each of the others.
			expect(alone).toHaveLength(2 + events.length);
		});

		test('the one that started it is left to SendGrid where it cannot be posted again', async () => {
			await listen({ acknowledge: 'lastNode' });
			server.hasWayToItself = false;
			const events = Array.from({ length: 6 }, () => sampleEvent('open'));
			const statuses = await postBehindAnother([...events, sampleEvent('bounce')]);
			expect(statuses.filter((status) => status === 200)).toHaveLength(5);
			expect(statuses.filter((status) => status === 500)).toHaveLength(2);
		});

		test('do not share for a while after that', async () => {
			await listen({ acknowledge: 'lastNode' });
			continueWith = failOnBounces;
			await post([sampleEvent('bounce')]);
			const started = server.started.length;
			const events = Array.from({ length: 6 }, () => sampleEvent('open'));
			await Promise.all(events.map(async (event) => await post([event])));
			expect(server.started.length - started).toBe(6);
		});
	});

	describe.each([
		['with the hooks of n8n', false],
		['without them', true],
	])('what succeeded is stored before SendGrid is answered, %s', (_name, withoutHooks) => {
		test('and not answered when the write takes its time', async () => {
			await listen({ acknowledge: 'lastNode' }, { withoutHooks });
			let write: () => void = () => {};
			const mayWrite = new Promise<void>((resolve) => (write = resolve));
			row = new DedupeRow({ turn: async (step) => step === 'write' && (await mayWrite) }).connect();
			const event = sampleEvent('open', { timestamp: inTenMinutes() });
			let isAnswered = false;
			const answer = post([event]).then((statuses) => {
				isAnswered = true;
				return statuses;
			});
			await until(() => row.calls.length > 0);
			await new Promise((resolve) => setTimeout(resolve, 50));
			expect(row.calls).toEqual([[`settled:${String(event.sg_event_id)}`]]);
			expect(isAnswered).toBe(false);
			write();
			expect(await answer).toEqual([200]);
		});

		test('and answered all the same when the write fails', async () => {
			await listen({ acknowledge: 'lastNode' }, { withoutHooks });
			row.failNext('read', 'read');
			expect(await post([sampleEvent('open', { timestamp: inTenMinutes() })])).toEqual([200]);
		});
	});

	test.each([
		['waits for an approval or a time', {}, 'waiting', true],
		['has failed', { error: new Error('failed') as never }, 'error', false],
		['was stopped by hand', {}, 'canceled', false],
		['has gone on after its last node failed', { ...failedLastNode() }, 'success', false],
		[
			'has gone on after another node failed',
			{ ...failedLastNode(), lastNodeExecuted: 'Fine' },
			'success',
			true,
		],
	] as const)('an execution that %s', async (_name, resultData, status, isSettled) => {
		const workflow = new TestWorkflow({
			nodeType: new SendGridEmailTrigger(),
			workflowId: `end-${status}-${isSettled}`,
			parameters: { acknowledge: 'lastNode' },
		});
		const { context, end } = workflow.execution([
			wrapHandover({ processId: 'elsewhere', posts: ['[{"event":"open","sg_event_id":"1"}]'] }),
		]);
		const settled = () => database.contents.filter((value) => value.startsWith('settled after 1:'));
		await new SendGridEmailTrigger().execute.call(context);
		expect(settled()).toEqual([]);
		await end(resultData, status);
		expect(settled()).toHaveLength(isSettled ? 1 : 0);
	});

	describe('in queue mode', () => {
		/** Webhook processes in front, all with the same workers behind. */
		async function listenAt(
			trigger: SendGridEmailTrigger,
			worker: SendGridEmailTrigger,
			acknowledge: string,
		) {
			const workflowId = `queue-${acknowledge}`;
			await listen({ acknowledge }, { trigger, worker, workflowId });
		}

		test.each(['lastNode', 'onReceived'])(
			'workers recognize what came to another webhook process (%s)',
			async (acknowledge) => {
				const [worker, otherWorker] = [triggerOfAnotherProcess(), triggerOfAnotherProcess()];
				const [event, next] = [sampleEvent('open'), sampleEvent('open')];
				await listenAt(triggerOfAnotherProcess(), worker, acknowledge);
				expect(await post([event])).toEqual([200]);
				await server.idle();
				expect(emitted()).toEqual([event.sg_event_id]);

				await listenAt(triggerOfAnotherProcess(), otherWorker, acknowledge);
				expect(await post([event, next])).toEqual([200]);
				await server.idle();
				expect(emitted()).toEqual([next.sg_event_id]);
			},
		);

		test('a worker knows at once what it has settled, also when another has undone its write', async () => {
			const worker = triggerOfAnotherProcess();
			const event = sampleEvent('open');
			await listenAt(triggerOfAnotherProcess(), worker, 'lastNode');
			await post([event]);
			database.update([]);
			await listenAt(triggerOfAnotherProcess(), worker, 'lastNode');
			await post([event]);
			expect(emitted()).toEqual([]);
		});

		test('a worker that takes over an execution works on its events, although they are recorded', async () => {
			const workflow = new TestWorkflow({ nodeType: new SendGridEmailTrigger() });
			const input = [
				wrapHandover({ processId: 'elsewhere', posts: ['[{"event":"open","sg_event_id":"1"}]'] }),
			];
			const run = async (id: string) => {
				const { context } = workflow.execution(input, { id });
				return (await triggerOfAnotherProcess().execute.call(context))[0]!.length;
			};
			expect(await run('7')).toBe(1);
			expect(await run('7')).toBe(1);
			expect(await run('8')).toBe(0);
		});
	});

	describe('while n8n stops, which begins with closing its server', () => {
		const stop = () => server.stopListening();
		let identity: Pick<ListenOptions, 'workflowId' | 'nodeId'>;
		beforeEach(() => {
			identity = { workflowId: `stopping-${workflowCount}`, nodeId: 'trigger' };
		});

		/** The ids that come out when SendGrid posts the events to the n8n that was started again. */
		async function emittedAfterRestart(
			events: ReturnType<typeof sampleEvent>[],
			parameters: INodeParameters = {},
		) {
			await listen(parameters, { ...identity, trigger: triggerOfAnotherProcess() });
			expect(await post(events)).toEqual([200]);
			await server.idle();
			return emitted();
		}

		test.each(['onReceived', 'lastNode'])(
			'what still comes over an open connection is to come again (%s)',
			async (acknowledge) => {
				await listen({ acknowledge }, { ...identity, onCall: stop });
				const event = sampleEvent('open');
				expect(await post([event])).toEqual([503]);
				await server.idle();
				expect(server.started).toEqual([]);
				expect(await emittedAfterRestart([event])).toEqual([event.sg_event_id]);
			},
		);

		test('an execution that n8n makes meanwhile works on nothing, and its events come again', async () => {
			await listen({}, { ...identity, onStored: stop });
			const event = sampleEvent('open');
			expect(await post([event])).toEqual([503]);
			await server.idle();
			expect(emitted()).toEqual([]);
			expect(await emittedAfterRestart([event])).toEqual([event.sg_event_id]);
		});

		test('so do those of posts that wait to share the next one', async () => {
			const add = jest.spyOn(PostBatcher.prototype, 'add');
			add.mockClear();
			const onStored = async () => {
				await until(() => add.mock.calls.length === 3);
				stop();
			};
			await listen({}, { ...identity, onStored });
			const events = [sampleEvent('open'), sampleEvent('click'), sampleEvent('bounce')];
			expect(await post(events, { eventsPerPost: 1, concurrency: 3 })).toEqual([503, 503, 503]);
			await server.idle();
			expect(emitted()).toEqual([]);
			const ids = events.map(({ sg_event_id }) => sg_event_id);
			expect(await emittedAfterRestart(events)).toEqual(ids);
		});

		test('a run that is under way is answered as it ends', async () => {
			await listen({ acknowledge: 'lastNode' }, identity);
			continueWith = stop;
			const event = sampleEvent('open');
			expect(await post([event])).toEqual([200]);
			expect(emitted()).toEqual([event.sg_event_id]);
			expect(await emittedAfterRestart([event], { acknowledge: 'lastNode' })).toEqual([]);
		});
	});

	describe('what this process need not ask the database about', () => {
		test.each([
			['happened long before it started', () => -24 * 60 * 60, 2],
			['may have happened before it started, if the clocks differ', () => 4 * 60, 2],
			['happened after it started, whatever the clocks', () => 10 * 60, 1],
		])('%s', async (_name, secondsFromNow, calls) => {
			await listen({ acknowledge: 'lastNode' });
			const timestamp = Math.floor(Date.now() / 1000) + secondsFromNow();
			await post([sampleEvent('open', { timestamp })]);
			expect(row.calls).toHaveLength(calls);
		});
	});

	describe('a run that is not started by a post', () => {
		const input = [
			wrapHandover({ processId: 'earlier', posts: ['[{"event":"open","sg_event_id":"1"}]'] }),
		];

		test.each(['manual', 'retry'])(
			'(%s) shows its events although they are known',
			async (mode) => {
				const trigger = new SendGridEmailTrigger();
				const workflow = new TestWorkflow({ nodeType: trigger });
				await trigger.execute.call(workflow.execution(input).context);
				for (let run = 0; run < 2; run++) {
					const { context } = workflow.execution(input, { mode });
					expect((await trigger.execute.call(context)).flat()).toHaveLength(1);
				}
			},
		);

		test('passes on items that were pinned or edited', async () => {
			const trigger = new SendGridEmailTrigger();
			const workflow = new TestWorkflow({ nodeType: trigger });
			const pinned = [{ json: { event: 'open', email: 'ann@example.com' } }, { json: {} }];
			const { context } = workflow.execution(pinned, { mode: 'manual' });
			expect(await trigger.execute.call(context)).toEqual([pinned]);
		});
	});

	describe('every trigger has a memory of its own', () => {
		test.each([
			['another workflow', { workflowId: 'memory-2', nodeId: 'one' }],
			['another node of the workflow', { workflowId: 'memory-1', nodeId: 'two' }],
			['listening for a test event', { workflowId: 'memory-1', nodeId: 'one', isTest: true }],
		])('%s', async (_name, other) => {
			const event = sampleEvent('open');
			await listen({}, { workflowId: 'memory-1', nodeId: 'one' });
			await post([event]);
			await server.idle();
			row = new DedupeRow().connect();

			await listen({}, other);
			await post([event]);
			await server.idle();
			expect(emitted()).toEqual([event.sg_event_id]);
		});

		test('the same trigger published again knows what it has seen', async () => {
			const event = sampleEvent('open');
			const same = { workflowId: 'memory-3', nodeId: 'one' };
			await listen({}, same);
			await post([event]);
			await server.idle();
			await listen({}, same);
			expect(await post([event])).toEqual([200]);
			expect(server.started).toEqual([]);
		});
	});

	test('shows a repeat again to those who are testing', async () => {
		await listen({}, { isTest: true });
		const event = sampleEvent('open');
		expect(await post([event])).toEqual([200]);
		expect(await post([event])).toEqual([200]);
		await server.idle();
		expect(emitted()).toEqual([event.sg_event_id, event.sg_event_id]);
	});

	test('takes an event again when the time is up that the workflow may run', async () => {
		await listen({ acknowledge: 'lastNode' }, { settings: { executionTimeout: 30 } });
		const event = sampleEvent('open');
		let finish: () => void = () => {};
		const hanging = new Promise<void>((resolve) => (finish = resolve));
		const isStarted = new Promise<void>((resolve) => {
			continueWith = async () => {
				resolve();
				await hanging;
			};
		});
		const first = post([event]);
		await isStarted;
		expect(await post([event])).toEqual([503]);

		const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 97_000);
		continueWith = () => {};
		expect(await post([event])).toEqual([200]);
		clock.mockRestore();
		finish();
		await first;
	});

	describe('tells the log', () => {
		const lines: Array<[level: string, message: string]> = [];

		beforeEach(() => {
			lines.length = 0;
			const { logger } = new TestWorkflow({ nodeType: new SendGridEmailTrigger() }).hookContext();
			for (const level of ['warn', 'info'] as const) {
				jest
					.spyOn(logger, level)
					.mockImplementation((...[line]) => void lines.push([level, String(line)]));
			}
		});

		afterEach(() => {
			jest.restoreAllMocks();
		});

		test('of refused posts', async () => {
			await listen();
			const tamper = (body: Buffer) => Buffer.from(body.toString().replace('open', 'opem'));
			await post([sampleEvent('open')], { tamper });
			expect(lines).toEqual([
				['warn', expect.stringContaining('does not match the verification key')],
			]);
		});

		test('of repeats', async () => {
			await listen();
			const event = sampleEvent('open');
			await post([event, sampleEvent('open')]);
			await post([event]);
			expect(lines).toEqual([['info', expect.stringContaining('left out 1 event')]]);
		});

		test('of a database that cannot be asked', async () => {
			await listen();
			row.failNext('read', 'read');
			await post([sampleEvent('open')]);
			await server.idle();
			expect(lines).toEqual([['warn', expect.stringContaining('database not available')]]);
		});
	});

	test('has one output when the event types are text from an expression', async () => {
		await listen({ output: 'perEvent', events: 'open, bounce' });
		await post([sampleEvent('bounce'), sampleEvent('open')]);
		await server.idle();
		expect(server.started[0]!.map((items) => items.length)).toEqual([2]);
	});

	test('puts each event type on its own output, and other types on theirs if there is one', async () => {
		const eventsByOutput = (outputs: Started) =>
			outputs.map((items) => items.map(({ json }) => json.event));
		const events = () => [sampleEvent('bounce'), sampleEvent('open', { event: 'invented' })];

		await listen({ output: 'perEvent', events: ['open', 'bounce'] });
		await post(events());
		await server.idle();
		expect(eventsByOutput(server.started[0]!)).toEqual([[], [], ['bounce']]);

		await listen({
			output: 'perEvent',
			events: ['open', 'bounce'],
			options: { otherEvents: true },
		});
		await post(events());
		await server.idle();
		expect(eventsByOutput(server.started[0]!).map((names) => names.join())).toEqual([
			...['', '', 'bounce', '', '', '', '', '', '', '', '', '', 'invented'],
		]);
	});

	test('leaves out what few workflows need, unless they ask for it', async () => {
		const fields = ['raw', 'smtpId', 'sgMessageId'];
		const emittedFields = () =>
			fields.filter((field) => server.started.flat(2)[0]!.json[field] !== undefined);
		await listen();
		await post([sampleEvent('bounce')]);
		await server.idle();
		expect(emittedFields()).toEqual([]);

		await listen({ simplify: false });
		await post([sampleEvent('bounce')]);
		await server.idle();
		expect(emittedFields()).toEqual(fields);
	});

	describe('recognizing repeats by content as well', () => {
		const twin = () => sampleEvent('click', { timestamp: 1_600_000_000 });
		const options = { recognizeRepeatsBy: 'eventIdOrContent' };

		test('leaves out an event that comes again under another id', async () => {
			await listen({ options });
			const [first, second, third] = [twin(), twin(), twin()];
			expect(await post([first, second])).toEqual([200]);
			expect(await post([third])).toEqual([200]);
			await server.idle();
			expect(emitted()).toEqual([first.sg_event_id]);
		});

		test('does so in the database as well', async () => {
			await listen({ options });
			const known = repeatKeys(twin(), 'eventIdOrContent')[1]!;
			await row.checkAndRecord([known]);
			expect(await post([twin()])).toEqual([200]);
			await server.idle();
			expect(emitted()).toEqual([]);
		});

		test('counts events, not their keys, for what may share an execution', async () => {
			const add = jest.spyOn(PostBatcher.prototype, 'add');
			await listen({ options });
			await post([sampleEvent('click'), sampleEvent('open')]);
			await server.idle();
			expect(add.mock.calls).toMatchObject([[{ events: { length: 2 }, keys: { length: 4 } }]]);
		});

		test('is not done unless it is asked for', async () => {
			await listen();
			const [first, second] = [twin(), twin()];
			await post([first, second]);
			await server.idle();
			expect(emitted()).toEqual([first.sg_event_id, second.sg_event_id]);
		});
	});

	describe('reporting problems', () => {
		const options = { reportProblems: true };
		const tamper = (body: Buffer) => Buffer.from(body.toString().replace('open', 'opem'));
		const problems = () =>
			server.started.map((outputs) => outputs.map((items) => items.map(({ json }) => json.kind)));

		test('starts the workflow on the last output for the first of a kind, and answers as ever', async () => {
			await listen({ options });
			for (let posts = 0; posts < 5; posts++) {
				expect(await post([sampleEvent('open')], { tamper })).toEqual([401]);
			}
			await server.idle();
			expect(problems()).toEqual([[[], ['signatureMismatch']]]);
			expect(server.started[0]![1]![0]!.json).toMatchObject({
				count: 1,
				since: expect.stringMatching(/Z$/) as string,
				problem: expect.stringMatching(/^Refused 1 post: its signature does not match/) as string,
				whatToDo: expect.stringMatching(/copy the current key/) as string,
			});
		});

		test('a flood of forged posts starts it once a minute at most', async () => {
			await listen({ options, output: 'perEvent', events: ['open'] });
			const events = Array.from({ length: 200 }, () => sampleEvent('open'));
			await post(events, { tamper, eventsPerPost: 1, concurrency: 20 });
			await server.idle();
			expect(server.started).toHaveLength(1);
			expect(server.started[0]).toHaveLength(14);
			expect(server.started[0]![13]).toHaveLength(1);
		});

		test('goes along with the events of a post that has some left out', async () => {
			await listen({ options });
			const event = sampleEvent('open');
			await post([event, 'no event' as never]);
			await server.idle();
			expect(problems()).toEqual([[[undefined], ['malformed']]]);
			expect(emitted()[0]).toBe(event.sg_event_id);
		});

		test('is not done unless it is asked for', async () => {
			await listen();
			await post([sampleEvent('open')], { tamper });
			await server.idle();
			expect(server.started).toEqual([]);
		});
	});
});
