import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_API_KEY, SendGridEmulator } from '..';
import type { EmulatorOptions, PostedEvent } from '..';

/** What an API call was answered. */
export interface Answer {
	status: number;
	body: unknown;
	headers: Headers;
}

/** Calls the stand-in as an API client does; `headers` may replace the key. */
export async function call(
	{ url }: SendGridEmulator,
	line: string,
	body?: unknown,
	headers: Record<string, string> = {},
): Promise<Answer> {
	const [method = '', path = ''] = line.split(' ');
	const response = await fetch(url + path, {
		method,
		headers: {
			Authorization: `Bearer ${DEFAULT_API_KEY}`,
			'Content-Type': 'application/json',
			...headers,
		},
		...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
	});
	const text = await response.text();
	return {
		status: response.status,
		body: text === '' ? undefined : JSON.parse(text),
		headers: response.headers,
	};
}

/** One post as a receiver got it. */
export interface ReceivedPost {
	headers: IncomingHttpHeaders;
	rawBody: Buffer;
	events: PostedEvent[];
}

/** A webhook's other end: answers with the given statuses in turn, then with 200. */
export class Receiver {
	readonly posts: ReceivedPost[] = [];
	url = '';
	/** Sent with every answer. */
	answerHeaders: Record<string, string> = {};
	private constructor(
		private readonly server: Server,
		private readonly statuses: number[],
	) {}

	static async start(...statuses: number[]): Promise<Receiver> {
		const server = createServer((request, response) => {
			const chunks: Buffer[] = [];
			request.on('data', (chunk: Buffer) => chunks.push(chunk));
			request.on('end', () => {
				const rawBody = Buffer.concat(chunks);
				const events = JSON.parse(rawBody.toString()) as PostedEvent[];
				receiver.posts.push({ headers: request.headers, rawBody, events });
				response.writeHead(receiver.statuses.shift() ?? 200, receiver.answerHeaders);
				response.end('received');
			});
		});
		const receiver = new Receiver(server, statuses);
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
		return receiver;
	}

	get events(): PostedEvent[] {
		return this.posts.flatMap(({ events }) => events);
	}

	async stop(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
		this.server.closeAllConnections();
		await closed;
	}
}

/** Stops everything that a test started, after the test. */
export function cleanUp() {
	const started: Array<{ stop(): Promise<void> }> = [];
	afterEach(async () => {
		await Promise.all(started.splice(0).map((service) => service.stop()));
	});
	return {
		async sendGrid(options: EmulatorOptions = {}): Promise<SendGridEmulator> {
			const emulator = await SendGridEmulator.start(options);
			started.push(emulator);
			return emulator;
		},
		async receiver(...statuses: number[]): Promise<Receiver> {
			const receiver = await Receiver.start(...statuses);
			started.push(receiver);
			return receiver;
		},
	};
}

/** A mail that SendGrid accepts, with nothing that is not needed. */
export function validMail(changes: Record<string, unknown> = {}): Record<string, unknown> {
	return {
		personalizations: [{ to: [{ email: 'ann@example.com' }] }],
		from: { email: 'sender@example.com' },
		subject: 'Hello',
		content: [{ type: 'text/plain', value: 'Hello Ann' }],
		...changes,
	};
}
