import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import type { N8nClient, Workflow } from '../../e2e/support/N8nClient';
import type { Post } from './posts';

/** Senders posting at the same time, each waiting for its answer before it posts again. */
const CONNECTIONS = 4;

/** The kernel counts the time of a process in hundredths of a second. */
const MS_PER_TICK = 10;

export interface Load {
	/** Posts a second until all were answered. */
	answered: number;
	/** Posts a second until their executions had ended as well. */
	drained: number;
	/** Milliseconds n8n computed for each post; not a number where the system does not tell. */
	cpuMs: number;
	/** Answers by status code. */
	statusCodes: Record<string, number>;
}

/** Posts all of `posts` to a URL, then waits until n8n has nothing left to do for the workflow. */
export async function load(
	url: string,
	posts: readonly Post[],
	pid: number,
	workflow: Workflow,
	client: N8nClient,
): Promise<Load> {
	let next = 0;
	const cpuBefore = await cpuMsOf(pid);
	const start = performance.now();
	const result = await autocannon({
		url,
		connections: Math.min(CONNECTIONS, posts.length),
		amount: posts.length,
		timeout: 120,
		requests: [
			{
				method: 'POST',
				setupRequest(request) {
					const { rawBody, headers } = posts[next++ % posts.length]!;
					return { ...request, body: rawBody, headers };
				},
			},
		],
	});
	const answeredAt = performance.now();
	await drain(client, workflow);
	const drainedAt = performance.now();
	if (result.errors > 0) throw new Error(`${result.errors} posts to ${url} were not answered`);
	return {
		answered: posts.length / ((answeredAt - start) / 1000),
		drained: posts.length / ((drainedAt - start) / 1000),
		cpuMs: ((await cpuMsOf(pid)) - cpuBefore) / posts.length,
		statusCodes: Object.fromEntries(
			Object.entries(result.statusCodeStats ?? {}).map(([code, { count }]) => [code, count ?? 0]),
		),
	};
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
	status: string[],
): Promise<number> {
	const filter = JSON.stringify({ workflowId: id, status });
	const { count } = await client.request<{ count: number }>(
		'GET',
		`/executions?limit=1&filter=${encodeURIComponent(filter)}`,
	);
	return count;
}

async function cpuMsOf(pid: number): Promise<number> {
	try {
		const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
		// What precedes is the program's name in brackets, which may hold spaces.
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
	} catch {
		return NaN;
	}
}
