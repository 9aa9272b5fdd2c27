import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'flatted';
import type {
	ExecutionStatus,
	IConnections,
	IDataObject,
	INode,
	INodeTypeDescription,
	IPinData,
	IRunExecutionData,
	IWorkflowSettings,
} from 'n8n-workflow';

export interface WorkflowDefinition {
	name: string;
	nodes: INode[];
	connections: IConnections;
	settings?: IWorkflowSettings;
	pinData?: IPinData;
}

export interface Workflow extends WorkflowDefinition {
	id: string;
	versionId: string;
	active: boolean;
}

export interface Credential {
	id: string;
	name: string;
	type: string;
}

export interface ExecutionSummary {
	id: string;
	workflowId: string;
	status: ExecutionStatus;
	mode: string;
}

export interface Execution extends ExecutionSummary {
	data: IRunExecutionData;
}

export interface Owner {
	email: string;
	password: string;
}

interface PublicationStatus {
	status: 'in_progress' | 'not_published' | 'published' | 'partial' | 'failed';
	triggers: Array<{ errorMessage?: string | null }>;
}

const PAGE_SIZE = 100;

const UNFINISHED: ExecutionStatus[] = ['new', 'running', 'waiting'];

export const defaultOwner: Owner = { email: 'owner@example.com', password: 'Password-1' };

/** An answer of n8n's REST API that is not a success. */
export class N8nApiError extends Error {
	constructor(
		message: string,
		readonly status: number,
	) {
		super(message);
	}
}

/** A user of n8n's editor, through the REST API the editor uses; the same in n8n 1.123 and 2.x. */
export class N8nClient {
	/** n8n ties a session to the browser that opened it. */
	private readonly browserId = randomUUID();

	private cookie = '';

	private constructor(private readonly url: string) {}

	/** Makes the owner account of a new instance and is logged in as it. */
	static async setUpOwner(url: string, owner = defaultOwner): Promise<N8nClient> {
		const client = new N8nClient(url);
		await client.request('POST', '/owner/setup', {
			firstName: 'Test',
			lastName: 'Owner',
			...owner,
		});
		return client;
	}

	/** Logs in on an instance that has its owner. A session outlives restarts of n8n. */
	static async logIn(url: string, { email, password } = defaultOwner): Promise<N8nClient> {
		const client = new N8nClient(url);
		await client.request('POST', '/login', { emailOrLdapLoginId: email, email, password });
		return client;
	}

	/** The descriptions of the node types n8n offers; their names are `<package>.<node>`. */
	async nodeTypes(): Promise<INodeTypeDescription[]> {
		const response = await this.send('GET', '/types/nodes.json');
		return (await response.json()) as INodeTypeDescription[];
	}

	async createCredential(name: string, type: string, data: IDataObject): Promise<Credential> {
		return await this.request('POST', '/credentials', { name, type, data });
	}

	/** What the editor's "Test" does with a credential's stored values. */
	async testCredential(
		credential: Credential,
	): Promise<{ status: 'OK' | 'Error'; message: string }> {
		const stored = await this.request<IDataObject>(
			'GET',
			`/credentials/${credential.id}?includeData=true`,
		);
		return await this.request('POST', '/credentials/test', { credentials: stored });
	}

	/** Nodes that receive webhooks get a `webhookId` unless they have one, as in the editor. */
	async createWorkflow(definition: WorkflowDefinition): Promise<Workflow> {
		const nodes = definition.nodes.map((node) =>
			/(trigger|webhook)$/i.test(node.type) ? { webhookId: randomUUID(), ...node } : node,
		);
		return await this.request('POST', '/workflows', {
			active: false,
			settings: {},
			...definition,
			nodes,
		});
	}

	async getWorkflow(id: string): Promise<Workflow> {
		return await this.request('GET', `/workflows/${id}`);
	}

	/** Saves changes. An active workflow runs as before until it is activated again. */
	async updateWorkflow(id: string, changes: Partial<WorkflowDefinition>): Promise<Workflow> {
		const { name, nodes, connections, settings } = await this.getWorkflow(id);
		return await this.request('PATCH', `/workflows/${id}`, {
			...{ name, nodes, connections, settings },
			...changes,
		});
	}

	/** Deactivates the workflow first, so its webhooks are unregistered. */
	async deleteWorkflow(id: string): Promise<void> {
		await this.deactivate(id);
		await this.request('POST', `/workflows/${id}/archive`, {});
		await this.request('DELETE', `/workflows/${id}`);
	}

	/**
	 * Publishes the saved version and waits until all its triggers are registered.
	 * @throws with the triggers' messages when they could not be
	 */
	async activate(id: string): Promise<void> {
		const { versionId } = await this.getWorkflow(id);
		await this.request('POST', `/workflows/${id}/activate`, { versionId });
		// n8n looks at what is under way and at what is done in two queries, and can miss both.
		const publication = await this.publicationSettled(id, ['in_progress', 'not_published']);
		if (!publication || publication.status === 'published') return;
		const messages = publication.triggers.flatMap(({ errorMessage }) => errorMessage ?? []);
		throw new Error(`The workflow is ${publication.status}: ${messages.join('; ')}`);
	}

	/** Unpublishes the workflow and waits until its triggers are unregistered. */
	async deactivate(id: string): Promise<void> {
		await this.request('POST', `/workflows/${id}/deactivate`, {});
		await this.publicationSettled(id);
	}

	/** Publishing runs in the background from n8n 2.40 on; before, the request itself waits. */
	private async publicationSettled(
		id: string,
		unsettled = ['in_progress'],
	): Promise<PublicationStatus | undefined> {
		return await poll(`publication of workflow ${id}`, 60_000, async () => {
			try {
				const status = await this.request<PublicationStatus>(
					'GET',
					`/workflows/${id}/publication-status`,
				);
				return { done: !unsettled.includes(status.status), value: status };
			} catch (error) {
				if (error instanceof N8nApiError && error.status === 404) {
					return { done: true, value: undefined };
				}
				throw error;
			}
		});
	}

	/**
	 * Presses "Execute workflow" on a trigger. One that waits for a webhook starts no execution yet:
	 * it listens for one test event.
	 * @returns the execution's id, if one started
	 */
	async runWorkflow(id: string, trigger: string): Promise<string | undefined> {
		const workflowData = await this.getWorkflow(id);
		const { executionId } = await this.request<{ executionId?: string }>(
			'POST',
			`/workflows/${id}/run`,
			// n8n 2 runs the saved workflow, n8n 1 the one that is sent along.
			{ workflowData, triggerToStartFrom: { name: trigger } },
		);
		return executionId;
	}

	/** All executions of a workflow, newest first, without their data. */
	async executions(workflowId: string): Promise<ExecutionSummary[]> {
		const all: ExecutionSummary[] = [];
		let page: Record<string, string> = {};
		for (;;) {
			const query = new URLSearchParams({
				filter: JSON.stringify({ workflowId }),
				limit: String(PAGE_SIZE),
				...page,
			});
			const { results, nextCursor } = await this.request<{
				results: ExecutionSummary[];
				nextCursor?: string | null;
			}>('GET', `/executions?${query.toString()}`);
			all.push(...results);
			// Without a cursor it is n8n 1, which goes on from the last id, or n8n 2 at the end.
			if (nextCursor) page = { cursor: nextCursor };
			else if (nextCursor === null || results.length < PAGE_SIZE) return all;
			else page = { lastId: results.at(-1)!.id };
		}
	}

	async execution(id: string): Promise<Execution> {
		const stored = await this.request<ExecutionSummary & { data: string }>(
			'GET',
			`/executions/${id}`,
		);
		return { ...stored, data: parse(stored.data) as IRunExecutionData };
	}

	/** Presses "Stop" on an execution that runs or waits. */
	async stopExecution(id: string): Promise<void> {
		await this.request('POST', `/executions/${id}/stop`);
	}

	async deleteExecution(id: string): Promise<void> {
		await this.request('POST', '/executions/delete', { ids: [id] });
	}

	/**
	 * Waits until `enough` of a workflow's executions have ended.
	 * @param enough how many, or a test of those that have ended
	 * @returns all that have ended, oldest first, with their data
	 * @throws after `timeoutMs`, with the state of each execution
	 */
	async waitForExecutions(
		workflowId: string,
		enough: number | ((ended: ExecutionSummary[]) => boolean),
		timeoutMs = 60_000,
	): Promise<Execution[]> {
		const isEnough =
			typeof enough === 'number' ? (ended: unknown[]) => ended.length >= enough : enough;
		const ended = await poll(`executions of workflow ${workflowId}`, timeoutMs, async () => {
			const all = await this.executions(workflowId);
			const value = all.filter(hasEnded).reverse();
			return {
				done: isEnough(value),
				value,
				seen: all.map(({ id, status }) => `${id} ${status}`).join(', ') || 'none',
			};
		});
		const executions: Execution[] = [];
		for (const { id } of ended) executions.push(await this.execution(id));
		return executions;
	}

	/** Calls n8n's REST API. @throws N8nApiError with n8n's message when the answer is no success */
	async request<T>(method: string, route: string, body?: unknown): Promise<T> {
		const response = await this.send(method, `/rest${route}`, body);
		const { data } = (await response.json()) as { data: T };
		return data;
	}

	private async send(method: string, path: string, body?: unknown): Promise<Response> {
		const response = await fetch(this.url + path, {
			method,
			headers: {
				'content-type': 'application/json',
				'browser-id': this.browserId,
				cookie: this.cookie,
				// Names the browser tab that is told of manual runs; n8n asks for one, nobody listens.
				...(path.endsWith('/run') && { 'push-ref': this.browserId }),
			},
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		if (!response.ok) {
			throw new N8nApiError(
				`${method} ${path} answered ${response.status}: ${await response.text()}`,
				response.status,
			);
		}
		const cookies = response.headers.getSetCookie();
		if (cookies.length > 0) this.cookie = cookies.map((cookie) => cookie.split(';')[0]).join('; ');
		return response;
	}
}

/**
 * Asks again until an answer is `done`: soon at first, later every 200 ms.
 * @throws after `timeoutMs`, naming `what` and what was `seen` last
 */
async function poll<T>(
	what: string,
	timeoutMs: number,
	ask: () => Promise<{ done: boolean; value: T; seen?: string }>,
): Promise<T> {
	const deadline = Date.now() + timeoutMs;
	for (let pauseMs = 20; ; pauseMs = Math.min(2 * pauseMs, 200)) {
		const { done, value, seen } = await ask();
		if (done) return value;
		if (Date.now() > deadline) {
			throw new Error(
				`Waited ${timeoutMs / 1000} s for ${what}. Last seen: ${seen ?? JSON.stringify(value)}`,
			);
		}
		await sleep(pauseMs);
	}
}

export function hasEnded({ status }: ExecutionSummary): boolean {
	return !UNFINISHED.includes(status);
}

/** The JSON of the items a node emitted on one output, over all its runs in an execution. */
export function itemsOf(execution: Execution, node: string, output = 0): IDataObject[] {
	const runs = execution.data.resultData.runData[node] ?? [];
	return runs.flatMap(({ data }) => (data?.main?.[output] ?? []).map(({ json }) => json));
}
