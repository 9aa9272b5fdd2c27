import { integerOf, route } from '../router';
import type { Call, Reply, Route } from '../router';

/** Who mail may come from, and through which addresses it leaves. */
export const senderRoutes: readonly Route[] = [
	route(
		'GET',
		'/v3/verified_senders',
		['sender_verification_eligible', 'sender_verification_exempt'],
		verifiedSenders,
	),
	route('GET', '/v3/ips/pools', ['ips.pools.read'], ({ account }) => ({
		status: 200,
		body: account.ipPools.map((name) => ({ name })),
	})),
];

/** Pages by id: `lastSeenID` is the last one the caller has. */
function verifiedSenders({ request: { query }, account }: Call): Reply {
	const id = integerOf(query, 'id', 0);
	const after = integerOf(query, 'lastSeenID', 0);
	const limit = integerOf(query, 'limit', Infinity);
	const results = account.verifiedSenders
		.filter((sender) => sender.id > after && (id === 0 || sender.id === id))
		.slice(0, limit);
	return { status: 200, body: { results } };
}
