import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { createSigningKey, DEFAULT_API_KEY, sampleEvent, SendGridEmulator } from '../../emulator';
import { itemsOf, N8nClient, type Credential, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { node, TRIGGER, triggerWorkflow } from '../../scripts/n8n/workflow';
import { eventually } from './support/eventually';
import { HttpSink } from './support/HttpSink';

const ONCE = { retryDelaysMs: [] };

/** SendGrid repeats a post for 24 hours; n8n has no webhook for moments only. */
const PATIENT = { retryDelaysMs: [50, 100, 200, 400, 800, 1600, 3200, 6400] };

/** Longer than the removal of a webhook is put off. */
const AFTER_REMOVAL_MS = 12_000;

describe.each(n8nVersions)('Registration in n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;
	let credential: Credential;
	let folder: string;
	/** The workflows of a test. */
	let created: string[] = [];
	/** While true, SendGrid answers each call with 503. */
	let isDown = false;
	const env = { N8N_ENCRYPTION_KEY: randomBytes(24).toString('hex') };

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({ maxWebhooks: 2 });
		sendGrid.failNext(() => isDown, { status: 503 }, Infinity);
		folder = await mkdtemp(path.join(tmpdir(), 'registration-'));
		n8n = await startN8n('production');
		client = await N8nClient.setUpOwner(n8n.url);
		credential = await client.createCredential('Stand-in', 'sendGridEventsApi', {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: sendGrid.url,
		});
	});

	afterAll(async () => {
		await n8n?.stop();
		await sendGrid?.stop();
		await rm(folder, { recursive: true, force: true, maxRetries: 5 });
	});

	/** @param name of the folder with its data */
	async function startN8n(name: string): Promise<N8nInstance> {
		const userFolder = path.join(folder, name);
		return await N8nInstance.start({ version, userFolder, env, withoutEditor: true });
	}

	/** One failure is not to fail what follows. */
	afterEach(async () => {
		isDown = false;
		for (const id of created) await client.deactivate(id).catch(() => undefined);
		created = [];
		sendGrid.account().webhooks.length = 0;
	});

	async function publish(parameters: INodeParameters): Promise<Workflow> {
		const workflow = await client.createWorkflow(
			triggerWorkflow('Registration', credential, parameters),
		);
		created.push(workflow.id);
		await client.activate(workflow.id);
		return workflow;
	}

	/** Saves the trigger with changes and publishes the workflow anew. */
	async function republish({ id }: Workflow, change: (trigger: Workflow['nodes'][0]) => void) {
		const { nodes, connections } = await client.getWorkflow(id);
		const trigger = nodes.find(({ type }) => type.endsWith('.sendGridEmailTrigger'))!;
		const { name } = trigger;
		change(trigger);
		if (trigger.name !== name) {
			connections[trigger.name] = connections[name]!;
			delete connections[name];
		}
		await client.deactivate(id);
		await client.updateWorkflow(id, { nodes, connections });
		await client.activate(id);
	}

	test('follows a renamed node and changed events with one webhook, and removes it', async () => {
		const workflow = await publish({ events: ['open'] });
		await republish(workflow, (trigger) => {
			trigger.name = 'Mail events';
			trigger.parameters.events = ['click', 'bounce'];
		});
		expect(sendGrid.webhooks).toHaveLength(1);
		expect(sendGrid.webhooks[0]).toMatchObject({ open: false, click: true, bounce: true });

		const event = sampleEvent('click');
		const [delivery] = await sendGrid.postEvents(sendGrid.webhooks[0]!.id, [event], ONCE);
		expect(delivery!.status).toBe(200);
		const [execution] = await client.waitForExecutions(workflow.id, 1);
		expect(itemsOf(execution!, 'Mail events')).toHaveLength(1);
		// Whatever somebody has made of it by hand, it goes with its workflow.
		Object.assign(sendGrid.webhooks[0]!, { enabled: false, open: false, click: true });
		await client.deactivate(workflow.id);
		await eventually(() => expect(sendGrid.webhooks).toEqual([]));
	});

	/** What a user does in the editor: n8n takes the trigger down and up again. */
	async function edit({ id }: Workflow, parameters: INodeParameters): Promise<void> {
		const { nodes } = await client.getWorkflow(id);
		Object.assign(nodes.find(({ name }) => name === TRIGGER)!.parameters, parameters);
		await client.updateWorkflow(id, { nodes });
		await client.activate(id);
	}

	test('loses no event over ten edits and a copy of the workflow, under a steady stream, with one webhook and key', async () => {
		const sink = await HttpSink.start();
		const call = node(
			'Call',
			'n8n-nodes-base.httpRequest',
			{
				method: 'POST',
				url: sink.url,
				sendBody: true,
				specifyBody: 'json',
				jsonBody: '={{ JSON.stringify({ id: $json.eventId }) }}',
			},
			{ typeVersion: 4.2 },
		);
		const workflow = await client.createWorkflow(
			triggerWorkflow('Edited', credential, { events: ['open'] }, call),
		);
		created.push(workflow.id);
		await client.activate(workflow.id);
		const { id } = sendGrid.webhooks[0]!;
		const key = sendGrid.publicKey(id);

		const sent: unknown[] = [];
		const posts: Array<ReturnType<SendGridEmulator['postEvents']>> = [];
		let isEditing = true;
		const stream = (async () => {
			while (isEditing && sendGrid.webhooks[0] !== undefined) {
				const event = sampleEvent('open');
				sent.push(event.sg_event_id);
				// At once as SendGrid does it: it knows the webhook of the moment only.
				const post = sendGrid.postEvents(sendGrid.webhooks[0]!.id, [event], PATIENT);
				posts.push(post);
				// As fast as n8n takes them: a queue that grows would hold up the edits for ever longer.
				await Promise.race([post, sleep(1000)]);
				await sleep(100);
			}
		})();
		for (let edits = 0; edits < 10; edits++) {
			await edit(
				workflow,
				edits % 2 === 0
					? { events: ['open', 'click'] }
					: { options: { categories: '' }, events: ['open'] },
			);
			expect(sendGrid.webhooks).toMatchObject([{ id, open: true, click: edits % 2 === 0 }]);
		}
		const afterEdits = JSON.stringify(sendGrid.webhooks);
		// The copy's trigger has the same webhook ID.
		const { nodes, connections } = await client.getWorkflow(workflow.id);
		const copy = await client.createWorkflow({ name: 'Copy', nodes, connections });
		await expect(client.activate(copy.id)).rejects.toThrow();
		isEditing = false;
		await stream;
		const statuses = (await Promise.all(posts)).flat().map(({ status }) => status);
		expect(statuses).toEqual(statuses.map(() => 200));
		await eventually(() => expect(sink.requests.length).toBeGreaterThanOrEqual(sent.length));
		const received = sink.requests.map(({ body }) => (body as IDataObject).id);
		expect([...received].sort()).toEqual([...sent].sort());
		await sleep(AFTER_REMOVAL_MS);
		expect(JSON.stringify(sendGrid.webhooks)).toBe(afterEdits);
		expect(sendGrid.publicKey(id)).toBe(key);
		await client.deactivate(workflow.id);
		await sink.stop();
	});

	test('leaves a healthy webhook alone while SendGrid is down, and repairs it later', async () => {
		const workflow = await publish({ events: ['open'] });
		const [webhook] = sendGrid.webhooks;
		const before = JSON.stringify(webhook);
		isDown = true;
		await n8n.restart();
		await edit(workflow, { events: ['open', 'click'] });
		await sleep(AFTER_REMOVAL_MS);
		expect(JSON.stringify(sendGrid.webhooks)).toBe(`[${before}]`);
		const [attempt] = await sendGrid.postEvents(webhook!.id, [sampleEvent('open')], ONCE);
		expect(attempt!.status).toBe(200);
		expect(n8n.log).toContain('was left as it is');

		isDown = false;
		await n8n.restart();
		await edit(workflow, { events: ['open', 'bounce'] });
		expect(sendGrid.webhooks).toMatchObject([{ id: webhook!.id, bounce: true, click: false }]);
		await client.deactivate(workflow.id);
	});

	test('does in time what n8n could not do when it was stopped', async () => {
		const left = await publish({ events: ['open'] });
		await client.deactivate(left.id);
		await n8n.kill();
		await n8n.restart();
		expect(sendGrid.webhooks).toMatchObject([
			{ friendly_name: expect.stringMatching(/ \(unpublished\)$/) },
		]);
		const [webhook] = sendGrid.webhooks;
		webhook!.updated_date = '2026-01-01T00:00:00Z';

		const other = await publish({ events: ['open'] });
		expect(sendGrid.webhooks).toHaveLength(1);
		expect(sendGrid.webhooks).not.toContain(webhook);
		await client.deactivate(other.id);
	});

	test('a copy of the database, at another address, does not harm production', async () => {
		const workflow = await publish({ events: ['open'] });
		const [webhook] = sendGrid.webhooks;
		const before = JSON.stringify(webhook);
		await n8n.kill();
		await cp(path.join(folder, 'production'), path.join(folder, 'staging'), { recursive: true });
		const restarted = n8n.restart();
		const staging = await startN8n('staging');
		try {
			await restarted;
			const user = await N8nClient.logIn(staging.url);
			const { nodes } = await user.getWorkflow(workflow.id);
			nodes.find(({ name }) => name === TRIGGER)!.parameters.events = ['open', 'click'];
			await user.updateWorkflow(workflow.id, { nodes });
			await user.activate(workflow.id);
			expect(sendGrid.webhooks).toHaveLength(2);
			expect(staging.log).toContain('If this n8n has moved from there');
			await user.deactivate(workflow.id);
			await eventually(() => expect(sendGrid.webhooks).toHaveLength(1));
		} finally {
			await staging.stop();
		}
		expect(JSON.stringify(sendGrid.webhooks)).toBe(`[${before}]`);
		const [attempt] = await sendGrid.postEvents(webhook!.id, [sampleEvent('open')], ONCE);
		expect(attempt!.status).toBe(200);
		await client.deactivate(workflow.id);
	});

	test('takes the new key after it was changed in SendGrid', async () => {
		const workflow = await publish({ events: ['open'] });
		const [webhook] = sendGrid.webhooks;
		sendGrid.rotateKey(webhook!.id);
		const [delivery] = await sendGrid.postEvents(webhook!.id, [sampleEvent('open')], ONCE);
		expect(delivery!.status).toBe(200);
		const forger = createSigningKey();
		const [forged] = await sendGrid.postEvents(webhook!.id, [sampleEvent('open')], {
			...ONCE,
			headers: { 'X-Twilio-Email-Event-Webhook-Signature': forger.publicKey.slice(0, 96) },
		});
		expect(forged!.status).toBe(401);
		await client.waitForExecutions(workflow.id, 1);
		await client.deactivate(workflow.id);
	});

	test('repairs in place what was changed by hand', async () => {
		const workflow = await publish({ events: ['open'] });
		const [webhook] = sendGrid.webhooks;
		Object.assign(webhook!, { enabled: false, open: false, click: true });
		await republish(workflow, () => undefined);
		expect(sendGrid.webhooks).toMatchObject([
			{ id: webhook!.id, enabled: true, open: true, click: false },
		]);
		await client.deactivate(workflow.id);
		sendGrid.account().webhooks.length = 0;

		// Left behind, for example by a restored backup: the URL holds the node's own id.
		const left = sendGrid.addWebhook({ url: webhook!.url, enabled: false, click: true });
		await client.activate(workflow.id);
		expect(sendGrid.webhooks).toHaveLength(1);
		expect(sendGrid.webhooks[0]).toMatchObject({
			id: left.id,
			enabled: true,
			open: true,
			click: false,
		});
		expect(left.id).not.toBe(webhook!.id);
		expect(sendGrid.publicKey(left.id)).toMatch(/^MFkw/);
		await client.deactivate(workflow.id);
	});

	test('says who holds the slots when none is free, and leaves them alone', async () => {
		const foreign = ['https://one.example.com/hook', 'https://two.example.com/hook'].map((url) =>
			sendGrid.addWebhook({ url, friendly_name: `Of ${new URL(url).hostname}` }),
		);
		const before = JSON.stringify(foreign);
		const workflow = await client.createWorkflow(triggerWorkflow('No slot', credential));
		const publishing = client.activate(workflow.id);
		await expect(publishing).rejects.toThrow(/All 2 Event Webhooks[\s\S]*one\.example\.com/);
		expect(JSON.stringify(sendGrid.webhooks)).toBe(before);
		await client.deleteWorkflow(workflow.id);
	});

	test('registers nothing in manual setup and takes any of the keys entered', async () => {
		const [old, current] = [createSigningKey(), createSigningKey()];
		const workflow = await client.createWorkflow(
			triggerWorkflow('Manual', undefined, {
				setup: 'manual',
				events: ['open'],
				verificationKeys: `${old.publicKey}\n${current.publicKey}`,
			}),
		);
		const requestsBefore = sendGrid.requests.length;
		await client.activate(workflow.id);
		expect(sendGrid.requests).toHaveLength(requestsBefore);

		const { webhookId } = workflow.nodes.find(({ name }) => name === TRIGGER)!;
		const webhook = sendGrid.addWebhook({ url: n8n.webhookUrl(webhookId!, 'events') });
		for (const [signingKey, status] of [
			[old, 200],
			[current, 200],
			[createSigningKey(), 401],
		] as const) {
			webhook.signingKey = signingKey;
			const [delivery] = await sendGrid.postEvents(webhook.id, [sampleEvent('open')], ONCE);
			expect(delivery!.status).toBe(status);
		}
		await client.waitForExecutions(workflow.id, 2);
		await client.deactivate(workflow.id);
		expect(sendGrid.webhooks).toContain(webhook);
	});
});
