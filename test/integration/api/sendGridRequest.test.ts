import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { INodeType, Logger, NodeApiError } from 'n8n-workflow';
import { listItems, byOffset } from '../../../nodes/SendGrid/api/paging';
import {
	errorStatus,
	mayHaveActed,
	sendGridErrors,
	sendGridRequest,
	type Clock,
	type SendGridApiContext,
	type SendGridRequest,
} from '../../../nodes/SendGrid/api/sendGridRequest';
import { DEFAULT_API_KEY, SendGridEmulator, type Fault } from '../../../emulator';
import { until } from '../../support/until';
import { TestWorkflow } from '../support/n8nContexts';
import { SELF_SIGNED } from '../support/selfSigned';

/** A node that has our credential and nothing else. */
const nodeType = {
	description: {
		displayName: 'Caller',
		name: 'caller',
		group: ['trigger'],
		version: 1,
		description: '',
		defaults: { name: 'Caller' },
		inputs: [],
		outputs: ['main'],
		credentials: [{ name: 'sendGridEventsApi', required: true }],
		webhooks: [{ name: 'default', httpMethod: 'POST', path: 'events' }],
		properties: [],
	},
} as unknown as INodeType;

const LIST: SendGridRequest = { method: 'GET', path: '/v3/user/webhooks/event/settings/all' };
const SEND: SendGridRequest = {
	method: 'POST',
	path: '/v3/mail/send',
	body: {
		personalizations: [{ to: [{ email: 'ann@example.com' }] }],
		from: { email: 'news@example.com' },
		subject: 'Hello',
		content: [{ type: 'text/plain', value: 'Hello' }],
	},
};

let sendGrid: SendGridEmulator;

beforeEach(async () => {
	sendGrid = await SendGridEmulator.start();
});

afterEach(async () => {
	await sendGrid.stop();
});

const credentials = (more: object = {}) => ({
	apiKey: DEFAULT_API_KEY,
	region: 'custom',
	baseUrl: sendGrid.url,
	onBehalfOf: '',
	...more,
});

const workflow = (more: object = {}) =>
	new TestWorkflow({ nodeType, credentials: credentials(more) });

/** Contexts other than `execute()` have no type guard: n8n-core's classes implement the interfaces. */
const context = (more: object = {}) =>
	workflow(more).hookContext() as unknown as SendGridApiContext;

/** Time that passes only by sleeping. */
function testClock(start = Date.now()): Clock & { slept: number[] } {
	const slept: number[] = [];
	let now = start;
	return {
		slept,
		now: () => now,
		sleep: async (milliseconds) => {
			slept.push(milliseconds);
			now += milliseconds;
		},
	};
}

async function failureOf(request: Promise<unknown>): Promise<NodeApiError> {
	return await request.then(
		() => {
			throw new Error('The call did not fail');
		},
		(error: NodeApiError) => error,
	);
}

describe('a call', () => {
	it.each<[string, (test: TestWorkflow) => unknown]>([
		['execute', (test) => test.executeContext()],
		['hook', (test) => test.hookContext()],
		['load options', (test) => test.loadOptionsContext()],
		['webhook', (test) => test.webhookContext({} as never, {} as never)],
	])('works in the %s context of n8n', async (_name, contextOf) => {
		const response = await sendGridRequest(contextOf(workflow()) as SendGridApiContext, LIST);
		expect(response.statusCode).toBe(200);
		expect(response.body).toEqual({ max_allowed: 5, webhooks: [{}] });
		expect(sendGrid.requests[0]?.headers.authorization).toBe(`Bearer ${DEFAULT_API_KEY}`);
	});

	it('gives the headers of the answer in lower case, and an empty body as ""', async () => {
		const response = await sendGridRequest(context(), SEND);
		expect(response.statusCode).toBe(202);
		expect(response.headers['x-message-id']).toMatch(/.+/);
		expect(response.body).toBe('');
	});

	it('repeats a parameter for each value of a list', async () => {
		await sendGridRequest(context(), { ...LIST, query: { a: [1, 2], b: 'x y', c: undefined } });
		expect(sendGrid.requests[0]?.query.toString()).toBe('a=1&a=2&b=x+y');
	});

	it('is made on behalf of the subuser', async () => {
		await sendGridRequest(context({ onBehalfOf: 'acme' }), LIST);
		expect(sendGrid.requests[0]?.headers['on-behalf-of']).toBe('acme');
	});

	it('does not send mail for a subuser: SendGrid would send it from the parent account', async () => {
		const error = await failureOf(sendGridRequest(context({ onBehalfOf: 'acme' }), SEND));
		expect(error.message).toMatch(/^Use an API key of the subuser "acme" itself/);
		expect(sendGrid.requests).toEqual([]);
	});

	it('costs no look-up of the credential besides the one that n8n makes for it', async () => {
		const contextOfRun = context();
		const lookUp = jest.spyOn(contextOfRun, 'getCredentials');
		for (let call = 0; call < 5; call++) await sendGridRequest(contextOfRun, LIST);
		expect(lookUp).toHaveBeenCalledTimes(6);
	});

	it('needs a valid base URL', async () => {
		const error = await failureOf(sendGridRequest(context({ baseUrl: 'sendgrid' }), LIST));
		expect(error.name).toBe('NodeOperationError');
		expect(error.message).toContain('The base URL "sendgrid" is not valid');
	});
});

describe('an error', () => {
	it("has the status, SendGrid's words and fields, and what to do", async () => {
		const body = { ...SEND.body, from: { email: 'nobody' } };
		const error = await failureOf(sendGridRequest(context(), { ...SEND, body }));
		expect(error.name).toBe('NodeApiError');
		expect(errorStatus(error)).toBe(400);
		expect(sendGridErrors(error)[0]).toMatchObject({ field: 'from.email' });
		expect(error.message).toContain(sendGridErrors(error)[0]?.message);
		expect(error.message).toContain('(field from.email)');
		expect(error.description).toContain('POST /v3/mail/send was answered with status 400');
	});

	it.each([401, 403, 404, 413])(
		'keeps its own words for %i against those of n8n',
		async (status) => {
			sendGrid.failNext(/./, { status });
			const error = await failureOf(sendGridRequest(context(), LIST));
			expect(errorStatus(error)).toBe(status);
			expect(error.message).not.toMatch(/perhaps check your credentials|please check/);
			expect(error.message).toMatch(/SendGrid/);
			expect(sendGrid.requests).toHaveLength(1);
		},
	);

	it('never holds the API key, even if SendGrid repeats it', async () => {
		sendGrid.failNext(/./, {
			status: 401,
			body: { errors: [{ message: `Unknown key ${DEFAULT_API_KEY}!`, field: DEFAULT_API_KEY }] },
		});
		const error = await failureOf(
			sendGridRequest(context({ apiKey: ` ${DEFAULT_API_KEY} ` }), LIST),
		);
		expect(error.description).toContain('Unknown key [API key]!');
		// What n8n stores of a failed execution, and everything else on the object.
		expect(JSON.stringify(error)).not.toContain(DEFAULT_API_KEY);
		expect(everythingIn(error)).not.toContain(DEFAULT_API_KEY);
	});

	it('holds no key that was put into the credential during the run either', async () => {
		const other = `SG.${'k'.repeat(22)}.${'s'.repeat(43)}`;
		const body = { errors: [{ message: `Unknown key ${other}!` }] };
		sendGrid.failNext(/./, { status: 401, body });
		const error = await failureOf(sendGridRequest(context(), LIST));
		expect(error.description).toContain('Unknown key [API key]!');
		expect(everythingIn(error)).not.toContain(other);
	});

	it('of the network holds neither the API key nor the request', async () => {
		sendGrid.failNext(/./, { connection: 'break' });
		const error = await failureOf(sendGridRequest(context(), SEND));
		expect(errorStatus(error)).toBeUndefined();
		expect(sendGridErrors(error)).toEqual([]);
		expect(everythingIn(error)).not.toContain(DEFAULT_API_KEY);
		expect(error.cause).toBeUndefined();
	});

	it('says of a time-out of a mail that it may have gone', async () => {
		sendGrid.failNext(/./, { connection: 'hang' });
		const error = await failureOf(sendGridRequest(context(), { ...SEND, timeout: 1000 }));
		expect(error.message).toBe(
			`Look in SendGrid under Activity before you send this mail again: ${sendGrid.url} did not answer in time`,
		);
		expect(error.description).toContain('The mail may have been sent all the same');
		expect(everythingIn(error)).not.toMatch(/retry on fail/i);
		expect(sendGrid.requests).toHaveLength(1);
	});

	it('says where nothing answers', async () => {
		const clock = testClock();
		const gone = context();
		await sendGrid.stop();
		const error = await failureOf(sendGridRequest(gone, SEND, clock));
		expect(error.message).toBe(
			`Check the network of this n8n: nothing answers at ${sendGrid.url} (connection refused)`,
		);
		expect(clock.slept).toEqual([500, 1000, 2000]);
	});

	it('is thrown for a redirect, which is not followed', async () => {
		sendGrid.failNext(/./, { status: 302, headers: { Location: `${sendGrid.url}/v3/scopes` } });
		const error = await failureOf(sendGridRequest(context(), LIST));
		expect(error.message).toContain('answered with a redirect');
		expect(sendGrid.requests).toHaveLength(1);
	});
});

it('does not take the page of a web server for an answer of SendGrid', async () => {
	sendGrid.failNext(/./, {
		status: 200,
		body: '<html>Welcome</html>',
		headers: { 'Content-Type': 'text/html' },
	});
	const error = await failureOf(sendGridRequest(context(), LIST));
	expect(error.message).toBe(
		`Check the base URL in the credential: what answers at ${sendGrid.url} is not SendGrid's API`,
	);
});

describe('a connection that never was one', () => {
	let server: Server | undefined;
	afterEach(async () => {
		await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
		server = undefined;
	});

	const failureAt = async (listening: Server, scheme = 'https') => {
		server = listening;
		await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
		const baseUrl = `${scheme}://127.0.0.1:${(listening.address() as AddressInfo).port}`;
		const clock = testClock();
		const error = await failureOf(sendGridRequest(context({ baseUrl }), SEND, clock));
		return { error, tries: clock.slept.length + 1 };
	};

	it('for a certificate that nobody vouches for sent nothing, and is not tried again', async () => {
		const { error, tries } = await failureAt(createSecureServer(SELF_SIGNED));
		expect(error.message).toMatch(/^Check the certificate: no secure connection to https:/);
		expect(error.description).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
		expect(mayHaveActed(error)).toBe(false);
		expect(tries).toBe(1);
	});

	it('for a server without TLS sent nothing, and is not tried again', async () => {
		const { error, tries } = await failureAt(createServer());
		expect(error.message).toMatch(/^Check the certificate: no secure connection to https:/);
		expect(mayHaveActed(error)).toBe(false);
		expect(tries).toBe(1);
	});

	it('for a handshake that broke sent nothing, and is tried again', async () => {
		const hangUp = createServer().on('connection', (socket) => socket.destroy());
		const { error, tries } = await failureAt(hangUp);
		expect(error.description).toContain('ECONNRESET');
		expect(mayHaveActed(error)).toBe(false);
		expect(tries).toBe(4);
	});
});

describe('whether SendGrid may have acted', () => {
	it.each<[boolean, string, Fault]>([
		[true, 'a 500', { status: 500 }],
		[true, 'a broken connection', { connection: 'break' }],
		[false, 'a 400', { status: 400 }],
		[false, 'a 429', { status: 429 }],
	])('is %s after %s', async (expected, _case, fault) => {
		sendGrid.failNext(/./, fault);
		const error = await failureOf(sendGridRequest(context(), { ...SEND, patience: 0 }));
		expect(mayHaveActed(error)).toBe(expected);
	});

	it('is true after a time-out', async () => {
		sendGrid.failNext(/./, { connection: 'hang' });
		const error = await failureOf(sendGridRequest(context(), { ...SEND, timeout: 1000 }));
		expect(mayHaveActed(error)).toBe(true);
	});

	it('is false if nothing was sent', async () => {
		const gone = context();
		await sendGrid.stop();
		const error = await failureOf(sendGridRequest(gone, { ...SEND, patience: 0 }));
		expect(mayHaveActed(error)).toBe(false);
	});

	it('is false of an error that did not come from a call', () => {
		expect(mayHaveActed(new Error('no call'))).toBe(false);
	});
});

describe('a call that fails for a while', () => {
	it('waits for the end of the rate limit, says so in the log, and goes on', async () => {
		const clock = testClock(Date.UTC(2026, 10, 20, 10));
		const reset = String(clock.now() / 1000 + 12);
		sendGrid.failNext(/./, { status: 429, headers: { 'X-RateLimit-Reset': reset } });
		const logged: string[] = [];
		const caller = context();
		const logger = { warn: (message: string) => logged.push(message) } as unknown as Logger;
		Object.defineProperty(caller, 'logger', { value: logger });

		const { statusCode } = await sendGridRequest(caller, SEND, clock);

		expect(statusCode).toBe(202);
		expect(clock.slept).toEqual([12_000]);
		expect(logged).toEqual([
			'SendGrid: POST /v3/mail/send failed (status 429), trying again in 12 s',
		]);
		expect(sendGrid.requests).toHaveLength(2);
	});

	it('gives up when the rate limit outlasts its patience, and says until when it lasts', async () => {
		const clock = testClock(Date.UTC(2026, 10, 20, 10));
		const reset = String(clock.now() / 1000 + 12);
		sendGrid.failNext(/./, { status: 429, headers: { 'X-RateLimit-Reset': reset } });
		const error = await failureOf(sendGridRequest(context(), { ...LIST, patience: 10_000 }, clock));
		expect(error.message).toBe(
			"Try again later: SendGrid's rate limit is used up until 2026-11-20T10:00:12.000Z",
		);
		expect(clock.slept).toEqual([]);
	});

	it.each(['0', '-1', '12', 'soon'])(
		'says nothing of a moment where SendGrid gave none that lies ahead: %s',
		async (reset) => {
			sendGrid.failNext(/./, { status: 429, headers: { 'X-RateLimit-Reset': reset } });
			const error = await failureOf(sendGridRequest(context(), { ...LIST, patience: 0 }));
			expect(error.message).toBe("Try again later: SendGrid's rate limit is used up");
		},
	);

	it('ends its wait when the execution is stopped, and calls no more', async () => {
		const stop = new AbortController();
		const caller = workflow().executeContext([{ json: {} }], 'trigger', undefined, 0, stop.signal);
		const clock = {
			now: Date.now,
			sleep: async () => {
				stop.abort();
				await new Promise(() => {});
			},
		};
		sendGrid.failNext(/./, { status: 429 });
		const error = await failureOf(sendGridRequest(caller as never, SEND, clock));
		expect(errorStatus(error)).toBe(429);
		expect(sendGrid.requests).toHaveLength(1);
	});

	it('is not begun again after the execution was stopped in the middle of it', async () => {
		const stop = new AbortController();
		const caller = workflow().executeContext([{ json: {} }], 'trigger', undefined, 0, stop.signal);
		sendGrid.failNext(/./, { connection: 'hang' });
		const call = sendGridRequest(caller as never, LIST);
		const stopWhenAsked = async () => {
			await until(() => sendGrid.requests.length > 0);
			stop.abort();
		};
		const [error] = await Promise.all([failureOf(call), stopWhenAsked()]);
		expect(error.message).toBe(
			'See in SendGrid whether the call was done: the execution was stopped before SendGrid answered',
		);
		expect(mayHaveActed(error)).toBe(true);
		expect(sendGrid.requests).toHaveLength(1);
	});

	it('adds up what it has waited', async () => {
		const clock = testClock(Date.UTC(2026, 10, 20, 10));
		const reset = String(clock.now() / 1000 + 6);
		sendGrid.failNext(/./, { status: 429, headers: { 'X-RateLimit-Reset': reset } }, 3);
		await failureOf(sendGridRequest(context(), { ...LIST, patience: 7500 }, clock));
		expect(clock.slept).toEqual([6000, 1000]);
	});

	it('is repeated after failures of the server', async () => {
		const clock = testClock();
		sendGrid.failNext(/./, { status: 503 });
		sendGrid.failNext(/./, { connection: 'break' });
		expect((await sendGridRequest(context(), LIST, clock)).statusCode).toBe(200);
		expect(clock.slept).toEqual([500, 1000]);
	});

	it.each([{ status: 500 }, { connection: 'break' as const }])(
		'is not repeated blindly after %j if it sends mail',
		async (fault) => {
			sendGrid.failNext(/./, fault);
			const error = await failureOf(sendGridRequest(context(), SEND, testClock()));
			expect(error.description).toContain('The mail may have been sent all the same');
			expect(sendGrid.requests).toHaveLength(1);
		},
	);

	it('is repeated if the caller knows that it does no harm', async () => {
		sendGrid.failNext(/./, { status: 500 });
		const request = { ...SEND, repeatAfterServerError: true };
		expect((await sendGridRequest(context(), request, testClock())).statusCode).toBe(202);
	});
});

describe('a list that comes in pages', () => {
	let server: Server;
	let asked: string[];

	beforeEach(async () => {
		asked = [];
		const numbers = Array.from({ length: 7 }, (_, index) => index);
		const handle: RequestListener = (request, response) => {
			asked.push(request.url as string);
			const { searchParams } = new URL(request.url as string, 'http://localhost');
			const offset = Number(searchParams.get('offset'));
			const page = numbers.slice(offset, offset + Number(searchParams.get('limit')));
			response.setHeader('Content-Type', 'application/json').end(JSON.stringify(page));
		};
		server = createServer(handle);
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	});

	afterEach(async () => {
		await new Promise((resolve) => server.close(resolve));
	});

	const numbers = async (limit?: number) => {
		const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const list = listItems<number>(
			context({ baseUrl }),
			{
				path: '/v3/suppression/bounces',
				query: { limit: 3, email: 'ann' },
				items: (body) => body as number[],
				paging: byOffset,
			},
			limit,
		);
		const collected: number[] = [];
		for await (const item of list) collected.push(item);
		return collected;
	};

	it('is read to its end', async () => {
		expect(await numbers()).toEqual([0, 1, 2, 3, 4, 5, 6]);
		expect(asked).toEqual([
			'/v3/suppression/bounces?limit=3&email=ann',
			'/v3/suppression/bounces?limit=3&email=ann&offset=3',
			'/v3/suppression/bounces?limit=3&email=ann&offset=6',
		]);
	});

	it('is read only as far as it is wanted', async () => {
		expect(await numbers(4)).toEqual([0, 1, 2, 3]);
		expect(asked).toHaveLength(2);
		expect(await numbers(3)).toEqual([0, 1, 2]);
		expect(asked).toHaveLength(3);
	});
});

/** All text anywhere in an error, its hidden members and causes included. */
function everythingIn(value: unknown, seen = new Set<unknown>()): string {
	if (typeof value !== 'object' || value === null) return String(value);
	if (seen.has(value)) return '';
	seen.add(value);
	return Object.getOwnPropertyNames(value)
		.map((name) => everythingIn((value as Record<string, unknown>)[name], seen))
		.join('\n');
}
