import { sameAddress } from '../account';
import type { Account, UnsubscribeGroup } from '../account';
import { ApiError, commonError } from '../apiError';
import { route } from '../router';
import type { Call, Reply, Route } from '../router';

const GROUPS = '/v3/asm/groups';
const OF_GROUP = `${GROUPS}/:group/suppressions`;
const GLOBAL = '/v3/asm/suppressions/global';
const group = (verb: string) => [`asm.groups.${verb}`];
const member = (verb: string) => [`asm.groups.suppressions.${verb}`];
const everyone = (verb: string) => [`asm.suppressions.global.${verb}`];

/** Unsubscribe groups, who left them, and who left everything. */
export const unsubscribeGroupRoutes: readonly Route[] = [
	route('GET', GROUPS, group('read'), list),
	route('POST', GROUPS, group('create'), create),
	route('GET', `${GROUPS}/:group`, group('read'), (call) => shown(200, groupOf(call))),
	route('PATCH', `${GROUPS}/:group`, group('update'), update),
	route('DELETE', `${GROUPS}/:group`, group('delete'), remove),
	route('GET', OF_GROUP, member('read'), (call) => ({
		status: 200,
		body: [...groupOf(call).suppressed.keys()],
	})),
	route('POST', OF_GROUP, member('create'), addMembers),
	route('POST', `${OF_GROUP}/search`, member('read'), searchMembers),
	route('DELETE', `${OF_GROUP}/:email`, member('delete'), removeMember),
	route('POST', GLOBAL, everyone('create'), addGlobal),
	route('GET', `${GLOBAL}/:email`, everyone('read'), readGlobal),
	route('DELETE', `${GLOBAL}/:email`, everyone('delete'), removeGlobal),
	route('GET', '/v3/asm/suppressions', ['asm.suppressions.read', ...member('read')], listMembers),
	route(
		'GET',
		'/v3/asm/suppressions/:email',
		['asm.suppressions.read', ...member('read')],
		groupsOfMember,
	),
];

function list({ request: { query }, account }: Call): Reply {
	const ids = query.getAll('id').map(Number);
	const groups = account.groups.filter(({ id }) => ids.length === 0 || ids.includes(id));
	return { status: 200, body: groups.map(show) };
}

function create({ account, body }: Call): Reply {
	const { name, description, is_default } = body;
	if (typeof name !== 'string' || name === '') throw required('name');
	if (typeof description !== 'string') throw required('description');
	const added = account.addGroup({ name, description, is_default: is_default === true });
	return { status: 201, body: { id: added.id, name, description, is_default: added.is_default } };
}

function update(call: Call): Reply {
	const found = groupOf(call);
	const { name, description, is_default } = call.body;
	if (typeof name === 'string') found.name = name;
	if (typeof description === 'string') found.description = description;
	if (typeof is_default === 'boolean') found.is_default = is_default;
	return shown(201, found);
}

function remove(call: Call): Reply {
	const { groups } = call.account;
	groups.splice(groups.indexOf(groupOf(call)), 1);
	return { status: 204 };
}

/** Addresses added to a group that does not exist are suppressed globally, as documented. */
function addMembers(call: Call): Reply {
	const emails = emailsFrom(call);
	const found = findGroup(call);
	if (!found) return addGlobal(call);
	for (const email of emails) found.suppressed.set(email.toLowerCase(), call.account.seconds());
	return { status: 201, body: { recipient_emails: emails } };
}

function searchMembers(call: Call): Reply {
	const { suppressed } = groupOf(call);
	return {
		status: 200,
		body: emailsFrom(call).filter((email) => suppressed.has(email.toLowerCase())),
	};
}

function removeMember(call: Call): Reply {
	groupOf(call).suppressed.delete(call.params['email']!.toLowerCase());
	return { status: 204 };
}

function listMembers({ account }: Call): Reply {
	const members = account.groups.flatMap(({ id, name, suppressed }) =>
		[...suppressed].map(([email, created_at]) => ({
			email,
			group_id: id,
			group_name: name,
			created_at,
		})),
	);
	return { status: 200, body: members };
}

/** Every group, and whether the address left it. */
function groupsOfMember({ account, params }: Call): Reply {
	const suppressions = account.groups.map(({ id, name, description, is_default, suppressed }) => ({
		description,
		id,
		is_default,
		name,
		suppressed: suppressed.has(params['email']!.toLowerCase()),
	}));
	return { status: 200, body: { suppressions } };
}

function addGlobal(call: Call): Reply {
	const emails = emailsFrom(call);
	for (const email of emails) call.account.addSuppression('unsubscribes', { email });
	return { status: 201, body: { recipient_emails: emails } };
}

/** An empty object for an address that is not suppressed. */
function readGlobal({ account, params }: Call): Reply {
	const found = findGlobal(account, params['email']!);
	return { status: 200, body: found ? { recipient_email: found.email } : {} };
}

function removeGlobal({ account, params }: Call): Reply {
	const { unsubscribes } = account.suppressions;
	const found = findGlobal(account, params['email']!);
	if (found) unsubscribes.splice(unsubscribes.indexOf(found), 1);
	return { status: 204 };
}

function findGlobal({ suppressions }: Account, email: string) {
	return suppressions.unsubscribes.find((entry) => sameAddress(entry.email, email));
}

function emailsFrom({ body }: Call): string[] {
	const { recipient_emails: emails } = body;
	if (!Array.isArray(emails) || emails.length === 0) throw required('recipient_emails');
	return emails.map(String);
}

function findGroup({ account, params }: Call): UnsubscribeGroup | undefined {
	return account.groups.find(({ id }) => String(id) === params['group']);
}

function groupOf(call: Call): UnsubscribeGroup {
	const found = findGroup(call);
	if (!found) throw commonError(404);
	return found;
}

function shown(status: number, found: UnsubscribeGroup): Reply {
	return { status, body: show(found) };
}

function show({ id, name, description, is_default, suppressed }: UnsubscribeGroup) {
	return { id, name, description, is_default, unsubscribes: suppressed.size };
}

function required(field: string): ApiError {
	return new ApiError(400, [{ field, message: `${field} is required` }]);
}
