import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { runtime } from '../../scripts/n8n/runtime';
import { Gate, GATE_PROGRAMS, type GateOptions } from '../support/Gate';

const MEBIBYTE = 1024 * 1024;

/** A server in the place of a process of n8n that is ready or not, as the test says. */
class Process {
	isReady = true;
	/** What it answers, but for questions about its readiness. */
	status = 200;
	/** What reached it besides those questions, and the body's hash. */
	readonly received: Array<{ url: string; headers: IncomingMessage['headers']; sha256: string }> =
		[];

	private readonly server: Server = createServer((request, response) => {
		if (request.url === '/healthz/readiness') {
			response.writeHead(this.isReady ? 200 : 503).end();
			return;
		}
		const hash = createHash('sha256');
		request
			.on('data', (part: Buffer) => hash.update(part))
			.on('end', () => {
				const sha256 = hash.digest('hex');
				this.received.push({ url: request.url!, headers: request.headers, sha256 });
				response.writeHead(this.status).end(`status ${this.status}`);
			});
	}).on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
		socket.end(
			'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
		);
	});

	async start(port = 0): Promise<this> {
		this.server.listen(port, '127.0.0.1');
		await once(this.server, 'listening');
		return this;
	}

	get port(): number {
		return (this.server.address() as AddressInfo).port;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
	}
}

interface Answer {
	status: number;
	body: string;
	headers: IncomingMessage['headers'];
}

async function send(url: string, options: RequestOptions, body?: Buffer): Promise<Answer> {
	const send = url.startsWith('https:') ? httpsRequest : httpRequest;
	const request = send(url, { agent: false, ...options });
	// A gate that refuses a body may close before it has all of it.
	request.on('error', () => undefined);
	request.end(body);
	const [response] = (await Promise.race([
		once(request, 'response'),
		once(request, 'upgrade'),
	])) as [IncomingMessage];
	const parts: Buffer[] = [];
	if (response.statusCode !== 101) for await (const part of response) parts.push(part as Buffer);
	request.destroy();
	return {
		status: response.statusCode!,
		body: Buffer.concat(parts).toString(),
		headers: response.headers,
	};
}

async function post(url: string, body = Buffer.from('[]')): Promise<Answer> {
	return await send(url, { method: 'POST', headers: { 'content-length': body.length } }, body);
}

/** Paths of triggers, enough of them for each process to get some. */
const TRIGGERS = Array.from({ length: 20 }, (_, number) => `/webhook/trigger-${number}/events`);

describe.each(GATE_PROGRAMS)('The gate of deploy/, %s', (program) => {
	const testWithProgram = runtime[program] ? test : test.skip;
	let main: Process;
	let receivers: [Process, Process];
	let gate: Gate | undefined;

	beforeEach(async () => {
		main = await new Process().start();
		receivers = [await new Process().start(), await new Process().start()];
	});

	afterEach(async () => {
		await gate?.stop();
		gate = undefined;
		await Promise.all([main, ...receivers].map(async (process) => await process.stop()));
	});

	async function start(options: Pick<GateOptions, 'composeFile' | 'https'>): Promise<string> {
		const [first, second] = receivers;
		const processes = { n8n: main, 'webhook-1': first, 'webhook-2': second };
		gate = await Gate.start({ program, processes, ...options });
		if (options.composeFile === 'compose.queue.yaml') {
			// Caddy finds out within a second who is there.
			for (const path of TRIGGERS) await untilAnswered(gate.url + path);
			for (const { received } of receivers) received.length = 0;
		}
		return gate.url;
	}

	/** Which of the webhook processes got a post to this path, by their numbers. */
	function receiversOf(path: string): number[] {
		return receivers.flatMap(({ received }, number) =>
			received.filter(({ url }) => url === path).map(() => number),
		);
	}

	testWithProgram('lets through what is sent to an n8n that is ready, as it is', async () => {
		const url = await start({ composeFile: 'compose.yaml' });
		const body = Buffer.from('[{ "event":  "open" }]\r\n');
		await expect(post(`${url}${TRIGGERS[0]}`, body)).resolves.toMatchObject({ status: 200 });
		const sha256 = createHash('sha256').update(body).digest('hex');
		expect(main.received).toMatchObject([{ url: TRIGGERS[0], sha256 }]);
	});

	testWithProgram('lets nothing through to an n8n that is not ready', async () => {
		const url = await start({ composeFile: 'compose.yaml' });
		main.isReady = false;
		for (const path of ['/webhook/a/events', '/webhook-test/a/events', '/', '/rest/login']) {
			await expect(post(`${url}${path}`)).resolves.toMatchObject({ status: 503 });
		}
		expect(main.received).toEqual([]);
		main.isReady = true;
		await expect(post(`${url}/webhook/a/events`)).resolves.toMatchObject({ status: 200 });
	});

	testWithProgram('answers with an error while n8n is gone', async () => {
		const url = await start({ composeFile: 'compose.yaml' });
		const { port } = main;
		await main.stop();
		const { status } = await post(`${url}/webhook/a/events`);
		expect([502, 503]).toContain(status);
		main = await new Process().start(port);
		await expect(post(`${url}/webhook/a/events`)).resolves.toMatchObject({ status: 200 });
	});

	testWithProgram('takes bodies of 16 MB and refuses larger ones', async () => {
		const url = await start({ composeFile: 'compose.queue.yaml' });
		const path = '/webhook/a/events';
		await expect(post(url + path, Buffer.alloc(16 * MEBIBYTE))).resolves.toMatchObject({
			status: 200,
		});
		const { status } = await post(url + path, Buffer.alloc(16 * MEBIBYTE + 1));
		// Caddy before 2.7 calls it 502.
		expect([413, 502]).toContain(status);
		expect(receiversOf(path)).toHaveLength(1);
	});

	testWithProgram('has https, and says to n8n that it is', async () => {
		const url = await start({ composeFile: 'compose.yaml', https: true });
		const ca = await gate!.certificate();
		const answer = await send(`${url}/`, { ca });
		expect(answer.status).toBe(200);
		expect(main.received[0]!.headers).toMatchObject({
			host: new URL(url).host,
			'x-forwarded-proto': 'https',
		});
		const plain = await send(`${gate!.plainUrl}/webhook/a/events`, { method: 'POST' });
		expect(plain.status).toBe(308);
		expect(plain.headers.location).toMatch(/^https:/);
		expect(main.received).toHaveLength(1);
	});

	testWithProgram.each(['compose.yaml', 'compose.queue.yaml'] as const)(
		"passes the editor's websocket on, %s",
		async (composeFile) => {
			const url = await start({ composeFile });
			const headers = {
				connection: 'Upgrade',
				upgrade: 'websocket',
				'sec-websocket-version': '13',
				'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
			};
			const { status } = await send(`${url}/rest/push?pushRef=1`, { headers });
			expect(status).toBe(101);
		},
	);

	testWithProgram('sends the posts of one trigger to one webhook process', async () => {
		const url = await start({ composeFile: 'compose.queue.yaml' });
		for (let round = 0; round < 3; round++) {
			await Promise.all(TRIGGERS.map(async (path) => await post(url + path)));
		}
		for (const path of TRIGGERS) expect(new Set(receiversOf(path)).size).toBe(1);
		// Both have work, and the main process has none of it.
		for (const { received } of receivers) expect(received.length).toBeGreaterThan(6);
		expect(main.received).toEqual([]);
	});

	testWithProgram('sends the editor and tests to the main process', async () => {
		const url = await start({ composeFile: 'compose.queue.yaml' });
		const paths = ['/', '/rest/login', '/webhook-test/a/events'];
		for (const path of paths) await post(url + path);
		expect(main.received.map((request) => request.url)).toEqual(paths);
	});

	testWithProgram('goes to the other process while one is not ready, and back', async () => {
		const url = await start({ composeFile: 'compose.queue.yaml' });
		const path = TRIGGERS[0]!;
		await post(url + path);
		const [home] = receiversOf(path) as [number];
		receivers[home]!.isReady = false;
		const statuses = await untilAnswered(url + path);
		expect(statuses.slice(0, -1).filter((status) => status < 500)).toEqual([]);
		expect(receiversOf(path)).toEqual([0, 1]);
		receivers[home]!.isReady = true;
		const isBack = () => receiversOf(path).filter((number) => number === home).length > 1;
		for (let tries = 0; !isBack(); tries++) {
			if (tries > 500) throw new Error('No post came back to the process that is ready again');
			await sleep(20);
			await post(url + path);
		}
	});

	testWithProgram("hands n8n's own 503 back instead of asking another process", async () => {
		const url = await start({ composeFile: 'compose.queue.yaml' });
		for (const process of receivers) process.status = 503;
		await expect(post(url + TRIGGERS[0])).resolves.toMatchObject({
			status: 503,
			body: 'status 503',
		});
		expect(receiversOf(TRIGGERS[0]!)).toHaveLength(1);
	});

	testWithProgram('says 503 when no webhook process is ready', async () => {
		const url = await start({ composeFile: 'compose.queue.yaml' });
		for (const process of receivers) process.isReady = false;
		for (const path of TRIGGERS) {
			await expect(post(url + path)).resolves.toMatchObject({ status: 503 });
		}
		expect(receivers.flatMap(({ received }) => received)).toEqual([]);
	});
});

/** Posts again and again, as SendGrid does, until the answer is 2xx. @returns all answers */
async function untilAnswered(url: string): Promise<number[]> {
	const statuses: number[] = [];
	do {
		if (statuses.length > 0) await sleep(20);
		if (statuses.length > 500) throw new Error(`Only refusals: ${statuses.join()}`);
		statuses.push((await post(url)).status);
	} while (statuses.at(-1)! >= 300);
	return statuses;
}
