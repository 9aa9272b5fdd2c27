import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from './account';
import { ApiError, commonError, commonErrorBody } from './apiError';
import type { Fault, Faults } from './faults';
import type { RecordedRequest } from './request';
import { Router } from './router';
import type { Reply, Route, Services } from './router';

/** A key that is accepted. */
export interface ApiKey {
	key: string;
	/** What the key may do; everything if left out. */
	scopes?: readonly string[];
}

/** How many requests are answered in a window of time. */
export interface RateLimit {
	limit: number;
	windowSeconds: number;
}

interface ServerSettings {
	routes: readonly Route[];
	services: Services;
	faults: Faults;
	/** Every request is added here on arrival. */
	requests: RecordedRequest[];
	apiKeys: readonly ApiKey[];
	accountFor: (name: string) => Account;
	now: () => number;
	latencyMs: number;
	rateLimit: RateLimit | undefined;
}

/** Validating addresses takes a key of its own kind: even one with full access may not. */
const NEVER_IN_FULL_ACCESS = /^validations\./;

/** A body this large is not read any further: no route takes it. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** The HTTP side: reads requests, applies faults, limits and keys, and writes the routes' answers. */
export class ApiServer {
	private readonly server: Server;
	private readonly router: Router;
	private readonly allScopes: readonly string[];
	private readonly serving = new Set<Promise<unknown>>();
	private underWay = 0;
	private window = { start: 0, count: 0 };

	constructor(private readonly settings: ServerSettings) {
		this.router = new Router(settings.routes);
		const scopes = settings.routes.flatMap((route) => route.scopes);
		this.allScopes = [...new Set(scopes)]
			.filter((scope) => !NEVER_IN_FULL_ACCESS.test(scope))
			.sort();
		this.server = createServer((request, response) => {
			const served = this.serve(request, response)
				.catch((error: Error) => response.destroy(error))
				.finally(() => this.serving.delete(served));
			this.serving.add(served);
		});
	}

	async listen(port: number, host: string): Promise<AddressInfo> {
		await new Promise<void>((resolve, reject) => {
			this.server.once('error', reject);
			this.server.listen(port, host, resolve);
		});
		return this.server.address() as AddressInfo;
	}

	async close(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
		this.server.closeAllConnections();
		await closed;
	}

	/** Resolves when every request that arrived was answered, hanging ones aside. */
	async idle(): Promise<void> {
		while (this.serving.size > 0) await Promise.all(this.serving);
	}

	private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
		this.underWay += 1;
		const closed = new Promise<void>((resolve) => response.once('close', resolve));
		void closed.then(() => (this.underWay -= 1));
		const request = await this.record(incoming);
		const fault = this.settings.faults.take(request) ?? {};
		let reply = fault.afterWork ? this.answer(request) : undefined;
		await delay(this.settings.latencyMs + (fault.delayMs ?? 0));
		if (fault.connection === 'hang') return;
		if (fault.connection === 'break') {
			incoming.socket.destroy();
		} else if (!response.destroyed) {
			if (fault.status === undefined) reply ??= this.answer(request);
			this.send(request, response, this.replyOfFault(fault, request) ?? reply!);
		}
		await closed;
		reply?.afterwards?.();
	}

	private async record(incoming: IncomingMessage): Promise<RecordedRequest> {
		const url = new URL(incoming.url ?? '/', 'http://localhost');
		const request: RecordedRequest = {
			method: incoming.method ?? 'GET',
			path: url.pathname,
			query: url.searchParams,
			headers: incoming.headers,
			body: undefined,
			bytes: 0,
			concurrent: this.underWay,
		};
		this.settings.requests.push(request);
		const chunks: Buffer[] = [];
		for await (const chunk of incoming as AsyncIterable<Buffer>) {
			request.bytes += chunk.length;
			if (request.bytes <= MAX_BODY_BYTES) chunks.push(chunk);
		}
		if (request.bytes > 0) request.body = parse(Buffer.concat(chunks).toString());
		return request;
	}

	private answer(request: RecordedRequest): Reply {
		const limits = this.countRequest();
		try {
			if (limits.exceeded) throw commonError(429);
			const reply = this.callRoute(request);
			return { ...reply, headers: { ...limits.headers, ...reply.headers } };
		} catch (error) {
			const { status, errors, headers } = error instanceof ApiError ? error : ownFailure(error);
			return { status, body: { errors }, headers: { ...limits.headers, ...headers } };
		}
	}

	private callRoute(request: RecordedRequest): Reply {
		const { route, params } = this.router.find(request.method, request.path);
		const scopes = route.open ? [] : this.scopesOf(request);
		if (route.scopes.length > 0 && !route.scopes.some((scope) => scopes.includes(scope))) {
			throw commonError(403);
		}
		const account = this.settings.accountFor(subuserOf(request));
		const body = isObject(request.body) ? request.body : {};
		return route.handle({
			request,
			params,
			body,
			account,
			scopes,
			services: this.settings.services,
		});
	}

	/** @throws ApiError 401 for a missing or unknown key */
	private scopesOf({ headers }: RecordedRequest): readonly string[] {
		const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
		const known = this.settings.apiKeys.find(({ key }) => key === token);
		if (!known) throw commonError(401);
		return known.scopes ?? this.allScopes;
	}

	/** SendGrid counts by windows of time and says when the next one begins. */
	private countRequest(): { exceeded: boolean; headers: Record<string, string> } {
		const { rateLimit } = this.settings;
		if (!rateLimit) return { exceeded: false, headers: {} };
		const { limit, windowSeconds } = rateLimit;
		const seconds = Math.floor(this.settings.now() / 1000);
		if (seconds >= this.window.start + windowSeconds) this.window = { start: seconds, count: 0 };
		this.window.count += 1;
		return {
			exceeded: this.window.count > limit,
			headers: {
				'X-RateLimit-Limit': String(limit),
				'X-RateLimit-Remaining': String(Math.max(0, limit - this.window.count)),
				'X-RateLimit-Reset': String(this.window.start + windowSeconds),
			},
		};
	}

	private replyOfFault(
		{ status, body, headers }: Fault,
		request: RecordedRequest,
	): Reply | undefined {
		if (status === undefined) return undefined;
		const given: unknown = typeof body === 'function' ? body(request) : body;
		const reset = String(Math.ceil(this.settings.now() / 1000) + 1);
		const limits = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': reset };
		return {
			status,
			body: given ?? (status >= 400 ? commonErrorBody(status) : undefined),
			headers: { ...(status === 429 && limits), ...headers },
		};
	}

	private send(request: RecordedRequest, response: ServerResponse, reply: Reply): void {
		request.status = reply.status;
		const { body } = reply;
		const content =
			typeof body === 'string' || Buffer.isBuffer(body)
				? body
				: body === undefined
					? ''
					: JSON.stringify(body);
		response.writeHead(reply.status, {
			...(content.length > 0 && { 'Content-Type': 'application/json' }),
			...reply.headers,
		});
		response.end(content);
	}
}

/** A mistake of the stand-in itself: said aloud, so that nobody looks for it elsewhere. */
function ownFailure(error: unknown): ApiError {
	return new ApiError(500, `The SendGrid stand-in failed: ${String(error)}`);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function subuserOf({ headers }: RecordedRequest): string {
	return String(headers['on-behalf-of'] ?? '').trim();
}
