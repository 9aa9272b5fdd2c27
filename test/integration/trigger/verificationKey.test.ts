import '../support/n8nEnvironment';
import { DataDeduplicationService } from 'n8n-core';
import type { IDataObject, IHookFunctions } from 'n8n-workflow';
import {
	createSigningKey,
	DEFAULT_API_KEY,
	sampleEvent,
	SendGridEmulator,
	type SigningKey,
	type Webhook,
} from '../../../emulator';
import { SendGridEmailTrigger } from '../../../nodes/SendGrid/SendGridEmailTrigger.node';
import { DedupeRow } from '../../support/dedupeRow';
import { N8N_URL, TestWorkflow } from '../support/n8nContexts';
import { WebhookServer } from '../support/webhookServer';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TRIGGER_ID = '3d5c0b6e-6f0a-4ad5-9c5b-a6a1c0a3e111';
const TRIGGER_URL = `${N8N_URL}/webhook/${TRIGGER_ID}/events`;

const trigger = new SendGridEmailTrigger();
let sendGrid: SendGridEmulator;
/** Ours, as SendGrid's API has it. */
let webhook: Webhook;
let server: WebhookServer;
/** Posts to where the node really listens. */
let poster: SendGridEmulator;
let stored: IDataObject;
let workflow: TestWorkflow;
let nodes = 0;
let warnings: string[];

beforeAll(async () => {
	const row = new DedupeRow().connect();
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

beforeEach(async () => {
	// The time of day only: the servers keep their real timers.
	jest.useFakeTimers({
		doNotFake: [
			...['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'],
			...['clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'],
		] as never,
	});
	sendGrid = await SendGridEmulator.start();
	poster = await SendGridEmulator.start();
	webhook = sendGrid.addWebhook({ url: TRIGGER_URL, signed: true });
	workflow = new TestWorkflow({
		nodeType: trigger,
		webhookId: TRIGGER_ID,
		credentials: { apiKey: DEFAULT_API_KEY, region: 'custom', baseUrl: sendGrid.url },
	});
	// Its own memory, as every trigger has.
	workflow.node.id = `key-${++nodes}`;
	stored = workflow.staticData;
	Object.assign(stored, {
		webhookId: webhook.id,
		publicKey: sendGrid.publicKey(webhook.id),
		url: TRIGGER_URL,
	});
	warnings = [];
	jest
		.spyOn(workflow.hookContext().logger, 'warn')
		.mockImplementation((message) => void warnings.push(message));
	server = new WebhookServer({ workflow, trigger });
	poster.addWebhook({ url: await server.listen(), signed: true });
});

afterEach(async () => {
	await server.close();
	await poster.stop();
	await sendGrid.stop();
	jest.useRealTimers();
});

/** @returns the status of the answer */
async function post(signingKey: SigningKey | undefined): Promise<number | undefined> {
	const [target] = poster.account().webhooks as [Webhook];
	target.signingKey = signingKey as SigningKey;
	const [attempt] = await poster.postEvents(target.id, [sampleEvent('open')], {
		retryDelaysMs: [],
	});
	return attempt?.status;
}

const pass = (milliseconds: number) => jest.setSystemTime(Date.now() + milliseconds);
const questions = () => sendGrid.requests.length;

/** What happens in SendGrid when its user changes the key. @returns the former one */
function rotate(): SigningKey {
	const { signingKey } = webhook;
	sendGrid.rotateKey(webhook.id);
	return signingKey as SigningKey;
}

describe('a webhook that publishing repairs', () => {
	it('is told with the next post', async () => {
		webhook.enabled = false;
		const context = workflow.hookContext() as unknown as IHookFunctions;
		const { checkExists, create } = trigger.webhookMethods.default;
		expect(await checkExists.call(context)).toBe(false);
		await create.call(context);
		expect(webhook.enabled).toBe(true);
		expect(warnings).toEqual([]);

		expect(await post(webhook.signingKey)).toBe(200);
		expect(warnings).toEqual([
			expect.stringMatching(/was changed or disabled, and has been repaired: it was disabled\./),
		]);
	});
});

describe('the verification key of automatic setup', () => {
	it('is the stored one, and SendGrid is not asked', async () => {
		expect(await post(webhook.signingKey)).toBe(200);
		expect(questions()).toBe(0);
	});

	it('is fetched when n8n has lost it', async () => {
		for (const name of Object.keys(stored)) delete stored[name];
		expect(await post(webhook.signingKey)).toBe(200);
		expect(await post(webhook.signingKey)).toBe(200);
		expect(questions()).toBe(1);
		expect(warnings).toEqual([]);
	});

	it('is fetched once when it was changed, and kept', async () => {
		rotate();
		expect(await post(webhook.signingKey)).toBe(200);
		pass(HOUR);
		expect(await post(webhook.signingKey)).toBe(200);
		expect(questions()).toBe(1);
		expect(warnings).toEqual([expect.stringContaining('its verification key is another one')]);
	});

	it('is asked for once in a minute at most, whatever is posted', async () => {
		for (let forged = 0; forged < 5; forged++) expect(await post(createSigningKey())).toBe(401);
		pass(MINUTE - 1);
		expect(await post(createSigningKey())).toBe(401);
		expect(questions()).toBe(1);
	});

	it('is asked for again after a minute', async () => {
		expect(await post(createSigningKey())).toBe(401);
		rotate();
		expect(await post(webhook.signingKey)).toBe(401);
		pass(MINUTE);
		expect(await post(webhook.signingKey)).toBe(200);
		expect(questions()).toBe(2);
	});

	it('is the stored one again as soon as that changes', async () => {
		rotate();
		expect(await post(webhook.signingKey)).toBe(200);
		rotate();
		// As publishing the workflow anew does.
		stored.publicKey = sendGrid.publicKey(webhook.id);
		expect(await post(webhook.signingKey)).toBe(200);
		expect(questions()).toBe(1);
	});

	it('is refused, and nothing thrown, while SendGrid cannot be asked', async () => {
		sendGrid.failNext(/./, { status: 403 });
		rotate();
		expect(await post(webhook.signingKey)).toBe(401);
		expect(warnings.join()).toContain('SendGrid could not be asked');
		pass(MINUTE);
		expect(await post(webhook.signingKey)).toBe(200);
	});

	it('is nobody else’s', async () => {
		const foreign = sendGrid.addWebhook({ url: 'https://crm.example.com/', signed: true });
		stored.webhookId = foreign.id;
		expect(await post(foreign.signingKey)).toBe(401);
	});
});

describe('a former verification key', () => {
	it('is taken for 25 hours after a change in SendGrid, and no longer', async () => {
		const former = rotate();
		expect(await post(webhook.signingKey)).toBe(200);
		pass(25 * HOUR - 1);
		expect(await post(former)).toBe(200);
		pass(1);
		expect(await post(former)).toBe(401);
	});

	it('is taken however often the key is changed', async () => {
		const former = [];
		for (let changes = 0; changes < 3; changes++) {
			former.push(rotate());
			pass(MINUTE);
			expect(await post(webhook.signingKey)).toBe(200);
		}
		for (const key of former) expect(await post(key)).toBe(200);
	});

	it('is taken when publishing anew has brought another one', async () => {
		const fetched = rotate();
		expect(await post(webhook.signingKey)).toBe(200);
		const current = rotate();
		stored.publicKey = sendGrid.publicKey(webhook.id);
		expect(await post(webhook.signingKey)).toBe(200);
		expect(await post(current)).toBe(200);
		expect(await post(fetched)).toBe(200);
	});

	it('is taken as long as what is stored says, also after a restart of n8n', async () => {
		const former = rotate();
		stored.publicKey = sendGrid.publicKey(webhook.id);
		stored.formerKeys = [{ key: former.publicKey, until: Date.now() + HOUR }];
		expect(await post(former)).toBe(200);
		pass(HOUR);
		expect(await post(former)).toBe(401);
	});
});
