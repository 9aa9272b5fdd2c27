import { sameAddress } from '../account';
import type { Suppression, SuppressionList } from '../account';
import { ApiError } from '../apiError';
import { integerOf, page, route } from '../router';
import type { Call, Reply, Route } from '../router';

const MAX_PAGE = 500;
/** The lists whose entries can be read and removed one by one; global ones are under `/v3/asm`. */
const LISTS = ['bounces', 'blocks', 'invalid_emails', 'spam_reports'] as const;

/** What each list tells of an entry. */
const MEMBERS: Readonly<Record<SuppressionList, ReadonlyArray<keyof Suppression>>> = {
	bounces: ['created', 'email', 'reason', 'status'],
	blocks: ['created', 'email', 'reason', 'status'],
	invalid_emails: ['created', 'email', 'reason'],
	spam_reports: ['created', 'email', 'ip'],
	unsubscribes: ['created', 'email'],
};

/** Addresses that SendGrid does not deliver to any more. */
export const suppressionRoutes: readonly Route[] = [
	...LISTS.flatMap(routesOf),
	route('GET', '/v3/suppression/unsubscribes', scopes('unsubscribes', 'read'), (call) =>
		list(call, 'unsubscribes'),
	),
];

function routesOf(name: SuppressionList): Route[] {
	const path = `/v3/suppression/${name}`;
	return [
		route('GET', path, scopes(name, 'read'), (call) => list(call, name)),
		route('GET', `${path}/:email`, scopes(name, 'read'), (call) => readOne(call, name)),
		route('DELETE', path, scopes(name, 'delete'), (call) => removeMany(call, name)),
		route('DELETE', `${path}/:email`, scopes(name, 'delete'), (call) => removeOne(call, name)),
	];
}

function scopes(name: SuppressionList, verb: string): string[] {
	return [`suppression.${name}.${verb}`, `suppression.${verb}`];
}

function list({ request: { query }, account }: Call, name: SuppressionList): Reply {
	const from = integerOf(query, 'start_time', 0);
	const to = integerOf(query, 'end_time', Infinity);
	const matches = patternOf(query.get('email') ?? '');
	const entries = account.suppressions[name].filter(
		({ created, email }) => created >= from && created <= to && matches.test(email),
	);
	return { status: 200, body: page(query, entries, MAX_PAGE).map((entry) => show(entry, name)) };
}

/** A list of one, or an empty list. */
function readOne({ account, params }: Call, name: SuppressionList): Reply {
	const entries = account.suppressions[name].filter(({ email }) =>
		sameAddress(email, params['email']!),
	);
	return { status: 200, body: entries.map((entry) => show(entry, name)) };
}

function removeOne({ account, params }: Call, name: SuppressionList): Reply {
	const entries = account.suppressions[name];
	const index = entries.findIndex(({ email }) => sameAddress(email, params['email']!));
	if (index < 0) throw new ApiError(404, 'resource not found');
	entries.splice(index, 1);
	return { status: 204 };
}

function removeMany({ account, body }: Call, name: SuppressionList): Reply {
	const { delete_all: all, emails } = body;
	if ((all === true) === Array.isArray(emails)) {
		throw new ApiError(400, [
			{ field: 'delete_all', message: 'either delete_all or emails must be provided' },
		]);
	}
	const entries = account.suppressions[name];
	const named = Array.isArray(emails) ? emails.map(String) : [];
	const kept = entries.filter(
		({ email }) => all !== true && !named.some((address) => sameAddress(address, email)),
	);
	entries.splice(0, entries.length, ...kept);
	return { status: 204 };
}

/** An address is found by how it begins; `%` stands for anything. */
function patternOf(text: string): RegExp {
	const literal = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%/g, '.*');
	return new RegExp(`^${literal}`, 'i');
}

function show(entry: Suppression, name: SuppressionList): Record<string, unknown> {
	return Object.fromEntries(MEMBERS[name].map((member) => [member, entry[member] ?? '']));
}
