import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SunkRequest {
	method: string;
	path: string;
	body: unknown;
}

/** A server that takes JSON as a chat or a CRM would, and keeps what it was sent. */
export class HttpSink {
	readonly requests: SunkRequest[] = [];

	/** The status it answers a request to this path with. */
	answer: (path: string) => number = () => 200;

	private readonly server = createServer(async (request, response) => {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const { method = '', url: path = '' } = request;
		this.requests.push({ method, path, body: JSON.parse(Buffer.concat(chunks).toString()) });
		response.writeHead(this.answer(path), { 'content-type': 'application/json' }).end('{}');
	});

	static async start(): Promise<HttpSink> {
		const sink = new HttpSink();
		sink.server.listen(0, '127.0.0.1');
		await once(sink.server, 'listening');
		return sink;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
	}
}
