import type { IDataObject, IHookFunctions, INodeParameters, IWebhookFunctions } from 'n8n-workflow';
import { SendGridEmailTrigger } from '../../../nodes/SendGrid/SendGridEmailTrigger.node';
import { PostLog } from '../../../nodes/SendGrid/trigger/postLog';
import { fetchPublicKey } from '../../../nodes/SendGrid/trigger/registration/registration';
import {
	createSigningKey,
	DEFAULT_API_KEY,
	SendGridEmulator,
	type EmulatorOptions,
	type Fault,
	type Webhook,
} from '../../../emulator';
import { until } from '../../support/until';
import { N8N_URL, TestWorkflow } from '../support/n8nContexts';

/**
 * Waits of the node: those between the attempts of a call pass at once, longer ones when a test
 * says so.
 */
const mockWaits: Array<{ milliseconds: number; end: () => void }> = [];
/** What others do during the waits that pass at once, one after another. */
const mockMeanwhile: Array<() => void> = [];
jest.mock('n8n-workflow', () => ({
	...jest.requireActual<object>('n8n-workflow'),
	sleep: async (milliseconds: number) =>
		await new Promise<void>((end) => {
			if (milliseconds < 5000) {
				mockMeanwhile.shift()?.();
				end();
			} else mockWaits.push({ milliseconds, end });
		}),
}));

/** Ends the waits of so many seconds, and of fewer, that began by now. */
async function pass(seconds: number): Promise<void> {
	const isOver = ({ milliseconds }: { milliseconds: number }) => milliseconds <= seconds * 1000;
	const over = mockWaits.filter(isOver);
	mockWaits.splice(0, Infinity, ...mockWaits.filter((wait) => !isOver(wait)));
	for (const { end } of over) end();
	await new Promise((resolve) => setImmediate(resolve));
}

const NODE_ID = '3d5c0b6e-6f0a-4ad5-9c5b-a6a1c0a3e111';
const PRODUCTION_URL = `${N8N_URL}/webhook/${NODE_ID}/events`;
const TEST_URL = `${N8N_URL}/webhook-test/${NODE_ID}/events`;
const SETTINGS = '/v3/user/webhooks/event/settings';

const trigger = new SendGridEmailTrigger();
const lifecycle = trigger.webhookMethods.default;

let sendGrid: SendGridEmulator;
/** Webhooks of somebody else; every test checks that they were left alone. */
let foreign: Webhook[];
let foreignBefore: string;

async function start(options: EmulatorOptions = {}, foreignCount = 1): Promise<void> {
	sendGrid = await SendGridEmulator.start(options);
	foreign = Array.from({ length: foreignCount }, (_, index) =>
		sendGrid.addWebhook({
			url: `https://crm-${index}.example.com/hook?token=secret`,
			friendly_name: `CRM ${index}`,
			signed: true,
		}),
	);
	foreignBefore = JSON.stringify(foreign);
}

afterEach(async () => {
	mockWaits.length = 0;
	mockMeanwhile.length = 0;
	warnings.length = 0;
	await sendGrid.stop();
	expect(JSON.stringify(foreign)).toBe(foreignBefore);
	expect(webhooks()).toEqual(expect.arrayContaining(foreign));
});

/** What n8n's log says. */
const warnings: string[] = [];
/** What the trigger is to report of changes that somebody made to the webhook. */
let repairs: unknown[];
beforeEach(() => {
	repairs = [];
	jest
		.spyOn(PostLog.prototype, 'happened')
		.mockImplementation((_incident, _now, change) => void repairs.push(change));
});
beforeAll(() => {
	const { logger } = new TestWorkflow({ nodeType: trigger }).hookContext();
	jest.spyOn(logger, 'warn').mockImplementation((message) => void warnings.push(message));
});

const webhooks = () => sendGrid.account().webhooks;
const ours = () => webhooks().filter((webhook) => !foreign.includes(webhook));
const calls = () => sendGrid.requests.map(({ method, path }) => `${method} ${path}`);

/** A trigger node in n8n: what its user chose, and what n8n has saved of its static data. */
class TriggerNode {
	saved: IDataObject = {};

	constructor(
		readonly parameters: INodeParameters = {},
		readonly nodeName = 'SendGrid Email Trigger',
		private readonly credentials: IDataObject = {},
	) {}

	/** Whether n8n publishes because it starts. */
	isStart = false;

	workflowId?: string;

	/** The workflow as n8n builds it anew from its database for each of the following. */
	workflow(): TestWorkflow {
		return new TestWorkflow({
			workflowId: this.workflowId,
			nodeType: trigger,
			parameters: this.parameters,
			nodeName: this.nodeName,
			webhookId: NODE_ID,
			activation: this.isStart ? 'init' : 'activate',
			credentials: {
				apiKey: DEFAULT_API_KEY,
				region: 'custom',
				baseUrl: sendGrid.url,
				...this.credentials,
			} as never,
			staticData: asInDatabase(this.saved),
		});
	}

	async checkExists(): Promise<boolean> {
		return await lifecycle.checkExists.call(hooks(this.workflow()));
	}

	/**
	 * One of n8n's attempts to publish. It saves static data only if that succeeds; if not, it calls
	 * `delete` with what was saved before.
	 */
	async publish(): Promise<void> {
		const workflow = this.workflow();
		try {
			const context = hooks(workflow);
			if (!(await lifecycle.checkExists.call(context))) await lifecycle.create.call(context);
		} catch (error) {
			await lifecycle.delete.call(hooks(this.workflow())).catch(() => {});
			throw error;
		}
		this.saved = asInDatabase(workflow.workflow.staticData);
	}

	/** Until the next wait of the node is over, the webhook stays. */
	async unpublish(): Promise<void> {
		const workflow = this.workflow();
		await lifecycle.delete.call(hooks(workflow));
		this.saved = asInDatabase(workflow.workflow.staticData);
	}

	/** What n8n does with every edit of a published workflow. */
	async republish(): Promise<void> {
		await this.unpublish();
		await this.publish();
	}

	/** What the node itself sees of its static data. */
	get stored(): IDataObject {
		return this.workflow().staticData;
	}
}

/** n8n keeps static data as JSON. */
const asInDatabase = (staticData: IDataObject) =>
	JSON.parse(JSON.stringify(staticData)) as IDataObject;

const hooks = (workflow: TestWorkflow, isTest = false) =>
	workflow.hookContext(isTest) as unknown as IHookFunctions;

/** The state that every path must lead to. */
function expectRegistered(node: TriggerNode, events = ['open', 'click', 'bounce']): Webhook {
	expect(ours()).toHaveLength(1);
	const webhook = ours()[0] as Webhook;
	const { url, enabled, friendly_name } = webhook;
	expect({ url, enabled, friendly_name }).toEqual({
		url: PRODUCTION_URL,
		enabled: true,
		friendly_name: `n8n: Newsletter - ${node.nodeName}`,
	});
	const flags = Object.entries(webhook).filter(([, value]) => value === true);
	expect(flags.map(([flag]) => flag).sort()).toEqual(['enabled', ...events].sort());
	expect({ ...node.stored, formerKeys: undefined }).toEqual({
		webhookId: webhook.id,
		publicKey: sendGrid.publicKey(webhook.id),
		url: PRODUCTION_URL,
	});
	return webhook;
}

async function messageOf(attempt: Promise<unknown>): Promise<string> {
	return await attempt.then(
		() => {
			throw new Error('It did not fail');
		},
		(error: Error) => {
			expect(error.message).not.toContain(DEFAULT_API_KEY);
			return error.message;
		},
	);
}

/** A webhook as publishing leaves it. */
async function published(
	node = new TriggerNode(),
): Promise<{ node: TriggerNode; webhook: Webhook }> {
	await node.publish();
	const webhook = expectRegistered(node);
	sendGrid.requests.length = 0;
	return { node, webhook };
}

describe('publishing', () => {
	beforeEach(() => start());

	it('creates the webhook and has it signed', async () => {
		const node = new TriggerNode();
		await node.publish();
		const { id } = expectRegistered(node);
		expect(calls()).toEqual([
			`GET ${SETTINGS}/all`,
			`GET ${SETTINGS}/all`,
			`POST ${SETTINGS}`,
			`PATCH ${SETTINGS}/signed/${id}`,
		]);
	});

	it('does so in an account without webhooks, which SendGrid lists as [{}]', async () => {
		await sendGrid.stop();
		await start({}, 0);
		const node = new TriggerNode();
		await node.publish();
		expectRegistered(node);
	});

	it.each([
		[
			['spamreport', 'group_unsubscribe'],
			['spam_report', 'group_unsubscribe'],
		],
		[
			['account_status_change', 'open'],
			['account_status_change', 'open'],
		],
	])('asks for %j', async (events, flags) => {
		const node = new TriggerNode({ events });
		await node.publish();
		expectRegistered(node, flags);
		expect(await node.checkExists()).toBe(true);
	});

	it('does nothing when all is as it should be', async () => {
		const { node } = await published();
		await node.publish();
		expect(calls()).toEqual([`GET ${SETTINGS}/all`]);
		expectRegistered(node);
	});

	it('gives the webhook the name that its user chose', async () => {
		await new TriggerNode({ options: { friendlyName: ' Opens ' } }).publish();
		expect(ours()).toMatchObject([{ friendly_name: 'Opens' }]);
	});

	it('sets OAuth for a gateway, changes it with an edit, and takes it away again', async () => {
		const client = { id: 'sendgrid', secret: 'first', url: 'https://auth.example.com/token' };
		const node = new TriggerNode({ options: { oauth: { client } } });
		await node.publish();
		const [webhook] = ours();
		expect(webhook).toMatchObject({
			oauth_client_id: 'sendgrid',
			oauth_client_secret: 'first',
			oauth_token_url: 'https://auth.example.com/token',
		});
		expect(await node.checkExists()).toBe(true);

		client.secret = 'second';
		await node.republish();
		expect(ours()).toEqual([webhook]);
		expect(webhook).toMatchObject({ oauth_client_secret: 'second' });

		node.parameters.options = {};
		await node.republish();
		expect(webhook).toMatchObject({ oauth_client_id: '', oauth_client_secret: '' });
		expect(JSON.stringify(node.saved)).not.toContain('second');
	});

	it('says that OAuth needs all of its fields, and takes the webhook down all the same', async () => {
		const { node } = await published();
		node.parameters.options = { oauth: { client: { id: 'sendgrid' } } };
		expect(await messageOf(node.publish())).toMatch(/^Fill in Client ID, Client Secret and Token/);
		await node.unpublish();
		await pass(10);
		await until(() => ours().length === 0);
	});

	it('registers nothing in manual setup', async () => {
		const verificationKeys = createSigningKey().publicKey;
		const node = new TriggerNode({ setup: 'manual', verificationKeys });
		await node.publish();
		await node.unpublish();
		await pass(10);
		expect(sendGrid.requests).toEqual([]);
	});

	it.each([
		['no key', '', /No verification key is entered/],
		[
			'an API key',
			'SG.api-key',
			/^This isn't a verification key\. Those start with MFkw; SG\.… is an API key\. In SendGrid, open/,
		],
		[
			'an API key beside a verification key',
			`${createSigningKey().publicKey}\nSG.api-key`,
			/^Number 2 of the keys isn't a verification key\./,
		],
		[
			'an API key before a verification key',
			`SG.api-key\n${createSigningKey().publicKey}`,
			/^Number 1 of the keys isn't a verification key\./,
		],
	])('says what is missing in manual setup with %s', async (_, verificationKeys, message) => {
		const node = new TriggerNode({ setup: 'manual', verificationKeys });
		expect(await messageOf(node.publish())).toMatch(message);
	});

	it('needs at least one event', async () => {
		const message = await messageOf(new TriggerNode({ events: [] }).publish());
		expect(message).toContain('Choose at least one');
		expect(ours()).toEqual([]);
	});

	it('works on behalf of a subuser, and leaves the parent account alone', async () => {
		const node = new TriggerNode({}, undefined, { onBehalfOf: 'acme' });
		await node.publish();
		expect(sendGrid.account('acme').webhooks).toHaveLength(1);
		expect(ours()).toEqual([]);
		await node.unpublish();
		await pass(10);
		await until(() => sendGrid.account('acme').webhooks.length === 0);
	});
});

describe('publishing again repairs', () => {
	beforeEach(() => start());

	it.each<[string, (webhook: Webhook) => void, string[]]>([
		['a webhook that was disabled', (webhook) => (webhook.enabled = false), ['it was disabled']],
		[
			'events that were switched off',
			(webhook) => (webhook.open = false),
			['it had other settings (open)'],
		],
		[
			'events that were switched on',
			(webhook) => (webhook.processed = true),
			['it had other settings (processed)'],
		],
		[
			'account status changes switched on',
			(webhook) => (webhook.account_status_change = true),
			['it had other settings (account_status_change)'],
		],
		['a name that was changed', (webhook) => (webhook.friendly_name = 'mine'), []],
	])('%s, in place, and reports it', async (_case, change, reported) => {
		const { node, webhook } = await published();
		change(webhook);
		expect(await node.checkExists()).toBe(false);
		await node.publish();
		expect(expectRegistered(node).id).toBe(webhook.id);
		expect(calls().filter((call) => !call.startsWith('GET'))).toEqual([
			`PATCH ${SETTINGS}/${webhook.id}`,
		]);
		expect(repairs).toEqual(reported);
	});

	it('a key that was changed in SendGrid', async () => {
		const { node, webhook } = await published();
		const key = sendGrid.publicKey(webhook.id);
		sendGrid.rotateKey(webhook.id);
		await node.publish();
		expect(expectRegistered(node).id).toBe(webhook.id);
		expect(node.stored.formerKeys).toMatchObject([{ key }]);
		expect(calls().filter((call) => !call.startsWith('GET'))).toEqual([]);
		expect(repairs).toEqual(['its verification key is another one']);
	});

	it('signing that was switched off', async () => {
		const { node, webhook } = await published();
		delete webhook.signingKey;
		await node.publish();
		expect(expectRegistered(node).id).toBe(webhook.id);
		expect(repairs).toEqual(['its posts were not signed any more']);
	});

	it('a webhook that was deleted', async () => {
		const { node, webhook } = await published();
		webhooks().splice(webhooks().indexOf(webhook), 1);
		await node.publish();
		expect(expectRegistered(node).id).not.toBe(webhook.id);
		expect(repairs).toEqual(['it was not there any more']);
	});

	it('the events that its user chooses anew', async () => {
		const { node, webhook } = await published();
		node.parameters.events = ['delivered'];
		await node.republish();
		expect(expectRegistered(node, ['delivered']).id).toBe(webhook.id);
		expect(repairs).toEqual([]);
	});

	it('a renamed node, which has lost its static data', async () => {
		const { webhook } = await published();
		const renamed = new TriggerNode({}, 'Opens and clicks');
		await renamed.publish();
		expect(expectRegistered(renamed).id).toBe(webhook.id);
	});

	it('a webhook at our URL that someone made by hand', async () => {
		const existing = sendGrid.addWebhook({ url: PRODUCTION_URL, enabled: false });
		const node = new TriggerNode();
		await node.publish();
		expect(expectRegistered(node).id).toBe(existing.id);
	});
});

describe('a copy of a published workflow', () => {
	beforeEach(() => start());

	/** Production, as a copied database or an export names it; this n8n has another address. */
	async function copied(): Promise<{ copy: TriggerNode; production: Webhook }> {
		const { node, webhook: production } = await published();
		production.url = `https://production.example.com/webhook/${NODE_ID}/events`;
		foreign.push(production);
		foreignBefore = JSON.stringify(foreign);
		const copy = new TriggerNode();
		copy.saved = asInDatabase(node.saved);
		const ofNode = Object.values(copy.saved)[0] as IDataObject;
		ofNode.url = production.url;
		return { copy, production };
	}

	it('makes a webhook of its own and says which one it left alone', async () => {
		const { copy, production } = await copied();
		await copy.publish();
		const [own] = ours();
		expect(own).toMatchObject({ url: PRODUCTION_URL });
		expect(copy.stored).toMatchObject({ webhookId: own!.id, url: PRODUCTION_URL });
		expect(warnings.join()).toContain(`at ${production.url} was left alone`);
		expect(warnings.join()).toContain('If this n8n has moved from there, delete the old webhook');
	});

	it('leaves the webhook of production alone when it is unpublished', async () => {
		const { copy } = await copied();
		await copy.unpublish();
		await pass(10);
		await copy.publish();
		await copy.unpublish();
		await pass(10);
		await until(() => ours().length === 0);
	});

	it('does so when n8n starts while SendGrid is down', async () => {
		const { copy } = await copied();
		copy.isStart = true;
		sendGrid.failNext(/./, { status: 503 }, 3);
		expect(await messageOf(copy.publish())).toContain('SendGrid failed to handle the call');
		expect(sendGrid.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
	});

	it('in the same n8n, cleaned up after a refused publication, leaves the original alone', async () => {
		const { webhook } = await published();
		const copy = new TriggerNode();
		copy.workflowId = 'copy';
		// n8n 1.x calls this when the path of the webhook belongs to another workflow.
		await copy.unpublish();
		await pass(10);
		expect(ours()).toEqual([webhook]);
		expect(sendGrid.requests).toEqual([]);
		expect(warnings.join()).toContain('another workflow of this n8n uses it');
	});
});

describe('while SendGrid cannot be asked', () => {
	let isDown: boolean;
	let fault: Fault;
	beforeEach(async () => {
		await start();
		isDown = false;
		fault = { status: 503 };
		// Each request by its own, as the fault may change.
		sendGrid.failNext(
			() => isDown,
			new Proxy({}, { get: (_, name) => fault[name as keyof Fault] }),
			Infinity,
		);
	});

	it.each<[string, Fault]>([
		['503', { status: 503 }],
		['a broken connection', { connection: 'break' }],
		['429', { status: 429, headers: { 'X-RateLimit-Reset': '9999999999' } }],
		['the page of a proxy', { status: 200, body: '<html>' }],
	])('a published trigger goes on as it is: %s', async (_case, ofKind) => {
		const { node, webhook } = await published();
		const before = JSON.stringify(webhook);
		isDown = true;
		fault = ofKind;
		await node.publish();
		expect(node.stored).toMatchObject({ webhookId: webhook.id });
		expect(JSON.stringify(ours())).toBe(`[${before}]`);
		expect(warnings.join()).toContain(`${PRODUCTION_URL} was left as it is`);
	});

	it.each([401, 403])('it goes on at the start of n8n with status %d', async (status) => {
		const { node, webhook } = await published();
		isDown = true;
		fault = { status };
		node.isStart = true;
		await node.publish();
		expect(ours()).toEqual([webhook]);
	});

	it.each([401, 403])('its user is told of status %d when publishing', async (status) => {
		const { node, webhook } = await published();
		isDown = true;
		fault = { status };
		expect(await messageOf(node.publish())).toContain('open Settings > API Keys');
		isDown = false;
		await pass(10);
		expect(ours()).toEqual([webhook]);
	});

	it('a trigger without a key for this URL is not published', async () => {
		const node = new TriggerNode();
		isDown = true;
		expect(await messageOf(node.publish())).toContain('SendGrid failed to handle the call');
	});

	it('a trigger that was unpublished some time ago is not published', async () => {
		const { node } = await published();
		await node.unpublish();
		const ofNode = Object.values(node.saved)[0] as IDataObject;
		ofNode.takenDownAt = Date.now() - 61_000;
		isDown = true;
		expect(await messageOf(node.publish())).toContain('SendGrid failed to handle the call');
	});

	it('n8n, which deletes after a failed check, removes nothing that was there before', async () => {
		const { webhook } = await published();
		const renamed = new TriggerNode({}, 'Renamed');
		isDown = true;
		await messageOf(renamed.publish());
		isDown = false;
		await pass(10);
		expect(ours()).toEqual([webhook]);
	});

	it('an edit is applied once it can be', async () => {
		const { node, webhook } = await published();
		node.parameters.events = ['delivered'];
		isDown = true;
		await node.republish();
		expect(webhook).toMatchObject({ open: true, delivered: false });
		await pass(60);
		await until(() => warnings.length > 2);
		isDown = false;
		await pass(300);
		await until(() => webhook.delivered);
		expect(expectRegistered(node, ['delivered']).id).toBe(webhook.id);
	});

	it('an edit that fails at its last call is applied later', async () => {
		const { node, webhook } = await published();
		node.parameters.events = ['delivered'];
		await node.unpublish();
		sendGrid.failNext(/^PATCH/, { status: 500 }, 3);
		await node.publish();
		expect(webhook.delivered).toBe(false);
		await pass(60);
		await until(() => webhook.delivered);
		expect(repairs).toEqual([]);
	});

	it('a webhook that was disabled meanwhile is reported when it is repaired later', async () => {
		const { node, webhook } = await published();
		isDown = true;
		await node.publish();
		isDown = false;
		webhook.enabled = false;
		await pass(60);
		await until(() => webhook.enabled && repairs.length > 0);
		expect(repairs).toEqual(['it was disabled']);
	});

	it.each<[string, (webhook: Webhook) => void]>([
		['disabled', (webhook) => (webhook.enabled = false)],
		['not signed', (webhook) => delete webhook.signingKey],
	])('a webhook that is %s is not taken for a working one', async (_case, change) => {
		const { node, webhook } = await published();
		change(webhook);
		sendGrid.failNext(/^PATCH/, { status: 500 }, 3);
		expect(await messageOf(node.publish())).toContain('SendGrid failed to handle the call');
	});

	it('a webhook that has vanished meanwhile is made later', async () => {
		const { node, webhook } = await published();
		isDown = true;
		await node.publish();
		isDown = false;
		webhooks().splice(webhooks().indexOf(webhook), 1);
		await pass(60);
		await until(() => ours()[0]?.signingKey !== undefined);
		expect(ours()).toMatchObject([{ url: PRODUCTION_URL, open: true }]);
	});

	it('nothing is repaired that was unpublished by then', async () => {
		const { node } = await published();
		isDown = true;
		await node.publish();
		isDown = false;
		await node.unpublish();
		await pass(60);
		await until(() => ours().length === 0);
	});

	it('unpublishing is put off until it can be done', async () => {
		const { node } = await published();
		isDown = true;
		await node.unpublish();
		expect(warnings.join()).toContain('could not be removed');
		await pass(10);
		await until(() => mockWaits.length > 0);
		isDown = false;
		await pass(60);
		await until(() => ours().length === 0);
	});
});

describe('editing a published workflow', () => {
	beforeEach(() => start());

	it.each<[string, INodeParameters, string[]]>([
		['events', { events: ['delivered'] }, ['delivered']],
		['options', { options: { categories: 'news' } }, ['open', 'click', 'bounce']],
	])('that changes only %s changes neither id nor key', async (_case, parameters, events) => {
		const { node, webhook } = await published();
		const key = sendGrid.publicKey(webhook.id);
		for (let edits = 0; edits < 10; edits++) {
			Object.assign(node.parameters, parameters);
			await node.republish();
			expect(expectRegistered(node, events).id).toBe(webhook.id);
		}
		await pass(10);
		expect(expectRegistered(node, events).id).toBe(webhook.id);
		expect(sendGrid.publicKey(webhook.id)).toBe(key);
		expect(calls().filter((call) => /^(POST|DELETE)/.test(call))).toEqual([]);
	});

	it('keeps the webhook if publishing fails at first', async () => {
		const { node, webhook } = await published();
		await node.unpublish();
		sendGrid.failNext(/^PATCH/, { status: 400 });
		await messageOf(node.publish());
		await node.publish();
		await pass(10);
		expect(expectRegistered(node).id).toBe(webhook.id);
	});

	it('removes the webhook after all if publishing fails for good', async () => {
		const { node } = await published();
		await node.unpublish();
		sendGrid.failNext(/^PATCH/, { status: 400 });
		await messageOf(node.publish());
		await pass(10);
		await until(() => ours().length === 0);
	});

	it('keeps a webhook that another process of n8n has published meanwhile', async () => {
		const { node, webhook } = await published();
		await node.unpublish();
		webhook.friendly_name = 'n8n: Newsletter - SendGrid Email Trigger';
		sendGrid.requests.length = 0;
		await pass(10);
		await until(() => sendGrid.requests[0]?.status === 200);
		// A removal would have been asked for before this.
		await node.checkExists();
		expect(ours()).toEqual([webhook]);
	});

	it('makes a new webhook if another process removes it in between', async () => {
		const { node, webhook } = await published();
		webhook.open = false;
		sendGrid.failNext(/^PATCH/, {
			status: 404,
			body: { errors: [{ message: 'Invalid id provided.' }] },
		});
		await node.publish();
		expectRegistered(node);
	});

	it('keeps the former key when the webhook was made anew', async () => {
		const { node, webhook } = await published();
		const key = sendGrid.publicKey(webhook.id);
		await node.unpublish();
		await pass(10);
		await until(() => ours().length === 0);
		await node.publish();
		expect(node.stored.formerKeys).toMatchObject([{ key }]);
	});
});

describe('unpublishing', () => {
	beforeEach(() => start());

	it('removes the webhook after some seconds; until then its name says so', async () => {
		const { node, webhook } = await published();
		await node.unpublish();
		expect(ours()).toEqual([webhook]);
		expect(webhook).toMatchObject({
			friendly_name: 'n8n: Newsletter - SendGrid Email Trigger (unpublished)',
			enabled: true,
			open: true,
		});
		await pass(10);
		await until(() => ours().length === 0);
		expect(calls().slice(-2)).toEqual([`GET ${SETTINGS}/all`, `DELETE ${SETTINGS}/${webhook.id}`]);
	});

	it('finds the webhook by its URL if n8n has forgotten its id', async () => {
		const { node } = await published();
		node.saved = {};
		await node.unpublish();
		await pass(10);
		await until(() => ours().length === 0);
	});

	it('removes what stands at our URL, whatever id it has', async () => {
		const { node, webhook } = await published();
		webhooks().splice(webhooks().indexOf(webhook), 1);
		sendGrid.addWebhook({ url: PRODUCTION_URL });
		await node.unpublish();
		await pass(10);
		await until(() => ours().length === 0);
	});

	it('twice marks the webhook once', async () => {
		const { node, webhook } = await published();
		await node.unpublish();
		await node.unpublish();
		expect(webhook.friendly_name).toBe('n8n: Newsletter - SendGrid Email Trigger (unpublished)');
	});

	it('is over with the next publication, also if its name could not be changed', async () => {
		const { node, webhook } = await published();
		sendGrid.failNext(/^PATCH/, { status: 403 });
		await node.republish();
		expect(expectRegistered(node).id).toBe(webhook.id);
	});

	it('removes it even if its name cannot be changed', async () => {
		const { node } = await published();
		sendGrid.failNext(/^PATCH/, { status: 403 });
		await node.unpublish();
		await pass(10);
		await until(() => ours().length === 0);
	});

	it('says so if the webhook is not in the account, as after a change of the credential', async () => {
		const { node, webhook } = await published();
		webhooks().splice(webhooks().indexOf(webhook), 1);
		await node.unpublish();
		await pass(10);
		expect(calls()).toEqual([`GET ${SETTINGS}/all`]);
		expect(warnings.join()).toContain('If the credential has been changed to another account');
	});

	it('says so as well when it is published again with another account', async () => {
		const { node, webhook } = await published();
		webhooks().splice(webhooks().indexOf(webhook), 1);
		await node.publish();
		expect(ours()).toHaveLength(1);
		expect(warnings.join()).toContain('If the credential has been changed to another account');
	});

	it('says where the webhook is if it may not even be looked for', async () => {
		const { node, webhook } = await published();
		sendGrid.failNext(/^GET/, { status: 403 });
		const message = await messageOf(node.unpublish());
		expect(message).toContain(`The Event Webhook at ${PRODUCTION_URL} could not be removed`);
		expect(message).toContain('user.webhooks.event.settings.read');
		expect(ours()).toEqual([webhook]);
	});

	it('says in the log where the webhook is that it cannot remove, and tries again', async () => {
		const { node } = await published();
		sendGrid.failNext(/^DELETE/, { status: 403 });
		await node.unpublish();
		await pass(10);
		await until(() => warnings.length > 0);
		expect(warnings.join()).toContain(
			`The Event Webhook at ${PRODUCTION_URL} could not be removed`,
		);
		expect(warnings.join()).toContain('user.webhooks.event.settings.delete');
		await until(() => mockWaits.length > 0);
		await pass(60);
		await until(() => ours().length === 0);
	});

	describe('an n8n that is stopped right then', () => {
		/** As the stop leaves it: nothing of what was put off is done. */
		async function leftBehind(change: Partial<Webhook> = {}): Promise<Webhook> {
			const webhook = sendGrid.addWebhook({
				url: `${N8N_URL}/webhook/77d4a5da-7015-41ed-a1eb-0242ac120002/events`,
				friendly_name: 'n8n: Other - SendGrid Email Trigger (unpublished)',
				updated_date: '2026-01-01T00:00:00Z',
				...change,
			});
			await new TriggerNode().publish();
			return webhook;
		}

		it('removes the webhook when one of its triggers is published next', async () => {
			const webhook = await leftBehind();
			expect(ours()).toHaveLength(1);
			expect(ours()).not.toContain(webhook);
		});

		it.each<[string, () => Partial<Webhook>]>([
			['of another n8n', () => ({ url: 'https://other.example.com/webhook/0b1c/events' })],
			['that is published', () => ({ friendly_name: 'n8n: Other' })],
			['that was taken down only now', () => ({ updated_date: new Date().toISOString() })],
		])('leaves one alone %s', async (_case, change) => {
			const webhook = await leftBehind(change());
			expect(ours()).toContain(webhook);
		});

		it('takes the webhook over when the same workflow is published next', async () => {
			const { node, webhook } = await published();
			await node.unpublish();
			mockWaits.length = 0;
			await node.publish();
			expect(expectRegistered(node).id).toBe(webhook.id);
		});
	});
});

describe('publishing that SendGrid refuses', () => {
	it('because all slots are taken, says by whom and what to do', async () => {
		await start({ maxWebhooks: 2 }, 2);
		const message = await messageOf(new TriggerNode().publish());
		expect(message).toMatch(/^All 2 Event Webhooks of your plan are in use\. Delete one/);
		expect(message).toContain('"CRM 0" at https://crm-0.example.com/hook');
		expect(message).toContain('"CRM 1" at https://crm-1.example.com/hook');
		expect(message).not.toContain('secret');
		expect(message).toContain('Settings > Mail Settings > Event Webhooks');
	});

	describe('because all slots are taken, one of them by a workflow of this n8n that was unpublished', () => {
		const LEAVING_URL = `${N8N_URL}/webhook/0e9a7f50-55c4-4c0b-9a0c-7b6b2a1d3c55/events`;
		let leaving: Webhook;
		beforeEach(async () => {
			await start({ maxWebhooks: 2 }, 1);
			leaving = sendGrid.addWebhook({
				url: LEAVING_URL,
				friendly_name: 'n8n: Other - SendGrid Email Trigger (unpublished)',
			});
		});
		const isRemoved = () => {
			webhooks().splice(webhooks().indexOf(leaving), 1);
		};
		const nothing = () => {};
		const deletions = () => calls().filter((call) => call.startsWith('DELETE'));

		it('waits for the slot', async () => {
			mockMeanwhile.push(nothing, isRemoved);
			const node = new TriggerNode();
			await node.publish();
			expectRegistered(node);
			expect(deletions()).toEqual([]);
		});

		it('leaves the slot to the workflow if it was only being edited', async () => {
			mockMeanwhile.push(nothing, () => (leaving.friendly_name = 'n8n: Other'));
			const message = await messageOf(new TriggerNode().publish());
			expect(message).toContain(`All 2 Event Webhooks of your plan are in use`);
			expect(message).toContain(`"n8n: Other" at ${LEAVING_URL}`);
			expect(ours()).toEqual([leaving]);
			expect(deletions()).toEqual([]);
		});

		it('takes the slot of a webhook that nobody has removed by then', async () => {
			const node = new TriggerNode();
			await node.publish();
			expectRegistered(node);
			expect(deletions()).toHaveLength(1);
		});

		it('takes that also for the time of a test', async () => {
			const node = new TriggerNode({ options: { sendSampleEvents: false } });
			await lifecycle.create.call(hooks(node.workflow(), true));
			expect(ours()).toMatchObject([{ url: TEST_URL }]);
		});

		it('says so at once if the workflow is one of another host', async () => {
			leaving.url = 'https://other.example.com/webhook/0b1c/events';
			mockMeanwhile.push(isRemoved);
			expect(await messageOf(new TriggerNode().publish())).toContain('All 2 Event Webhooks');
			expect(ours()).toEqual([leaving]);
		});
	});

	it.each(['create', 'read', 'update'])(
		'because the key lacks the scope to %s, names it and says where to click',
		async (action) => {
			const scopes = ['create', 'read', 'update', 'delete'].filter((scope) => scope !== action);
			await start({
				apiKeys: [
					{
						key: DEFAULT_API_KEY,
						// An older key may create with "update" alone.
						scopes: scopes
							.filter((scope) => action !== 'create' || scope !== 'update')
							.map((scope) => `user.webhooks.event.settings.${scope}`),
					},
				],
			});
			const message = await messageOf(new TriggerNode().publish());
			expect(message).toContain(`user.webhooks.event.settings.${action}`);
			expect(message).toContain('open Settings > API Keys');
			expect(message).toContain('Mail Settings > Event Notification');
			expect(message).toContain('access forbidden');
			if (action !== 'read') expect(ours()).toEqual([]);
		},
	);

	it('works with an older key, which knows only the scopes read and update', async () => {
		const scopes = ['read', 'update'].map((action) => `user.webhooks.event.settings.${action}`);
		await start({ apiKeys: [{ key: DEFAULT_API_KEY, scopes }] });
		const node = new TriggerNode();
		await node.publish();
		expectRegistered(node);
		await node.unpublish();
		await pass(10);
		await until(() => ours().length === 0);
	});

	it('because the key is wrong, says so', async () => {
		await start();
		const node = new TriggerNode({}, undefined, { apiKey: 'SG.wrong' });
		const message = await messageOf(node.publish());
		expect(message).toContain('Paste a valid API key into the credential');
		expect(message).toContain('open Settings > API Keys');
		expect(message).not.toContain('SG.wrong');
	});

	it('because the URL is not public, says how to make it so', async () => {
		await start();
		sendGrid.failNext(`POST ${SETTINGS}`, {
			status: 400,
			body: { errors: [{ message: `'${PRODUCTION_URL}' is not a valid url` }] },
		});
		const message = await messageOf(new TriggerNode().publish());
		expect(message).toContain('WEBHOOK_URL');
		expect(message).toContain(`(SendGrid: '${PRODUCTION_URL}' is not a valid url)`);
		expect(ours()).toEqual([]);
	});

	it('because the plan has locked our webhook, says so', async () => {
		await start();
		const { node, webhook } = await published();
		webhook.locked = true;
		webhook.open = false;
		expect(await messageOf(node.publish())).toContain('or upgrade the plan');
	});

	it('because the URL is taken where this key cannot see it, says so', async () => {
		await start();
		sendGrid.failNext(`POST ${SETTINGS}`, {
			status: 400,
			body: { errors: [{ message: `Webhook at '${PRODUCTION_URL}' already exists.` }] },
		});
		expect(await messageOf(new TriggerNode().publish())).toContain('(perhaps a subuser)');
	});

	it('for the moment, by its rate limit, says until when', async () => {
		await start();
		const reset = Math.floor(Date.now() / 1000) + 600;
		const headers = { 'X-RateLimit-Reset': String(reset) };
		sendGrid.failNext(/./, { status: 429, headers }, Infinity);
		const message = await messageOf(new TriggerNode().publish());
		expect(message).toContain(
			`rate limit is used up until ${new Date(reset * 1000).toISOString()}`,
		);
	});
});

describe('publishing that fails half-way', () => {
	beforeEach(() => start());

	it('waits out a short rate limit', async () => {
		sendGrid.failNext(`POST ${SETTINGS}`, { status: 429, headers: { 'X-RateLimit-Reset': '0' } });
		const node = new TriggerNode();
		await node.publish();
		expectRegistered(node);
	});

	it.each([
		['a time-out', { connection: 'break', afterWork: true }],
		['a 500', { status: 500, afterWork: true }],
	] as const)('goes on with the webhook that was made in spite of %s', async (_case, fault) => {
		sendGrid.failNext(`POST ${SETTINGS}`, fault);
		const node = new TriggerNode();
		await node.publish();
		expectRegistered(node);
		expect(calls().filter((call) => call === `POST ${SETTINGS}`)).toHaveLength(1);
	});

	it('says so if the webhook was not made, and succeeds at the next attempt', async () => {
		sendGrid.failNext(`POST ${SETTINGS}`, { connection: 'break' });
		const node = new TriggerNode();
		expect(await messageOf(node.publish())).toContain('Try again later');
		expect(ours()).toEqual([]);
		await node.publish();
		expectRegistered(node);
	});

	it('removes what it made if signing fails, and succeeds at the next attempt', async () => {
		sendGrid.failNext(/^PATCH .*\/signed\//, { status: 403 });
		const node = new TriggerNode();
		const message = await messageOf(node.publish());
		expect(message).toContain('user.webhooks.event.settings.update');
		expect(ours()).toEqual([]);
		await node.publish();
		expectRegistered(node);
	});

	it('goes on with the webhook at our URL that the list did not show at first', async () => {
		const made = sendGrid.addWebhook({ url: PRODUCTION_URL });
		const node = new TriggerNode();
		sendGrid.failNext(`GET ${SETTINGS}/all`, { status: 200, body: { webhooks: [{}] } }, 2);
		await node.publish();
		expect(calls()).toContain(`POST ${SETTINGS}`);
		expect(node.stored).toMatchObject({
			webhookId: made.id,
			publicKey: sendGrid.publicKey(made.id),
		});
		expect(ours()).toEqual([made]);
	});

	it('leaves nothing behind even if removing fails as well: n8n calls delete afterwards', async () => {
		sendGrid.failNext(/^PATCH .*\/signed\//, { status: 403 });
		sendGrid.failNext(/^DELETE/, { status: 403 });
		await messageOf(new TriggerNode().publish());
		expect(ours()).toEqual([]);
	});

	it('removes what it made if account status changes cannot be chosen', async () => {
		sendGrid.failNext(/^PATCH/, { status: 400 });
		const node = new TriggerNode({ events: ['account_status_change'] });
		await messageOf(node.publish());
		expect(ours()).toEqual([]);
	});

	it('keeps a webhook of its own that it cannot repair until n8n calls delete', async () => {
		const { node, webhook } = await published();
		webhook.open = false;
		sendGrid.failNext(/^PATCH/, { status: 403 });
		const workflow = node.workflow();
		await messageOf(lifecycle.create.call(hooks(workflow)));
		expect(ours()).toEqual([webhook]);
	});
});

describe('listening for a test event', () => {
	beforeEach(() => start({ maxWebhooks: 3 }, 1));

	/** As n8n does it: static data starts empty and is kept for this test only. */
	async function listen(parameters: INodeParameters = {}): Promise<TestWorkflow> {
		const workflow = new TriggerNode(parameters).workflow();
		const context = hooks(workflow, true);
		expect(await lifecycle.checkExists.call(context)).toBe(false);
		await lifecycle.create.call(context);
		return workflow;
	}
	const stopListening = async (workflow: TestWorkflow) => {
		await lifecycle.delete.call(hooks(workflow, true));
	};
	const samples = () => sendGrid.requests.filter(({ path }) => path.endsWith('/event/test'));
	/** They are asked for after \`create\` has ended, when n8n is ready for them. */
	const samplesAreAskedFor = async () => {
		await until(() => samples().length > 0);
		await sendGrid.idle();
	};

	it('makes a webhook for the time of the test, and asks for sample events', async () => {
		const workflow = await listen();
		await samplesAreAskedFor();
		const [webhook] = ours() as [Webhook];
		expect(webhook.url).toBe(TEST_URL);
		expect(workflow.staticData).toMatchObject({ publicKey: sendGrid.publicKey(webhook.id) });
		expect(samples()).toMatchObject([{ body: { url: TEST_URL, id: webhook.id } }]);
		await stopListening(workflow);
		expect(ours()).toEqual([]);
	});

	it('leaves the webhook of the published workflow alone', async () => {
		const { webhook } = await published();
		const before = JSON.stringify(webhook);
		const workflow = await listen();
		expect(ours()).toHaveLength(2);
		await stopListening(workflow);
		expect(JSON.stringify(ours())).toBe(`[${before}]`);
	});

	it('borrows the key of the published workflow when all slots are taken', async () => {
		const { webhook } = await published();
		foreign.push(sendGrid.addWebhook({ url: 'https://third.example.com' }));
		foreignBefore = JSON.stringify(foreign);
		const before = JSON.stringify(webhook);

		const workflow = await listen();
		expect(workflow.staticData).toEqual({
			publicKey: sendGrid.publicKey(webhook.id),
			url: TEST_URL,
		});
		await samplesAreAskedFor();
		expect(samples()).toMatchObject([{ body: { url: TEST_URL, id: webhook.id } }]);
		await stopListening(workflow);
		expect(JSON.stringify(ours())).toBe(`[${before}]`);
	});

	it('does not borrow from a webhook that is not signed', async () => {
		const { webhook } = await published();
		delete webhook.signingKey;
		foreign.push(sendGrid.addWebhook({ url: 'https://third.example.com' }));
		foreignBefore = JSON.stringify(foreign);
		const context = hooks(new TriggerNode().workflow(), true);
		expect(await messageOf(lifecycle.create.call(context))).toContain('All 3 Event Webhooks');
		expect(samples()).toEqual([]);
	});

	it('asks for no samples if its user does not want them, and then needs a slot', async () => {
		const options = { options: { sendSampleEvents: false } };
		await stopListening(await listen(options));
		expect(samples()).toEqual([]);

		await published();
		foreign.push(sendGrid.addWebhook({ url: 'https://third.example.com' }));
		foreignBefore = JSON.stringify(foreign);
		const context = hooks(new TriggerNode(options).workflow(), true);
		expect(await messageOf(lifecycle.create.call(context))).toContain(
			'All 3 Event Webhooks of your plan are in use',
		);
	});

	it('goes on if SendGrid does not post the samples', async () => {
		sendGrid.failNext(/\/test$/, { status: 403 });
		const workflow = await listen();
		await samplesAreAskedFor();
		expect(ours()).toHaveLength(1);
		await stopListening(workflow);
	});

	it('posts no samples to a published workflow', async () => {
		await published();
		expect(samples()).toEqual([]);
	});
});

describe('asking for the key', () => {
	beforeEach(() => start());

	const ask = async (isTest = false) =>
		await fetchPublicKey(
			new TriggerNode()
				.workflow()
				.webhookContext({} as never, {} as never, { isTest }) as unknown as IWebhookFunctions,
			PRODUCTION_URL,
		);

	it('finds the present one after a change', async () => {
		const { webhook } = await published();
		const key = sendGrid.rotateKey(webhook.id);
		expect(await ask()).toBe(key);
	});

	it('finds it by the URL if the id is lost', async () => {
		const { webhook } = await published();
		expect(await ask()).toBe(sendGrid.publicKey(webhook.id));
	});

	it('finds the one of the test while listening, although n8n names the other URL', async () => {
		await published();
		const inTest = sendGrid.addWebhook({ url: TEST_URL, signed: true });
		expect(await ask(true)).toBe(sendGrid.publicKey(inTest.id));
	});

	it('does not take that of a test for posts to the published workflow', async () => {
		const { webhook } = await published();
		sendGrid.addWebhook({ url: TEST_URL, signed: true });
		expect(await ask()).toBe(sendGrid.publicKey(webhook.id));
	});

	it('takes that of the published workflow while listening without a webhook of its own', async () => {
		const { webhook } = await published();
		expect(await ask(true)).toBe(sendGrid.publicKey(webhook.id));
	});

	it('never takes the key of somebody else', async () => {
		expect(await ask()).toBeUndefined();
		expect(await ask(true)).toBeUndefined();
	});

	it('has none while signing is off', async () => {
		const { webhook } = await published();
		delete webhook.signingKey;
		expect(await ask()).toBeUndefined();
	});

	it('fails soon if SendGrid does not let it', async () => {
		const headers = { 'X-RateLimit-Reset': String(Math.floor(Date.now() / 1000) + 30) };
		sendGrid.failNext(/./, { status: 429, headers });
		await expect(ask()).rejects.toThrow('rate limit');
		expect(sendGrid.requests).toHaveLength(1);
	});
});
