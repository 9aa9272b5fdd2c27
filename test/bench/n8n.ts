import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INodeParameters } from 'n8n-workflow';
import { MAX_CLOCK_SKEW_SECONDS } from '../../nodes/SendGrid/events/receivePost';
import { N8nClient, type Workflow, type WorkflowDefinition } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { chain, node, triggerWorkflow } from '../../scripts/n8n/workflow';
import { Deployment } from '../support/Deployment';
import { median, percentile } from '../support/measure';
import { BARE_TRIGGERS, writeBareTriggers } from './support/bareTrigger';
import { countExecutions, drain, load, LoneSender, type Load } from './support/n8nUnderTest';
import { EVENTS_IN_POSTS, PostMaker, type Post } from '../support/posts';
import type { Figure, Suite } from './support/report';

type Contestant =
	| 'trigger'
	| 'lastNode'
	| 'webhook'
	| 'webhookLastNode'
	| 'bareTrigger'
	| 'bareTriggerLastNode'
	| 'chain';

const NAMES: Record<Contestant, string> = {
	trigger: 'SendGrid Email Trigger',
	lastNode: 'SendGrid Email Trigger, "Have SendGrid Send Again"',
	webhook: 'bare Webhook node',
	webhookLastNode: 'bare Webhook node, "When Last Node Finishes"',
	bareTrigger: 'trigger node that only makes items',
	bareTriggerLastNode: 'trigger node that only makes items, "When Last Node Finishes"',
	chain: 'Webhook, Code, Remove Duplicates',
};

/** The Webhook node that answers at the same moment. */
const PACEMAKERS = { trigger: 'webhook', lastNode: 'webhookLastNode' } as const;

/**
 * What no trigger node of a package can undercut: n8n makes a sandbox for expressions for each post
 * to one, and spares its own Webhook node that.
 */
const FLOORS = { trigger: 'bareTrigger', lastNode: 'bareTriggerLastNode' } as const;

/** How our events are dated: before n8n's start they may have been handled by an earlier process. */
type Phase = 'later' | 'first five minutes';

export interface LoadPlan {
	events: number;
	senders: number;
	posts: number;
	rounds: number;
	phase: Phase;
	/** The least our posts a second may be of those of the Webhook node that answers at the same moment. */
	bars?: { trigger?: number; lastNode?: number };
	/** Also beside a trigger node that does next to nothing. */
	floor?: boolean;
	/** Also beside Webhook, Code and Remove Duplicates, with the least that we have to reach of it. */
	chain?: number;
}

/** As many as the trigger's memory in the database holds: from then on its cost is constant. */
const WARM_UP = { posts: 20, events: 1000 };

const LOADS: LoadPlan[] = [
	{ events: 1, senders: 4, posts: 80, rounds: 5, phase: 'later' },
	{ events: 100, senders: 4, posts: 80, rounds: 5, phase: 'later', chain: 3, floor: true },
	{ events: 1000, senders: 4, posts: 48, rounds: 5, phase: 'later', floor: true },
	{ events: 100, senders: 16, posts: 160, rounds: 3, phase: 'later', bars: { trigger: 1 } },
	{ events: 1, senders: 4, posts: 80, rounds: 3, phase: 'first five minutes' },
	{ events: 100, senders: 4, posts: 80, rounds: 3, phase: 'first five minutes' },
	{ events: 1000, senders: 4, posts: 48, rounds: 3, phase: 'first five minutes' },
];

/** What is asked of every load that does not say otherwise. */
const BARS: Record<Phase, { trigger: number; lastNode: number }> = {
	later: { trigger: 0.9, lastNode: 0.85 },
	'first five minutes': { trigger: 0.9, lastNode: 0.7 },
};

const LONE_POSTS = 100;

/** After an execution has ended, n8n goes on making what the next one needs. */
const LONE_POST_PAUSE_MS = 250;

/** How much longer a lone post may take than one to the Webhook node. */
const LONE_POST_BAR = 1.5;

const MODES = { trigger: '"Do Nothing"', lastNode: '"Have SendGrid Send Again"' };

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
		...(await arena.compareAll(LOADS, true)),
		await arena.lostEvents(),
		...(await arena.forgedPosts()),
	]);
}

/** How long a sender waits for its answer when nobody else posts. */
export async function n8nLone(): Promise<Suite> {
	return await compareIn('lone posts of 1 event', {}, async (arena) => await arena.lonePosts());
}

/** The setting that spares posts the sandbox for expressions where none is evaluated. */
export async function n8nLazy(): Promise<Suite> {
	const env = { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' };
	return await compareIn(
		'N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true',
		env,
		async (arena) => await arena.compareAll(LOADS.slice(1, 2), false),
	);
}

/** The set-up that `deploy/` brings, without its gate: SendGrid's distance is left out as well. */
export async function n8nDeployed(): Promise<Suite> {
	const deployment = await Deployment.start('compose.yaml');
	try {
		await deployment.readyFor('n8n');
		return await compareIn(
			'as in deploy/compose.yaml',
			deployment.n8n('n8n').env,
			async (arena) => [
				...(await arena.compareAll(LOADS.slice(1, 3), false)),
				...(await arena.lonePosts()),
			],
		);
	} finally {
		await deployment.stop();
	}
}

export async function compareIn(
	settings: string,
	env: Record<string, string | undefined>,
	measure: (arena: Arena) => Promise<Figure[]>,
): Promise<Suite> {
	const [version] = n8nVersions;
	const bareTriggers = await writeBareTriggers();
	const instance = await N8nInstance.start({
		version: version!,
		env: {
			...env,
			NODE_FUNCTION_ALLOW_BUILTIN: 'crypto',
			EXECUTIONS_DATA_PRUNE: 'false',
			N8N_CUSTOM_EXTENSIONS: bareTriggers,
		},
	});
	try {
		const client = await N8nClient.setUpOwner(instance.url);
		return {
			title: `Receiving in n8n ${version}, ${settings}`,
			how:
				'One instance, senders that each wait for an answer before they post again; ' +
				'each workflow in turn, round after round, each ending in a No Operation node. Posts a ' +
				'second until all were answered and all executions had ended. The memory for repeated ' +
				'events is full before measuring starts.',
			figures: await measure(await Arena.open(instance, client)),
		};
	} finally {
		await instance.stop();
		await rm(bareTriggers, { recursive: true });
	}
}

class Arena {
	private readonly posts: Record<Phase, PostMaker>;
	private readonly workflows = {} as Record<Contestant, Workflow>;

	private constructor(
		private readonly instance: N8nInstance,
		private readonly client: N8nClient,
	) {
		const later = new PostMaker(2 * MAX_CLOCK_SKEW_SECONDS);
		// Events that happened before n8n started may have been worked on by an earlier process.
		const earlier = new PostMaker(-2 * MAX_CLOCK_SKEW_SECONDS, later.key, 'early');
		this.posts = { later, 'first five minutes': earlier };
	}

	static async open(instance: N8nInstance, client: N8nClient): Promise<Arena> {
		const arena = new Arena(instance, client);
		for (const [name, definition] of Object.entries(arena.definitions())) {
			const workflow = await client.createWorkflow(definition);
			await client.activate(workflow.id);
			arena.workflows[name as Contestant] = workflow;
		}
		for (const name of Object.keys(NAMES) as Contestant[]) {
			// Only the trigger has a memory to fill: the chain's is full, and its executions fail, long
			// before.
			const hasMemory = name === 'trigger' || name === 'lastNode';
			const { posts, events } = hasMemory ? WARM_UP : { posts: 5, events: 100 };
			await arena.load(name, arena.make('later', posts, events), 4);
		}
		return arena;
	}

	async compareAll(plans: LoadPlan[], withBars: boolean): Promise<Figure[]> {
		const figures: Figure[] = [];
		for (const plan of plans) figures.push(...(await this.compare(plan, withBars)));
		return figures;
	}

	/** Posts a second of all contestants for posts of one size. */
	private async compare(plan: LoadPlan, withBars: boolean): Promise<Figure[]> {
		const { events, senders, posts, rounds, phase, chain, floor } = plan;
		const names: Contestant[] = ['trigger', 'webhook', 'lastNode', 'webhookLastNode'];
		if (floor) names.push(FLOORS.trigger, FLOORS.lastNode);
		if (chain !== undefined) names.push('chain');
		const what = `${plural(events)} a post, ${senders} senders, ${phase}`;
		const results = Object.fromEntries(names.map((name) => [name, [] as Load[]])) as Record<
			Contestant,
			Load[]
		>;
		if (phase === 'first five minutes') await this.restart();
		for (let round = 0; round < rounds; round++) {
			console.error(`${what}: round ${round + 1} of ${rounds}`);
			// There and back: what n8n cleans up behind one falls to the next, and not always to the same.
			for (const name of round % 2 === 0 ? names : names.toReversed()) {
				results[name].push(await this.load(name, this.make(phase, posts, events), senders));
			}
		}
		const middle = (name: Contestant, field: 'drained' | 'cpuMs' | 'executions') =>
			median(results[name].map((result) => result[field]));
		const beside = (name: 'trigger' | 'lastNode', rival: Contestant, atLeast?: number): Figure => ({
			what: `${what}, ${MODES[name]}`,
			ours: middle(name, 'drained'),
			unit: 'posts/s',
			rival: { name: NAMES[rival], value: middle(rival, 'drained') },
			ratio: {
				value: middle(name, 'drained') / middle(rival, 'drained'),
				bar: withBars && atLeast !== undefined ? { atLeast } : undefined,
			},
		});
		const costs = (name: 'trigger' | 'lastNode'): Figure[] => [
			{
				what: `${what}, ${MODES[name]}, CPU of n8n`,
				ours: middle(name, 'cpuMs'),
				unit: 'ms/post',
				rival: { name: NAMES[PACEMAKERS[name]], value: middle(PACEMAKERS[name], 'cpuMs') },
				ratio: { value: middle(name, 'cpuMs') / middle(PACEMAKERS[name], 'cpuMs') },
			},
			{
				what: `${what}, ${MODES[name]}, executions`,
				ours: middle(name, 'executions'),
				unit: 'per post',
				rival: { name: NAMES[PACEMAKERS[name]], value: middle(PACEMAKERS[name], 'executions') },
			},
		];
		const bars = { ...BARS[phase], ...plan.bars };
		return (['trigger', 'lastNode'] as const).flatMap((name) => [
			beside(name, PACEMAKERS[name], bars[name]),
			...costs(name),
			...(floor ? [beside(name, FLOORS[name])] : []),
			...(chain === undefined
				? []
				: [beside(name, 'chain', name === 'trigger' ? chain : undefined)]),
		]);
	}

	/** Each after the one before has been answered and worked on; contestants take turns. */
	async lonePosts(count = LONE_POSTS): Promise<Figure[]> {
		const runs: Array<{ name: Contestant; phase: Phase; ms: number[] }> = [
			{ name: 'webhook', phase: 'later', ms: [] },
			{ name: 'trigger', phase: 'later', ms: [] },
			{ name: 'webhookLastNode', phase: 'later', ms: [] },
			{ name: 'lastNode', phase: 'later', ms: [] },
			{ name: 'lastNode', phase: 'first five minutes', ms: [] },
			{ name: FLOORS.trigger, phase: 'later', ms: [] },
			{ name: FLOORS.lastNode, phase: 'later', ms: [] },
		];
		await this.restart();
		const sender = new LoneSender();
		for (let post = 0; post < count; post++) {
			for (const { name, phase, ms } of runs) {
				const answer = await sender.post(this.urlOf(name), this.posts[phase].post(1));
				if (answer.statusCode !== 200) throw new Error(`${NAMES[name]}: ${answer.statusCode}`);
				ms.push(answer.ms);
				await drain(this.client, this.workflows[name]);
				await sleep(LONE_POST_PAUSE_MS);
			}
		}
		sender.close();
		const times = (name: Contestant, phase: Phase = 'later') =>
			runs.find((run) => run.name === name && run.phase === phase)!.ms;
		const beside = (name: 'trigger' | 'lastNode', phase: Phase, share: number): Figure => {
			const ours = percentile(times(name, phase), share);
			const rival = percentile(times(PACEMAKERS[name]), share);
			return {
				what: `A lone post, ${MODES[name]}, ${phase}, p${100 * share}`,
				ours,
				unit: 'ms',
				rival: { name: NAMES[PACEMAKERS[name]], value: rival },
				ratio: {
					value: ours / rival,
					bar: share === 0.5 ? { atMost: LONE_POST_BAR } : undefined,
				},
			};
		};
		const besideFloor = (name: 'trigger' | 'lastNode', share: number): Figure => {
			const ours = percentile(times(name), share);
			const floor = percentile(times(FLOORS[name]), share);
			return {
				what: `A lone post, ${MODES[name]}, later, p${100 * share}`,
				ours,
				unit: 'ms',
				rival: { name: NAMES[FLOORS[name]], value: floor },
				ratio: { value: ours / floor },
			};
		};
		return [0.5, 0.99].flatMap((share) => [
			besideFloor('trigger', share),
			besideFloor('lastNode', share),
			beside('trigger', 'later', share),
			beside('lastNode', 'later', share),
			beside('lastNode', 'first five minutes', share),
		]);
	}

	/** From here on the memory in the database is that of an earlier process. */
	private async restart(): Promise<void> {
		await this.instance.restart();
		for (const name of Object.keys(this.workflows) as Contestant[]) {
			await this.load(name, this.make('later', 10, 1), 4);
		}
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
			const genuine = this.make('later', 80, 100);
			const forged = this.make('later', 80, 100).map(({ rawBody, headers }) => ({
				rawBody: Buffer.from(rawBody.toString('utf8').replace('example.com', 'example.org')),
				headers,
			}));
			rounds.forged.push(await this.load('trigger', forged, 4, '401'));
			rounds.accepted.push(await this.load('trigger', genuine, 4));
			rounds.webhook.push(await this.load('webhook', forged, 4));
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

	private make(phase: Phase, posts: number, events: number): Post[] {
		return Array.from({ length: posts }, () => this.posts[phase].post(events));
	}

	private async load(
		name: Contestant,
		posts: Post[],
		senders: number,
		status = '200',
	): Promise<Load> {
		const workflow = this.workflows[name];
		await drain(this.client, workflow);
		const pid = this.instance.processId!;
		const result = await load(this.urlOf(name), posts, pid, workflow, this.client, senders);
		if (result.statusCodes[status] !== posts.length) {
			throw new Error(`${NAMES[name]} answered ${JSON.stringify(result.statusCodes)}`);
		}
		return result;
	}

	private urlOf(name: Contestant): string {
		const { webhookId, type } = this.workflows[name].nodes[0]!;
		return type.endsWith('webhook')
			? `${this.instance.url}/webhook/${webhookId}`
			: this.instance.webhookUrl(webhookId!, 'events');
	}

	private definitions(): Record<Contestant, WorkflowDefinition> {
		const trigger = (name: Contestant, acknowledge: string) => {
			const workflow = triggerWorkflow(NAMES[name], undefined, {
				setup: 'manual',
				verificationKeys: this.posts.later.key.publicKey,
				events: EVENTS_IN_POSTS,
				acknowledge,
			});
			// As the editor makes it.
			workflow.nodes[0]!.typeVersion = 2;
			return workflow;
		};
		const bareTrigger = (name: Contestant, mode: keyof typeof BARE_TRIGGERS) =>
			chain(
				NAMES[name],
				node('Trigger', BARE_TRIGGERS[mode], {}, { typeVersion: 2, webhookId: randomUUID() }),
				noOperation(),
			);
		return {
			trigger: trigger('trigger', 'onReceived'),
			lastNode: trigger('lastNode', 'lastNode'),
			webhook: chain(NAMES.webhook, webhookNode(), noOperation()),
			webhookLastNode: chain(
				NAMES.webhookLastNode,
				webhookNode({}, { responseMode: 'lastNode', responseData: 'noData' }),
				noOperation(),
			),
			bareTrigger: bareTrigger('bareTrigger', 'onReceived'),
			bareTriggerLastNode: bareTrigger('bareTriggerLastNode', 'lastNode'),
			chain: chain(
				NAMES.chain,
				webhookNode({ rawBody: true }),
				node(
					'Verify',
					'n8n-nodes-base.code',
					{
						jsCode: VERIFY_IN_CODE(this.posts.later.key.publicKey),
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

function webhookNode(options: INodeParameters = {}, answer: INodeParameters = {}) {
	const webhookId = randomUUID();
	const parameters = { httpMethod: 'POST', path: webhookId, options, ...answer };
	return node('Webhook', 'n8n-nodes-base.webhook', parameters, { typeVersion: 2, webhookId });
}

function noOperation() {
	return node('Done', 'n8n-nodes-base.noOp');
}

function plural(count: number): string {
	return count === 1 ? '1 event' : `${count} events`;
}
