import { randomUUID } from 'node:crypto';
import type { INodeParameters } from 'n8n-workflow';
import { MAX_CLOCK_SKEW_SECONDS } from '../../nodes/SendGrid/events/receivePost';
import { N8nClient, type Workflow, type WorkflowDefinition } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { chain, node, triggerWorkflow } from '../../scripts/n8n/workflow';
import { median } from '../support/measure';
import { countExecutions, drain, load, type Load } from './support/n8nUnderTest';
import { EVENTS_IN_POSTS, PostMaker, type Post } from '../support/posts';
import type { Bar, Figure, Suite } from './support/report';

type Contestant = 'trigger' | 'lastNode' | 'webhook' | 'chain';

const NAMES: Record<Contestant, string> = {
	trigger: 'SendGrid Email Trigger',
	lastNode: 'SendGrid Email Trigger, "When the Workflow Succeeds"',
	webhook: 'bare Webhook node',
	chain: 'Webhook, Code, Remove Duplicates',
};

type Bars = Partial<Record<Contestant, Bar>>;

/** What is asked of the trigger beside others, with n8n's default settings. */
const BARS: Bars = { webhook: { atLeast: 0.8 }, chain: { atLeast: 2.5 } };
const BARS_AT_EVENTS = 100;

/** As many as the trigger's memory in the database holds: from then on its cost is constant. */
const WARM_UP = { posts: 20, events: 1000 };

const LOADS = [
	{ events: 1, posts: 80, rounds: 5 },
	{ events: 100, posts: 80, rounds: 5 },
	{ events: 1000, posts: 16, rounds: 3 },
];

/** What Webhook, Code and Remove Duplicates have to do to be as careful as the trigger. */
const VERIFY_IN_CODE = (publicKey: string) => `
const crypto = require('crypto');
const item = $input.first();
const body = await this.helpers.getBinaryDataBuffer(0, 'data');
const headers = item.json.headers;
const key = crypto.createPublicKey({
	key: Buffer.from('${publicKey}', 'base64'), format: 'der', type: 'spki',
});
const verified = crypto.createVerify('sha256')
	.update(headers['x-twilio-email-event-webhook-timestamp']).update(body)
	.verify(key, headers['x-twilio-email-event-webhook-signature'], 'base64');
if (!verified) throw new Error('Not from SendGrid');
return JSON.parse(body.toString('utf8')).map((event) => ({ json: event }));
`;

/** A real n8n as it is installed. */
export async function n8n(): Promise<Suite> {
	return await compareIn('default settings', {}, async (arena) => [
		...(await arena.compareAll(LOADS, BARS)),
		await arena.lostEvents(),
		...(await arena.forgedPosts()),
	]);
}

/** The setting that spares posts the sandbox for expressions where none is evaluated. */
export async function n8nLazy(): Promise<Suite> {
	const env = { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' };
	return await compareIn(
		'N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true',
		env,
		async (arena) => await arena.compareAll(LOADS.filter(({ events }) => events === 100)),
	);
}

async function compareIn(
	settings: string,
	env: Record<string, string>,
	measure: (arena: Arena) => Promise<Figure[]>,
): Promise<Suite> {
	const [version] = n8nVersions;
	const instance = await N8nInstance.start({
		version: version!,
		env: { ...env, NODE_FUNCTION_ALLOW_BUILTIN: 'crypto', EXECUTIONS_DATA_PRUNE: 'false' },
	});
	try {
		const client = await N8nClient.setUpOwner(instance.url);
		return {
			title: `Receiving in n8n ${version}, ${settings}`,
			how:
				'One instance with SQLite, four senders that each wait for an answer before they post ' +
				'again; each workflow in turn, round after round, each ending in a No Operation node. ' +
				'Posts a second until all were answered, and until all executions had ended. The memory ' +
				'for repeated events is full before measuring starts.',
			figures: await measure(await Arena.open(instance, client)),
		};
	} finally {
		await instance.stop();
	}
}

class Arena {
	/** In its first minutes the trigger takes more care: the events are of later. */
	private readonly posts = new PostMaker(2 * MAX_CLOCK_SKEW_SECONDS);
	private readonly workflows = {} as Record<Contestant, Workflow>;

	private constructor(
		private readonly instance: N8nInstance,
		private readonly client: N8nClient,
	) {}

	static async open(instance: N8nInstance, client: N8nClient): Promise<Arena> {
		const arena = new Arena(instance, client);
		for (const [name, definition] of Object.entries(arena.definitions())) {
			const workflow = await client.createWorkflow(definition);
			await client.activate(workflow.id);
			arena.workflows[name as Contestant] = workflow;
		}
		for (const name of Object.keys(NAMES) as Contestant[]) {
			// The chain's own memory is full, and its executions fail, long before.
			const { posts, events } = name === 'chain' ? { posts: 5, events: 100 } : WARM_UP;
			await arena.load(name, arena.make(posts, events));
		}
		return arena;
	}

	async compareAll(loads: typeof LOADS, bars: Bars = {}): Promise<Figure[]> {
		const figures: Figure[] = [];
		for (const { events, posts, rounds } of loads) {
			const barsHere = events === BARS_AT_EVENTS ? bars : {};
			figures.push(...(await this.compare(events, posts, rounds, barsHere)));
		}
		return figures;
	}

	/** Posts a second of all contestants for posts of one size. */
	private async compare(
		events: number,
		posts: number,
		rounds: number,
		bars: Bars,
	): Promise<Figure[]> {
		const names = Object.keys(NAMES) as Contestant[];
		const results = Object.fromEntries(names.map((name) => [name, [] as Load[]])) as Record<
			Contestant,
			Load[]
		>;
		for (let round = 0; round < rounds; round++) {
			console.error(`${plural(events)} a post, round ${round + 1} of ${rounds}`);
			for (const name of names) {
				results[name].push(await this.load(name, this.make(posts, events)));
			}
		}
		const middle = (name: Contestant, field: 'answered' | 'drained' | 'cpuMs' | 'executions') =>
			median(results[name].map((result) => result[field]));
		const beside = (rival: Contestant, field: 'answered' | 'drained'): Figure => ({
			what: `${plural(events)} a post, ${field}`,
			ours: middle('trigger', field),
			unit: 'posts/s',
			rival: { name: NAMES[rival], value: middle(rival, field) },
			ratio: { value: middle('trigger', field) / middle(rival, field), bar: bars[rival] },
		});
		return [
			beside('webhook', 'answered'),
			beside('webhook', 'drained'),
			beside('chain', 'answered'),
			beside('chain', 'drained'),
			{
				what: `${plural(events)} a post, CPU of n8n`,
				ours: middle('trigger', 'cpuMs'),
				unit: 'ms/post',
				rival: { name: NAMES.webhook, value: middle('webhook', 'cpuMs') },
				ratio: { value: middle('trigger', 'cpuMs') / middle('webhook', 'cpuMs') },
			},
			{
				what: `${plural(events)} a post, executions`,
				ours: middle('trigger', 'executions'),
				unit: 'per post',
				rival: { name: NAMES.webhook, value: middle('webhook', 'executions') },
			},
			{
				what: `${plural(events)} a post, "When the Workflow Succeeds", drained`,
				ours: middle('lastNode', 'drained'),
				unit: 'posts/s',
				rival: { name: NAMES.webhook, value: middle('webhook', 'drained') },
				ratio: { value: middle('lastNode', 'drained') / middle('webhook', 'drained') },
			},
		];
	}

	/** Executions that failed after SendGrid was told that all is well, over the whole run. */
	async lostEvents(): Promise<Figure> {
		const failed = async (name: Contestant) =>
			await countExecutions(this.client, this.workflows[name], ['error', 'crashed']);
		return {
			what: 'Executions that failed after the post was accepted',
			ours: await failed('trigger'),
			unit: '',
			rival: { name: NAMES.chain, value: await failed('chain') },
			bar: { atMost: 0 },
		};
	}

	/** What someone who knows the URL but not the key can make n8n do. */
	async forgedPosts(): Promise<Figure[]> {
		const rounds = { forged: [] as Load[], accepted: [] as Load[], webhook: [] as Load[] };
		for (let round = 0; round < 3; round++) {
			const genuine = this.make(80, 100);
			const forged = this.make(80, 100).map(({ rawBody, headers }) => ({
				rawBody: Buffer.from(rawBody.toString('utf8').replace('example.com', 'example.org')),
				headers,
			}));
			rounds.forged.push(await this.load('trigger', forged, '401'));
			rounds.accepted.push(await this.load('trigger', genuine));
			rounds.webhook.push(await this.load('webhook', forged));
		}
		const middle = (loads: Load[], field: 'answered' | 'cpuMs') =>
			median(loads.map((result) => result[field]));
		const beside = (name: string, rival: Load[], field: 'answered' | 'cpuMs', unit: string) => ({
			what: `Forged posts of 100 events, ${field === 'answered' ? 'refused' : 'CPU of n8n'}`,
			ours: middle(rounds.forged, field),
			unit,
			rival: { name, value: middle(rival, field) },
			ratio: { value: middle(rounds.forged, field) / middle(rival, field) },
		});
		return [
			beside('genuine posts accepted', rounds.accepted, 'answered', 'posts/s'),
			beside('genuine posts accepted', rounds.accepted, 'cpuMs', 'ms/post'),
			beside('forged, to a bare Webhook node', rounds.webhook, 'cpuMs', 'ms/post'),
		];
	}

	private make(posts: number, events: number): Post[] {
		return Array.from({ length: posts }, () => this.posts.post(events));
	}

	private async load(name: Contestant, posts: Post[], status = '200'): Promise<Load> {
		const workflow = this.workflows[name];
		await drain(this.client, workflow);
		const { webhookId } = workflow.nodes.find(({ type }) => /(trigger|webhook)$/i.test(type))!;
		const path = workflow.nodes[0]!.type.endsWith('webhook') ? 'webhook' : 'events';
		const url =
			path === 'events'
				? this.instance.webhookUrl(webhookId!, path)
				: `${this.instance.url}/webhook/${webhookId}`;
		const pid = this.instance.processId!;
		const result = await load(url, posts, pid, workflow, this.client);
		if (result.statusCodes[status] !== posts.length) {
			throw new Error(`${NAMES[name]} answered ${JSON.stringify(result.statusCodes)}`);
		}
		return result;
	}

	private definitions(): Record<Contestant, WorkflowDefinition> {
		const trigger = (name: Contestant, acknowledge: string) => {
			const workflow = triggerWorkflow(NAMES[name], undefined, {
				setup: 'manual',
				verificationKeys: this.posts.key.publicKey,
				events: EVENTS_IN_POSTS,
				acknowledge,
			});
			// As the editor makes it.
			workflow.nodes[0]!.typeVersion = 2;
			return workflow;
		};
		return {
			trigger: trigger('trigger', 'onReceived'),
			lastNode: trigger('lastNode', 'lastNode'),
			webhook: chain(NAMES.webhook, webhookNode(), noOperation()),
			chain: chain(
				NAMES.chain,
				webhookNode({ rawBody: true }),
				node(
					'Verify',
					'n8n-nodes-base.code',
					{
						jsCode: VERIFY_IN_CODE(this.posts.key.publicKey),
					},
					{ typeVersion: 2 },
				),
				node(
					'Remove Duplicates',
					'n8n-nodes-base.removeDuplicates',
					{
						operation: 'removeItemsSeenInPreviousExecutions',
						dedupeValue: '={{ $json.sg_event_id }}',
					},
					{ typeVersion: 2 },
				),
				noOperation(),
			),
		};
	}
}

function webhookNode(options: INodeParameters = {}) {
	const webhookId = randomUUID();
	const parameters = { httpMethod: 'POST', path: webhookId, options };
	return node('Webhook', 'n8n-nodes-base.webhook', parameters, { typeVersion: 2, webhookId });
}

function noOperation() {
	return node('Done', 'n8n-nodes-base.noOp');
}

function plural(count: number): string {
	return count === 1 ? '1 event' : `${count} events`;
}
