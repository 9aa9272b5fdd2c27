import type { INodeParameters } from 'n8n-workflow';
import { createSigningKey, DEFAULT_API_KEY, sampleEvent, SendGridEmulator } from '../../emulator';
import { itemsOf, N8nClient, type Credential, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { TRIGGER, triggerWorkflow } from '../../scripts/n8n/workflow';

const ONCE = { retryDelaysMs: [] };

describe.each(n8nVersions)('Registration in n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;
	let credential: Credential;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({ maxWebhooks: 2 });
		n8n = await N8nInstance.start({ version });
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
	});

	async function publish(parameters: INodeParameters): Promise<Workflow> {
		const workflow = await client.createWorkflow(
			triggerWorkflow('Registration', credential, parameters),
		);
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

	test('follows a renamed node and changed events with one webhook', async () => {
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
		await client.deactivate(workflow.id);
		expect(sendGrid.webhooks).toEqual([]);
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
		const { id } = webhook!;
		Object.assign(webhook!, { enabled: false, open: false, click: true });
		await client.deactivate(workflow.id);
		expect(sendGrid.webhooks).toEqual([]);

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
		expect(left.id).not.toBe(id);
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
		await expect(publishing).rejects.toThrow(/2 of 2[\s\S]*one\.example\.com/);
		expect(JSON.stringify(sendGrid.webhooks)).toBe(before);
		await client.deleteWorkflow(workflow.id);
		sendGrid.account().webhooks.length = 0;
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
