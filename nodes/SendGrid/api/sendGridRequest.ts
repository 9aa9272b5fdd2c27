import {
	NodeApiError,
	NodeOperationError,
	sleep,
	type IDataObject,
	type IExecuteFunctions,
	type IHookFunctions,
	type IHttpRequestMethods,
	type ILoadOptionsFunctions,
	type IN8nHttpFullResponse,
	type IWebhookFunctions,
} from 'n8n-workflow';
import { apiError } from './apiError';
import { resolveBaseUrl, type SendGridCredentials } from './baseUrl';
import { describeError, parseErrorDetails, type SendGridError } from './errorTexts';
import type { NetworkFailure } from './networkFailures';
import { DEFAULT_PATIENCE, nextAttempt } from './retry';

export { errorStatus, mayHaveActed, sendGridErrors } from './apiError';

/** The n8n contexts that can make an authenticated call. */
export type SendGridApiContext =
	IExecuteFunctions | ILoadOptionsFunctions | IHookFunctions | IWebhookFunctions;

export interface SendGridRequest {
	method: IHttpRequestMethods;
	/** Starts with `/v3/`; variable parts are already encoded. */
	path: string;
	/** Arrays repeat the parameter: `{ a: [1, 2] }` is `a=1&a=2`. */
	query?: IDataObject;
	/** Sent as JSON. */
	body?: object;
	headers?: IDataObject;
	/**
	 * Whether the call may be made again when nobody can tell if SendGrid acted on it: after a 5xx,
	 * a time-out or a broken connection. By default yes, except for POST.
	 */
	repeatAfterServerError?: boolean;
	/** Milliseconds without an answer, for one attempt. */
	timeout?: number;
	/** Milliseconds to spend waiting between attempts, in all: less where someone waits. */
	patience?: number;
	/** Told when SendGrid's rate limit is reached, and for how many milliseconds it is waited for. */
	onRateLimit?(wait: number): void;
}

export interface SendGridResponse<T> {
	statusCode: number;
	/** Names in lower case. */
	headers: Record<string, string>;
	/** The parsed JSON, or `""` if SendGrid answered with an empty body. */
	body: T;
}

/** Time as the retry policy sees it; tests pass their own. */
export interface Clock {
	/** Unix milliseconds. */
	now(): number;
	sleep(milliseconds: number): Promise<void>;
}

/** The type of the credential with which all calls are made. */
export const CREDENTIAL = 'sendGridEventsApi';
const DEFAULT_TIMEOUT = 60_000;
const systemClock: Clock = { now: Date.now, sleep };

/**
 * Makes one call to SendGrid's API with the node's credential, through n8n's own HTTP helper, so
 * that n8n's proxy, domain and SSRF rules hold. Waits and tries again where that is safe.
 *
 * @throws NodeApiError whose message and description are meant for the user; `errorStatus` and
 * `sendGridErrors` read it
 * @throws NodeOperationError if the credential's base URL is not valid
 */
export async function sendGridRequest<T = IDataObject>(
	context: SendGridApiContext,
	request: SendGridRequest,
	clock: Clock = systemClock,
): Promise<SendGridResponse<T>> {
	const credentials = await credentialsOf(context);
	const baseUrl = baseUrlOf(context, credentials);
	const { method, path } = request;
	if (path === MAIL_SEND) refuseSubuser(context, credentials);
	const { repeatAfterServerError = method !== 'POST', patience = DEFAULT_PATIENCE } = request;
	const limits = { repeatAfterServerError, patience };

	const failureOf = (result: SendGridResponse<unknown> | NetworkFailure): NodeApiError => {
		const failure = toSendGridError(request, baseUrl, credentials, result, clock.now());
		return apiError(context.getNode(), { ...failure, ...describeError(failure) });
	};
	const stopped = cancelSignalOf(context);

	for (let attempts = 1, waited = 0; ; attempts++) {
		const result = await attempt(context, baseUrl, request);
		if ('statusCode' in result && isSuccess(result)) return result as SendGridResponse<T>;

		const wait = nextAttempt(result, { attempts, waited }, limits, clock.now());
		if (wait === undefined || stopped?.aborted) throw failureOf(result);
		const reason = 'statusCode' in result ? `status ${result.statusCode}` : result.code;
		context.logger.warn(
			`SendGrid: ${method} ${path} failed (${reason}), trying again in ${Math.ceil(wait / 1000)} s`,
		);
		if ('statusCode' in result && result.statusCode === 429) request.onRateLimit?.(wait);
		await Promise.race([clock.sleep(wait), aborted(stopped)]);
		if (stopped?.aborted) throw failureOf(result);
		waited += wait;
	}
}

const knownCredentials = new WeakMap<SendGridApiContext, Promise<SendGridCredentials>>();

/**
 * The credential of a context, read once: each time, n8n looks it up in its database and decrypts it,
 * and for the call itself it does so anyway.
 */
async function credentialsOf(context: SendGridApiContext): Promise<SendGridCredentials> {
	const known = knownCredentials.get(context);
	if (known !== undefined) return await known;
	const reading = context.getCredentials<SendGridCredentials>(CREDENTIAL);
	knownCredentials.set(context, reading);
	reading.catch(() => knownCredentials.delete(context));
	return await reading;
}

/** The origin, and path if any, that the context's calls go to. See `resolveBaseUrl`. */
export async function baseUrlOfCalls(context: SendGridApiContext): Promise<string> {
	return baseUrlOf(context, await credentialsOf(context));
}

/** Says when the user stops the execution; only executions have one. */
export function cancelSignalOf(context: SendGridApiContext): AbortSignal | undefined {
	return 'getExecutionCancelSignal' in context ? context.getExecutionCancelSignal() : undefined;
}

/** Resolves when the user stops the execution. */
export async function aborted(signal: AbortSignal | undefined): Promise<void> {
	if (signal?.aborted) return;
	await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
}

/** SendGrid answers with JSON or nothing; text is the page of something else at a mistyped URL. */
function isSuccess({ statusCode, body }: SendGridResponse<unknown>): boolean {
	return statusCode >= 200 && statusCode < 300 && (typeof body !== 'string' || body === '');
}

const MAIL_SEND = '/v3/mail/send';

/**
 * SendGrid takes no subuser for mail: it would silently send from the account of the key.
 *
 * @see https://www.twilio.com/docs/sendgrid/ui/account-and-settings/subusers
 */
function refuseSubuser(
	context: SendGridApiContext,
	{ onBehalfOf = '' }: SendGridCredentials,
): void {
	if (onBehalfOf.trim() === '') return;
	throw new NodeOperationError(
		context.getNode(),
		`Use an API key of the subuser "${onBehalfOf.trim()}" itself to send mail. SendGrid would send it from the parent account`,
		{
			description:
				'In SendGrid, switch to the subuser, open Settings > API Keys, create a key, and make a SendGrid Events API credential with it that leaves On Behalf Of empty.',
		},
	);
}

function baseUrlOf(context: SendGridApiContext, credentials: SendGridCredentials): string {
	try {
		return resolveBaseUrl(credentials);
	} catch (error) {
		throw new NodeOperationError(context.getNode(), error as Error);
	}
}

async function attempt(
	context: SendGridApiContext,
	baseUrl: string,
	{ method, path, query, body, headers, timeout = DEFAULT_TIMEOUT }: SendGridRequest,
): Promise<SendGridResponse<unknown> | NetworkFailure> {
	try {
		const response = (await context.helpers.httpRequestWithAuthentication.call(
			context,
			CREDENTIAL,
			{
				method,
				url: `${baseUrl}${path}`,
				qs: query,
				arrayFormat: 'repeat',
				body: body as IDataObject | undefined,
				headers: { ...headers },
				json: true,
				timeout,
				returnFullResponse: true,
				// n8n's own error for a status hides SendGrid's words; ours is built from the answer.
				ignoreHttpStatusErrors: true,
				// SendGrid never redirects, and n8n would send the API key along to any host.
				disableFollowRedirect: true,
			},
		)) as IN8nHttpFullResponse;
		return {
			statusCode: response.statusCode,
			headers: response.headers as Record<string, string>,
			body: response.body,
		};
	} catch (error) {
		return networkFailure(error);
	}
}

/**
 * n8n puts Node's error code where a status would be; the error itself is lost in n8n 1.x. In place
 * of Node's message stands advice of n8n's, such as to turn on "Retry On Fail", which would send a
 * mail again that may have gone; Node's own is the first of `messages`.
 */
function networkFailure(error: unknown): NetworkFailure {
	if (!(error instanceof NodeApiError)) return { reason: (error as Error).message };
	const { httpCode, messages, message } = error;
	const code = httpCode !== null && /^[A-Z]/.test(httpCode) ? httpCode : undefined;
	return { code, reason: messages[0] ?? message };
}

function toSendGridError(
	{ method, path }: SendGridRequest,
	baseUrl: string,
	{ apiKey, onBehalfOf }: SendGridCredentials,
	result: SendGridResponse<unknown> | NetworkFailure,
	now: number,
): SendGridError {
	const error: SendGridError = { method, path, baseUrl, onBehalfOf, details: [] };
	if ('statusCode' in result) {
		error.status = result.statusCode;
		error.details = parseErrorDetails(result.body);
		error.rateLimitReset = futureMoment(result.headers['x-ratelimit-reset'], now);
	} else {
		error.code = result.code;
		error.reason = result.reason;
	}
	return withoutSecret(error, apiKey.trim());
}

/** ISO 8601 for Unix seconds, unless they are past or no moment at all, such as 0. */
function futureMoment(unixSeconds: string | undefined, now: number): string | undefined {
	const moment = new Date(Number(unixSeconds) * 1000);
	return moment.getTime() > now ? moment.toISOString() : undefined;
}

/** What SendGrid's API keys look like: the user may have put a new one in during the run. */
const ANY_API_KEY = /\bSG\.[\w-]{16,}\.[\w-]{16,}/g;

/** Blots API keys out of all texts, should SendGrid or the HTTP client have repeated one. */
function withoutSecret(error: SendGridError, apiKey: string): SendGridError {
	const blot = (text: string) => {
		const rest = apiKey === '' ? text : text.replaceAll(apiKey, '[API key]');
		return rest.replace(ANY_API_KEY, '[API key]');
	};
	return JSON.parse(JSON.stringify(error), (_, value: unknown) =>
		typeof value === 'string' ? blot(value) : value,
	) as SendGridError;
}
