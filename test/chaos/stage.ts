import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_TYPES } from '../../nodes/SendGrid/events/eventTypes';
import { CREDENTIAL_TYPE } from '../../scripts/n8n/workflow';
import {
	hasEnded,
	N8nClient,
	type Credential,
	type ExecutionSummary,
	type Workflow,
} from '../../scripts/n8n/N8nClient';
import { freePort } from '../../scripts/n8n/freePort';
import { N8nInstance, type N8nOptions } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { TRIGGER, triggerWorkflow } from '../../scripts/n8n/workflow';
import {
	DEFAULT_API_KEY,
	SendGridEmulator,
	type PostAttempt,
	type EmulatorOptions,
	type Webhook,
} from '../../emulator';
import { Collector } from './collector';
import { WEBHOOK_GATE } from '../support/composeFile';
import { Gate, type GateOptions } from '../support/Gate';
import type { Random } from '../support/random';
import type { Post } from './traffic';
import type { Workload } from './workload';

/** How long nothing may happen, at the end of a run, before what is missing counts as lost. */
const PATIENCE_MS = 15_000;

/** Posts under way at the same time. */
const CONCURRENCY = 4;

/** Between two posts of one sender, so that a run lasts long enough for what happens in it. */
const MAX_PAUSE_MS = 200;

/** As SendGrid, the sender does not give up while a run lasts; it only has less time than a day. */
const RETRY_DELAYS_MS = [100, 200, 400, 800, ...Array.from({ length: 600 }, () => 1000)];

/** One attempt to deliver a post. Times in milliseconds since 1970. */
export interface Attempt {
	startedAt: number;
	endedAt: number;
	/** Undefined when no answer came. */
	status?: number;
	error?: string;
	eventIds: string[];
}

export interface StageOptions {
	/** Settings of n8n besides its version. */
	n8n?: Omit<N8nOptions, 'version'>;
	sendGrid?: EmulatorOptions;
	/** The gate in front of n8n, by default that of one machine; `none` for SendGrid to post to n8n. */
	gate?: Partial<GateOptions> | 'none';
}

/** All that scenarios need: a SendGrid, a real n8n and a workflow with something to work on. */
export class Stage {
	/** The attempts to post to the present workflow. */
	attempts: Attempt[] = [];
	workflow!: Workflow;
	webhook!: Webhook;
	private lastAnswerAt = 0;
	private readonly acknowledged = new EventEmitter<{ attempt: [PostAttempt] }>();

	private constructor(
		readonly sendGrid: SendGridEmulator,
		/** How far the sender's clock is behind ours, in milliseconds. */
		readonly sendGridClock: { behindMs: number },
		readonly collector: Collector,
		private readonly gateIfAny: Gate | undefined,
		readonly n8n: N8nInstance,
		readonly client: N8nClient,
		readonly credential: Credential,
	) {
		sendGrid.onAttempt((attempt) => {
			const { durationMs, status, error, eventIds } = attempt;
			const endedAt = Date.now();
			this.attempts.push({ startedAt: endedAt - durationMs, endedAt, status, error, eventIds });
			if (status === undefined || status >= 300) return;
			this.lastAnswerAt = endedAt;
			this.acknowledged.emit('attempt', attempt);
		});
	}

	/** Sets everything up, lets `act` run on it, and clears it away whatever happens. */
	static async run<T>(options: StageOptions, act: (stage: Stage) => Promise<T>): Promise<T> {
		const cleanUp: Array<() => Promise<unknown>> = [];
		const clock = { behindMs: 0 };
		try {
			const sendGrid = await SendGridEmulator.start({
				retryDelaysMs: RETRY_DELAYS_MS,
				now: () => Date.now() - clock.behindMs,
				...options.sendGrid,
			});
			cleanUp.push(() => sendGrid.stop());
			const collector = await Collector.start();
			cleanUp.push(() => collector.stop());
			const port = options.n8n?.port ?? (await freePort());
			const gate = await startGate(options.gate, port);
			cleanUp.push(async () => await gate?.stop());
			const n8n = await N8nInstance.start({
				version: n8nVersions[0]!,
				...(gate && { webhookUrl: gate.url }),
				...options.n8n,
				port,
				// Some kills wait for a line of this level.
				env: {
					N8N_LOG_LEVEL: 'debug',
					...(gate && WEBHOOK_GATE),
					...options.n8n?.env,
				},
			});
			cleanUp.push(() => n8n.stop());
			const client = await N8nClient.setUpOwner(n8n.url);
			const credential = await client.createCredential('Stand-in', CREDENTIAL_TYPE, {
				apiKey: DEFAULT_API_KEY,
				region: 'custom',
				baseUrl: sendGrid.url,
			});
			return await act(new Stage(sendGrid, clock, collector, gate, n8n, client, credential));
		} finally {
			for (const step of cleanUp.reverse()) await step();
		}
	}

	get gate(): Gate {
		if (!this.gateIfAny) throw new Error('There is no gate on this stage');
		return this.gateIfAny;
	}

	/** What stands between SendGrid and n8n, for a title. */
	get inFront(): string {
		return this.gateIfAny ? `behind ${this.gateIfAny.program}` : 'without a proxy';
	}

	/** The webhook's URL at n8n's main process, past the gate. */
	get directUrl(): string {
		return this.n8n.url + new URL(this.webhook.url).pathname;
	}

	/** Puts a new workflow in the place of the one before, and starts counting anew. */
	async publish(acknowledge: 'onReceived' | 'lastNode', workload?: Workload): Promise<void> {
		if (this.workflow !== undefined) await this.client.deactivate(this.workflow.id);
		const parameters = { acknowledge, events: EVENT_TYPES.map(({ name }) => name) };
		const base = triggerWorkflow('Chaos', this.credential, parameters, this.collector.node());
		const definition = (await workload?.build(base, this)) ?? base;
		this.workflow = await this.client.createWorkflow(definition);
		await this.client.activate(this.workflow.id);
		const { webhookId } = this.workflow.nodes.find(({ name }) => name === TRIGGER)!;
		this.webhook = this.sendGrid.webhooks.find(({ url }) => url.includes(`/${webhookId}/`))!;
		this.forgetPast();
	}

	/** Forgets what was posted and worked on so far, as if the run began here. */
	forgetPast(): void {
		this.attempts = [];
		this.sendGrid.attempts.length = 0;
		this.collector.reset();
		this.lastAnswerAt = Date.now();
	}

	/** Sends the posts, several at a time, each until it is acknowledged. */
	async send(
		posts: readonly Post[],
		random: Random,
		beforePost?: (index: number) => void,
		maxPauseMs = MAX_PAUSE_MS,
	): Promise<void> {
		let next = 0;
		const sender = async () => {
			for (let index = next++; index < posts.length; index = next++) {
				beforePost?.(index);
				await sleep(random.integer(0, maxPauseMs));
				const { events, isTwin = false } = posts[index]!;
				const post = async () => await this.sendGrid.postEvents(this.webhook.id, events);
				await Promise.all(isTwin ? [post(), post()] : [post()]);
			}
		};
		await Promise.all(Array.from({ length: CONCURRENCY }, sender));
	}

	/** Waits until the workflow has worked on all these events, or on none for a minute. */
	async settled(eventIds: readonly string[]): Promise<void> {
		for (;;) {
			const work = this.collector.workOn();
			const lastCallAt = this.collector.calls.at(-1)?.at ?? 0;
			const quietMs = Date.now() - Math.max(lastCallAt, this.lastAnswerAt);
			const executions = await this.client.executions(this.workflow.id);
			if (eventIds.every((id) => work.has(id)) && executions.every(hasEnded)) return;
			if (quietMs > PATIENCE_MS) return;
			await sleep(200);
		}
	}

	/**
	 * Presses "Retry" on the executions that n8n marks as crashed or failed, and waits for what comes
	 * of it.
	 *
	 * @returns their ids, and those of the executions that this has started
	 */
	async retryFailed(eventIds: readonly string[]): Promise<{ failed: string[]; retries: string[] }> {
		const executions = await this.endedExecutions();
		const before = new Set(executions.map(({ id }) => id));
		const failed = executions.filter(({ status }) => status !== 'success').map(({ id }) => id);
		for (const id of failed) {
			await this.client.request('POST', `/executions/${id}/retry`, { loadWorkflow: false });
		}
		if (failed.length > 0) await this.settled(eventIds);
		const retries = (await this.endedExecutions()).filter(({ id }) => !before.has(id));
		return { failed, retries: retries.map(({ id }) => id) };
	}

	/** Waits until no execution is waiting or running; gives up after a minute. */
	async endedExecutions(): Promise<ExecutionSummary[]> {
		for (const deadline = Date.now() + 60_000; ; await sleep(500)) {
			const executions = await this.client.executions(this.workflow.id);
			if (executions.every(hasEnded) || Date.now() > deadline) return executions;
		}
	}

	/**
	 * Waits until n8n prints a text that it has not printed before this call.
	 * @throws after a minute
	 */
	async printed(text: string): Promise<void> {
		const from = this.n8n.log.length;
		await this.until(`n8n prints "${text}"`, () => this.n8n.log.includes(text, from));
	}

	/** What is on the heap of n8n's main process, garbage included. n8n tells with `N8N_METRICS` only. */
	async heapBytes(): Promise<number> {
		const metrics = await (await fetch(`${this.n8n.url}/metrics`)).text();
		return Number(/^n8n_nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]);
	}

	/** Resolves to the next post that is answered with success. */
	async nextAcknowledged(): Promise<PostAttempt> {
		return (await once(this.acknowledged, 'attempt'))[0] as PostAttempt;
	}

	/** Waits until `condition` holds. @throws after a minute */
	async until(what: string, condition: () => boolean): Promise<void> {
		for (const deadline = Date.now() + 60_000; !condition(); await sleep(1)) {
			if (Date.now() > deadline) throw new Error(`Waited a minute until ${what}`);
		}
	}
}

async function startGate(options: StageOptions['gate'], port: number): Promise<Gate | undefined> {
	if (options === 'none') return undefined;
	const { processes, ...others } = options ?? {};
	return await Gate.start({
		composeFile: 'compose.yaml',
		...others,
		processes: { n8n: { port }, ...processes },
	});
}
