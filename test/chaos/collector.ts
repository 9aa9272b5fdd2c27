import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INode } from 'n8n-workflow';
import { node, TRIGGER } from '../../scripts/n8n/workflow';

/** The name of the node that calls the collector. */
export const WORK = 'Work';

/** One call of a workflow: what one execution did with the events that the trigger gave it. */
export interface Call {
	executionId: string;
	eventIds: string[];
	/** Milliseconds since 1970. */
	at: number;
	/** The status it was answered with; undefined while it is held. */
	status?: number;
}

interface CollectorEvents {
	/** A workflow has begun to work on its events. */
	call: [Call];
	/** A workflow was told that its work is done. */
	answered: [Call];
}

/**
 * What the workflows under test do to the world: each execution calls this server once, with the
 * ids of its events. Counting here, and not in n8n's executions, shows what really took place, also
 * in an execution that a kill cut off before n8n could save it.
 */
export class Collector extends EventEmitter<CollectorEvents> {
	calls: Call[] = [];

	/** How long a workflow's work takes, in milliseconds. */
	workMs = 0;

	private readonly server = createServer((request, response) => void this.take(request, response));

	static async start(): Promise<Collector> {
		const collector = new Collector();
		collector.server.listen(0, '127.0.0.1');
		await once(collector.server, 'listening');
		return collector;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
	}

	/** Forgets what it has seen, and works at once. */
	reset(): void {
		this.calls = [];
		this.workMs = 0;
	}

	/**
	 * The node that makes a workflow call this server.
	 *
	 * @param failsOn the call fails if one of the ids starts with this
	 * @param source the node whose items are worked on
	 */
	node(failsOn = '', source = TRIGGER): INode {
		const { port } = this.server.address() as AddressInfo;
		return node(
			WORK,
			'n8n-nodes-base.httpRequest',
			{
				method: 'POST',
				url: `http://127.0.0.1:${port}/?failsOn=${failsOn}`,
				sendBody: true,
				specifyBody: 'json',
				jsonBody: `={{ JSON.stringify({ executionId: $execution.id, eventIds: $('${source}').all().map(({ json }) => json.eventId) }) }}`,
				options: {},
			},
			{ typeVersion: 4.2, executeOnce: true },
		);
	}

	/** The calls in which each event was worked on without failing. */
	workOn(): Map<string, Call[]> {
		const work = new Map<string, Call[]>();
		for (const call of this.calls) {
			if (call.status !== undefined && call.status >= 400) continue;
			for (const id of call.eventIds) work.set(id, [...(work.get(id) ?? []), call]);
		}
		return work;
	}

	private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		try {
			for await (const chunk of request) chunks.push(chunk as Buffer);
		} catch {
			// n8n was killed while it was calling: nothing was done.
			return;
		}
		const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Call, 'at'>;
		const call: Call = { ...body, at: Date.now() };
		this.calls.push(call);
		this.emit('call', call);
		if (this.workMs > 0) await sleep(this.workMs);
		const failsOn = new URL(request.url!, 'http://localhost').searchParams.get('failsOn');
		call.status = failsOn && call.eventIds.some((id) => id.startsWith(failsOn)) ? 500 : 200;
		response.writeHead(call.status, { 'content-type': 'application/json' }).end('{}');
		this.emit('answered', call);
	}
}
