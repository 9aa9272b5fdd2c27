import { failureText, meaningOf } from './networkFailures';
import { neededScope } from './scopes';

/** One entry of `errors` in SendGrid's answer. */
export interface SendGridErrorDetail {
	message: string;
	/** The field of the request that is meant, for example `personalizations.0.to.0.email`. */
	field?: string;
	/** A page of SendGrid's documentation; n8n shows it under the error's details. */
	help?: string;
}

/** A call that did not succeed: what was asked, and either a status or a network failure. */
export interface SendGridError {
	method: string;
	/** Starts with `/v3/`. */
	path: string;
	baseUrl: string;
	/** The HTTP status; absent if there was no answer. */
	status?: number;
	/** Node's error code, for example `ECONNREFUSED`; absent if there was an answer. */
	code?: string;
	/** What Node said, or n8n where it refused the call; absent if there was an answer. */
	reason?: string;
	/** What SendGrid said; empty if there was no answer, or one that is not SendGrid's. */
	details: SendGridErrorDetail[];
	/** The credential's subuser, if it names one. */
	onBehalfOf?: string;
	/** ISO 8601; when SendGrid takes calls again after a 429. */
	rateLimitReset?: string;
}

/**
 * What the user reads. `message` says what to do, then what is wrong and where: n8n's toasts show
 * only its beginning. `description` says how to do it.
 */
export interface ErrorText {
	message: string;
	description: string;
}

const API_KEYS_PAGE = 'In SendGrid, open Settings > API Keys';
const CHECK_BASE_URL = 'Check the base URL in the credential';
const BASE_URL_IS =
	'In the SendGrid Events API credential, the base URL is what stands before /v3, for example https://api.sendgrid.com.';

/** For a mail that SendGrid may have taken although the call failed. */
const LOOK_FIRST = {
	action: 'Look in SendGrid under Activity before you send this mail again',
	remedy: 'The mail may have been sent all the same.',
};

const CHECK_WAY =
	'See whether this n8n can reach the Internet (firewall, proxy) and, with a custom region, whether the base URL in the SendGrid Events API credential is right.';
const CHECK_CERTIFICATE =
	'See whether a firewall or proxy replaces certificates (then n8n needs its certificate, in NODE_EXTRA_CA_CERTS) and, with a custom region, whether the base URL in the SendGrid Events API credential is right and its certificate valid.';

/**
 * Finds SendGrid's own words in an error answer. The API answers `{"errors":[{…}]}` nearly
 * everywhere; some older paths answer `{"errors":["…"]}`, `{"error":"…"}` or `{"message":"…"}`.
 * Anything else, such as the HTML page of a proxy, gives an empty list.
 */
export function parseErrorDetails(body: unknown): SendGridErrorDetail[] {
	if (typeof body !== 'object' || body === null) return [];
	const { errors, error, message } = body as Record<string, unknown>;
	const entries: unknown[] = Array.isArray(errors) ? errors : [errors ?? error ?? message];
	return entries.flatMap((entry) => {
		if (typeof entry === 'string' && entry !== '') return [{ message: entry }];
		if (typeof entry !== 'object' || entry === null) return [];
		const detail = entry as Record<string, unknown>;
		if (typeof detail.message !== 'string') return [];
		return [
			{
				message: detail.message,
				...(typeof detail.field === 'string' && { field: detail.field }),
				...(typeof detail.help === 'string' && { help: detail.help }),
			},
		];
	});
}

/**
 * SendGrid's own words in one line, with the fields they are about. Without its pages of help:
 * n8n's panel breaks no long address, and cuts off all lines of the message for it.
 */
export function quoteDetails(details: SendGridErrorDetail[]): string {
	return details
		.map(({ message, field }) => [message, field && `(field ${field})`].filter(Boolean).join(' '))
		.join('; ');
}

/** Turns a failed call into the user's words. */
export function describeError(error: SendGridError): ErrorText {
	const { action, problem, remedy } =
		error.status === undefined
			? describeNetworkFailure(error)
			: describeAnswer(error, error.status);
	const { method, path, status, code, reason, details } = error;
	const words = status === undefined ? reason : quoteDetails(details);
	const outcome =
		status === undefined
			? `got no answer${code === undefined ? '' : ` (${code})`}`
			: `was answered with status ${status}`;
	return {
		message: `${action}: ${problem}`,
		description: `${remedy} (${method} ${path} ${outcome}${words && words !== problem ? `: ${words}` : ''})`,
	};
}

interface Explanation {
	/** What to do first, in a few words. */
	action: string;
	/** What is wrong, and where. */
	problem: string;
	/** How to do it, and what else may help, in whole sentences. */
	remedy: string;
}

function describeAnswer(error: SendGridError, status: number): Explanation {
	const { baseUrl, path, details } = error;
	const quote = quoteDetails(details);

	if (status < 300) {
		return {
			action: CHECK_BASE_URL,
			problem: `what answers at ${baseUrl} is not SendGrid's API`,
			remedy: BASE_URL_IS,
		};
	}
	if (status === 401 && /credits exceeded/i.test(quote)) {
		return {
			action: 'Upgrade your SendGrid plan, or wait until its credits renew',
			problem: 'it has no sending credits left',
			remedy: 'In SendGrid, open Settings > Account Details to see what your plan includes.',
		};
	}
	if (status === 401) {
		return {
			action: 'Paste a valid API key into the credential',
			problem: `SendGrid at ${baseUrl} does not accept this one`,
			remedy: `${API_KEYS_PAGE} and see whether the key still exists, or create a new one and paste it into the SendGrid Events API credential in n8n. The key of an EU subuser needs the region EU.`,
		};
	}
	if (status === 403 && /sender identity/i.test(quote)) {
		return {
			action: 'Verify the "from" address in SendGrid',
			problem: 'it is not a verified sender identity',
			remedy:
				'In SendGrid, open Settings > Sender Authentication and verify the address or its domain, or use an address that is verified.',
		};
	}
	if (status === 403) return describeForbidden(error);
	if (status === 404) {
		return {
			action: 'See whether this still exists',
			problem: `SendGrid at ${baseUrl} does not know ${path}`,
			remedy:
				'It may have been deleted, or belong to another account or subuser than the API key. With a custom region, check the base URL in the credential.',
		};
	}
	if (status === 413) {
		return {
			action: 'Send less in one call',
			problem: 'the request is too large for SendGrid',
			remedy: 'A mail may have 30 MB in all, attachments included.',
		};
	}
	if (status === 429) {
		return {
			action: 'Try again later',
			problem: `SendGrid's rate limit is used up${error.rateLimitReset ? ` until ${error.rateLimitReset}` : ''}`,
			remedy: 'Or make fewer calls at the same time.',
		};
	}
	if (status >= 500) {
		return {
			...(sendsMail(error)
				? LOOK_FIRST
				: {
						action: 'Try again later',
						remedy: 'https://status.sendgrid.com tells about outages.',
					}),
			problem: `SendGrid failed to handle the call (status ${status})`,
		};
	}
	if (status >= 300 && status < 400) {
		return {
			action: CHECK_BASE_URL,
			problem: `${baseUrl} answered with a redirect, which is not followed to protect the API key`,
			remedy: BASE_URL_IS,
		};
	}
	if (quote === '') {
		return {
			action: 'See what stands between n8n and SendGrid',
			problem: `${baseUrl} refused the call (status ${status}) and did not say why`,
			remedy: 'SendGrid itself gives reasons; a proxy or gateway may not.',
		};
	}
	return {
		action: 'Correct what SendGrid refuses',
		problem: quote,
		remedy: 'Then try again.',
	};
}

function describeForbidden({ method, path, onBehalfOf }: SendGridError): Explanation {
	const needed = neededScope(method, path);
	const where =
		needed?.remedy ??
		`${API_KEYS_PAGE}, edit the key and give it Full Access, or Custom Access with ${needed?.permission ?? 'the permission for this call'}.`;
	return {
		action: needed
			? `Use a SendGrid API key with the permission ${needed.scopes.join(' or ')}${needed.condition ? `, or ${needed.condition}` : ''}`
			: 'Use a SendGrid API key with Full Access',
		problem: needed ? 'this one lacks it' : `this one has no permission for ${method} ${path}`,
		remedy: onBehalfOf
			? `${where} The call was made on behalf of "${onBehalfOf}": see in the credential whether that name is right.`
			: where,
	};
}

function describeNetworkFailure(error: SendGridError): Explanation {
	const problem = failureText(error, error.baseUrl);
	const { kind, mayHaveActed } = meaningOf(error);
	if (mayHaveActed && sendsMail(error)) return { ...LOOK_FIRST, problem };
	switch (kind) {
		case 'stopped':
			return {
				action: 'See in SendGrid whether the call was done',
				problem,
				remedy: 'Then run the workflow again if it is needed.',
			};
		case 'certificate':
			return { action: 'Check the certificate', problem, remedy: CHECK_CERTIFICATE };
		case 'timeout':
		case 'broken':
			return { action: 'Try again later', problem, remedy: CHECK_WAY };
		default:
			return { action: 'Check the network of this n8n', problem, remedy: CHECK_WAY };
	}
}

function sendsMail({ method, path }: SendGridError): boolean {
	return method === 'POST' && path === '/v3/mail/send';
}
