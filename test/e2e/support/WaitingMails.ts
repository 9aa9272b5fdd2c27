import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INode, INodeParameters } from 'n8n-workflow';
import {
	DEFAULT_API_KEY,
	sampleEvent,
	type AcceptedMail,
	type PostedEvent,
	type SendGridEmulator,
} from '../../../emulator';
import type { EventName } from '../../../nodes/SendGrid/events/eventTypes';
import {
	itemsOf,
	type Credential,
	type Execution,
	type N8nClient,
	type Workflow,
} from '../../../scripts/n8n/N8nClient';
import {
	EMAIL_TYPE,
	node,
	triggerWorkflow,
	wires,
	withCredential,
} from '../../../scripts/n8n/workflow';

/** The node that waits, and the one behind all of its outputs. */
export const EMAIL = 'SendGrid Email';
export const AFTER = 'After';

const LOOP = 'Loop Over Items';

/** A mail to this address is delivered, and nobody opens it. */
const UNREAD = 'delivered@example.com';

/** What the triggers receive; not `spamreport`. */
const RECEIVED: EventName[] = ['processed', 'delivered', 'open', 'click', 'bounce', 'dropped'];

type Edge = Parameters<typeof wires>[number];

interface StartOptions {
	/** The items that come in. */
	items?: IDataObject[];
	/** How often the node runs: twice, one time after the other, or for each item by Loop Over Items. */
	runs?: 'once' | 'twice' | 'forEachItem';
}

/** Workflows that send a mail and wait, and two whose triggers receive the events. */
export class WaitingMails {
	private constructor(
		private readonly client: N8nClient,
		private readonly sendGrid: SendGridEmulator,
		readonly credential: Credential,
		/** Where n8n receives webhooks. */
		private readonly url: string,
		/** The Event Webhooks of the two. */
		private readonly webhookIds: string[],
	) {}

	static async prepare(
		client: N8nClient,
		sendGrid: SendGridEmulator,
		url: string,
	): Promise<WaitingMails> {
		const credential = await client.createCredential('Stand-in', 'sendGridEventsApi', {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: sendGrid.url,
		});
		// What a trigger's own workflow wants makes no difference to those who wait.
		for (const options of [{}, { categories: 'another' }]) {
			const definition = triggerWorkflow('Events', credential, { events: RECEIVED, options });
			const { id } = await client.createWorkflow(definition);
			await client.activate(id);
		}
		const webhookIds = sendGrid.webhooks.map(({ id }) => id);
		return new WaitingMails(client, sendGrid, credential, url, webhookIds);
	}

	/** Publishes a workflow that sends and waits, and starts it once. */
	async start(
		parameters: INodeParameters,
		{ items = [{}], runs = 'once' }: StartOptions = {},
	): Promise<Workflow> {
		const webhookId = randomUUID();
		const code = (name: string, jsCode: string) =>
			node(name, 'n8n-nodes-base.code', { jsCode }, { typeVersion: 2 });
		const goOn = (...to: string[]) =>
			to.flatMap((next) => [0, 1, 2, 3, 4].map((output): Edge => [EMAIL, next, output]));
		const edges: Record<typeof runs, Edge[]> = {
			once: [['Items', EMAIL], ...goOn(AFTER)],
			twice: [['Items', EMAIL], ...goOn(AFTER, 'Again'), ['Again', EMAIL]],
			forEachItem: [['Items', LOOP], [LOOP, EMAIL, 1], ...goOn(LOOP), [LOOP, AFTER]],
		};
		const workflow = await this.client.createWorkflow({
			name: 'Waiting',
			nodes: [
				node(
					'Start',
					'n8n-nodes-base.webhook',
					{ httpMethod: 'POST', path: webhookId, options: {} },
					{ typeVersion: 2, webhookId },
				),
				code('Items', `return ${JSON.stringify(items)}.map((json) => ({ json }));`),
				this.sender(parameters),
				node(AFTER, 'n8n-nodes-base.noOp'),
				code('Again', 'return $runIndex === 0 ? [{ json: {} }] : [];'),
				node(LOOP, 'n8n-nodes-base.splitInBatches', {}, { typeVersion: 3 }),
			],
			connections: wires(['Start', 'Items'], ...edges[runs]),
		});
		await this.client.activate(workflow.id);
		const answer = await fetch(`${this.url}/webhook/${webhookId}`, { method: 'POST' });
		expect(answer.status).toBe(200);
		return workflow;
	}

	/** The node that sends and waits. */
	sender(parameters: INodeParameters): INode {
		const sendAndWait = {
			operation: 'sendAndWait',
			from: 'ann@example.com',
			to: UNREAD,
			subject: 'Hello',
			text: 'Hello Bob',
			html: '<a href="https://example.com/offer">look</a>',
			...parameters,
		};
		return node(EMAIL, EMAIL_TYPE, sendAndWait, withCredential(this.credential));
	}

	async statusOf({ id }: Workflow): Promise<string | undefined> {
		return (await this.client.executions(id))[0]?.status;
	}

	/** Waits until the execution is stored as waiting and its mail's delivery is reported. */
	async waiting(workflow: Workflow): Promise<AcceptedMail> {
		for (const end = Date.now() + 30_000; (await this.statusOf(workflow)) !== 'waiting';) {
			if (Date.now() > end) {
				throw new Error(`It is ${await this.statusOf(workflow)}, not waiting`);
			}
			await sleep(50);
		}
		await this.sendGrid.idle();
		return this.sendGrid.mails.at(-1)!;
	}

	async ended(workflow: Workflow, timeoutMs?: number): Promise<Execution> {
		const executions = await this.client.waitForExecutions(workflow.id, 1, timeoutMs);
		expect(executions).toHaveLength(1);
		return executions[0]!;
	}

	/** What the node behind it got, in its only run. */
	async outcome(workflow: Workflow): Promise<IDataObject> {
		const execution = await this.ended(workflow);
		expect(execution.status).toBe('success');
		const items = itemsOf(execution, AFTER);
		expect(items).toHaveLength(1);
		return items[0]!;
	}

	/** Posts events to one of the two triggers. @returns the last status of each post */
	async post(events: PostedEvent[], trigger = 0): Promise<Array<number | undefined>> {
		const attempts = await this.sendGrid.postEvents(this.webhookIds[trigger]!, events);
		return attempts.map(({ status }) => status);
	}
}

export function ticketOf({ body }: AcceptedMail): string {
	return body.personalizations[0]!.custom_args!.n8nWait!;
}

/** An event of the mail that happens now. */
export function eventOf(mail: AcceptedMail, type: EventName, more: PostedEvent = {}): PostedEvent {
	return sampleEvent(type, {
		n8nWait: ticketOf(mail),
		sg_event_id: randomUUID(),
		timestamp: Math.floor(Date.now() / 1000),
		...more,
	});
}
