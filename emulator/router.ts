import { ApiError, commonError } from './apiError';
import type { Account, Webhook } from './account';
import type { MailBody } from './mail';
import type { RecordedRequest } from './request';

/** What a route answers. */
export interface Reply {
	status: number;
	/** Sent as JSON, bytes as they are; nothing is sent without it. */
	body?: unknown;
	headers?: Record<string, string>;
	/** Done once the answer has gone out or the connection is gone. */
	afterwards?: () => void;
}

/** What routes may ask of the stand-in beyond the account's own data. */
export interface Services {
	/** The address under which this stand-in is reached. */
	readonly url: string;
	readonly maxWebhooks: number;
	/** `undefined` for any sender; otherwise addresses, or domains with a leading `@`. */
	readonly verifiedSenders: readonly string[] | undefined;
	readonly emptyWebhookList: 'object' | 'array';
	/** Takes a valid mail on for sending. */
	acceptMail(body: MailBody): { messageId: string };
	/** Posts the sample events of the test endpoint. */
	postTestEvents(url: string, webhook: Webhook | undefined): void;
	/** Sends what is due of the scheduled mail, after a batch was let go again. */
	releaseScheduled(): void;
	/** What SendGrid keeps for the main account (`''`) or a subuser. */
	account(name: string): Account;
}

/** A request on its way to its route. */
export interface Call {
	request: RecordedRequest;
	/** The decoded values of the path's `:names`. */
	params: Readonly<Record<string, string>>;
	/** The JSON body if it is an object, else empty. */
	body: Readonly<Record<string, unknown>>;
	account: Account;
	scopes: readonly string[];
	services: Services;
}

/** One endpoint. */
export interface Route {
	method: string;
	/** Path with `:names` for the parts that vary. */
	path: string;
	/** The key needs one of these; an empty list asks for a valid key only. */
	scopes: readonly string[];
	/** Whether no key is asked for: the URL itself is the secret. */
	open?: boolean;
	handle: (call: Call) => Reply;
}

/** Shorthand for tables of endpoints. */
export function route(
	method: string,
	path: string,
	scopes: readonly string[],
	handle: (call: Call) => Reply,
): Route {
	return { method, path, scopes, handle };
}

/** An endpoint that anybody may call who knows its URL. */
export function openRoute(method: string, path: string, handle: (call: Call) => Reply): Route {
	return { method, path, scopes: [], open: true, handle };
}

interface Found {
	route: Route;
	params: Record<string, string>;
}

/** Finds the endpoint of a request. Earlier routes win, so `/all` may stand before `/:id`. */
export class Router {
	constructor(private readonly routes: readonly Route[]) {}

	/** @throws ApiError 404 for an unknown path, 405 for a known one with another method */
	find(method: string, path: string): Found {
		const found = this.routes.flatMap((candidate) => {
			const params = matchPath(candidate.path, path);
			return params ? [{ route: candidate, params }] : [];
		});
		const match = found.find((candidate) => candidate.route.method === method);
		if (!match) throw commonError(found.length > 0 ? 405 : 404);
		return match;
	}
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
	const wanted = pattern.split('/');
	const given = path.replace(/\/$/, '').split('/');
	if (wanted.length !== given.length) return undefined;
	const params: Record<string, string> = {};
	for (const [index, part] of wanted.entries()) {
		const value = given[index]!;
		if (part.startsWith(':') && value !== '') params[part.slice(1)] = decodeURIComponent(value);
		else if (part !== value) return undefined;
	}
	return params;
}

/**
 * Cuts a page out of a list, by `limit` and `offset` of the query.
 *
 * @throws ApiError 400 for a number outside SendGrid's bounds
 */
export function page<T>(query: URLSearchParams, list: readonly T[], maximum: number): T[] {
	const limit = integerOf(query, 'limit', maximum);
	const offset = integerOf(query, 'offset', 0);
	if (limit < 1 || limit > maximum) {
		throw new ApiError(400, [
			{ field: 'limit', message: `limit must be between 1 and ${maximum}` },
		]);
	}
	return list.slice(offset, offset + limit);
}

/** @throws ApiError 400 unless the parameter is absent or a whole number from 0 */
export function integerOf(query: URLSearchParams, name: string, absent: number): number {
	const text = query.get(name);
	if (text === null) return absent;
	if (!/^\d+$/.test(text)) {
		throw new ApiError(400, [{ field: name, message: `${name} must be a non-negative integer` }]);
	}
	return Number(text);
}
