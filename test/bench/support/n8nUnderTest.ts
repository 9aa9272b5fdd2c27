import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { N8nClient, Workflow } from '../../../scripts/n8n/N8nClient';
import type { Post } from '../../support/posts';
import { computedMs } from '../../support/processUse';

export interface Load {
	/** Posts a second until all were answered. */
	answered: number;
	/** Posts a second until their executions had ended as well. */
	drained: number;
	/** Milliseconds n8n computed for each post; not a number where the system does not tell. */
	cpuMs: number;
	/** Executions a post. */
	executions: number;
	/** Answers by status code. */
	statusCodes: Record<string, number>;
}

/**
 * Posts all of `posts` to a URL, then waits until n8n has nothing left to do for the workflow.
 *
 * @param senders how many post at the same time, each waiting for its answer before it posts again
 */
export async function load(
	url: string,
	posts: readonly Post[],
	pid: number,
	workflow: Workflow,
	client: N8nClient,
	senders: number,
): Promise<Load> {
	const executionsBefore = await countExecutions(client, workflow);
	const cpuBefore = await computedMs(pid);
	const start = performance.now();
	const statusCodes = await postAll(url, posts, senders);
	const answeredAt = performance.now();
	await drain(client, workflow);
	const drainedAt = performance.now();
	const cpuMs = (await computedMs(pid)) - cpuBefore;
	const executions = (await countExecutions(client, workflow)) - executionsBefore;
	return {
		answered: posts.length / ((answeredAt - start) / 1000),
		drained: posts.length / ((drainedAt - start) / 1000),
		cpuMs: cpuMs / posts.length,
		executions: executions / posts.length,
		statusCodes,
	};
}

/** @returns how many answers there were with each status code */
async function postAll(
	url: string,
	posts: readonly Post[],
	senders: number,
): Promise<Record<string, number>> {
	const agent = new Agent({ keepAlive: true, maxSockets: senders });
	const waiting = posts.values();
	const statusCodes: Record<string, number> = {};
	const sender = async () => {
		for (const post of waiting) {
			const code = String(await send(url, post, agent));
			statusCodes[code] = (statusCodes[code] ?? 0) + 1;
		}
	};
	await Promise.all(Array.from({ length: senders }, sender));
	agent.destroy();
	return statusCodes;
}

/** @returns the status code of the answer, once all of it is here */
async function send(url: string, { rawBody, headers }: Post, agent: Agent): Promise<number> {
	const sent = request(url, { method: 'POST', agent, headers });
	sent.end(rawBody);
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	response.resume();
	await once(response, 'end');
	return response.statusCode!;
}

/** Sends one post over a connection that is open already. */
export class LoneSender {
	private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

	/** @returns milliseconds to the answer, and its status code */
	async post(url: string, post: Post): Promise<{ ms: number; statusCode: number }> {
		const start = performance.now();
		const statusCode = await send(url, post, this.agent);
		return { ms: performance.now() - start, statusCode };
	}

	close(): void {
		this.agent.destroy();
	}
}

/** Waits until none of the workflow's executions is waiting or running. */
export async function drain(client: N8nClient, workflow: Workflow): Promise<void> {
	while ((await countExecutions(client, workflow, ['new', 'running', 'waiting'])) > 0) {
		await sleep(25);
	}
}

export async function countExecutions(
	client: N8nClient,
	{ id }: Workflow,
	status?: string[],
): Promise<number> {
	const filter = JSON.stringify({ workflowId: id, status });
	const { count } = await client.request<{ count: number }>(
		'GET',
		`/executions?limit=1&filter=${encodeURIComponent(filter)}`,
	);
	return count;
}
