import { once } from 'node:events';
import {
	createServer,
	request as httpRequest,
	type IncomingMessage,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from './random';

/**
 * The reverse proxy in front of n8n. Each request goes to one of the processes that are ready, at
 * random; when none is, the answer is 503.
 *
 * It asks for readiness each time, and not only to spread the load: while n8n 2.41 starts, between
 * connecting to its database and having migrated it, it answers everything with 200 "n8n is starting
 * up. Please wait". SendGrid takes that for success and never sends those events again.
 */
export class Gate {
	/** Base URLs of the processes that take webhooks. */
	targets: string[] = [];

	private readonly server = createServer((request, response) => void this.pass(request, response));

	private constructor(private readonly random: Random) {}

	static async start(random: Random): Promise<Gate> {
		const gate = new Gate(random);
		gate.server.listen(0, '127.0.0.1');
		await once(gate.server, 'listening');
		return gate;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
	}

	private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const target = await this.pickReady();
		if (target === undefined) {
			response.writeHead(503).end();
			return;
		}
		// Without an agent, so that no connection of before a restart is used again.
		const { method, url = '', headers } = request;
		const onward = httpRequest(`${target}${url}`, { method, headers, agent: false }, (answer) => {
			response.writeHead(answer.statusCode!, answer.headers);
			answer.pipe(response);
		});
		onward.on('error', () => response.destroy());
		response.on('close', () => onward.destroy());
		request.pipe(onward);
	}

	private async pickReady(): Promise<string | undefined> {
		for (const target of this.random.shuffled(this.targets)) {
			if (await isReady(target)) return target;
		}
		return undefined;
	}
}

async function isReady(target: string): Promise<boolean> {
	try {
		return (await fetch(`${target}/healthz/readiness`)).ok;
	} catch {
		return false;
	}
}
