import type { ContactList } from '../contactBook';
import { ApiError, commonError } from '../apiError';
import { integerOf, route } from '../router';
import type { Call, Reply, Route } from '../router';
import { accepted, newestContacts } from './contacts';

const LISTS = '/v3/marketing/lists';
const READ = ['marketing.read', 'marketing_campaigns.read'];
const write = (verb: string) => [`marketing_campaigns.${verb}`];
const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;
const MAX_NAME = 100;

/** Lists of marketing contacts. */
export const contactListRoutes: readonly Route[] = [
	route('GET', LISTS, READ, list),
	route('POST', LISTS, write('create'), create),
	route('GET', `${LISTS}/:id`, READ, readOne),
	route('PATCH', `${LISTS}/:id`, write('update'), update),
	route('DELETE', `${LISTS}/:id`, write('delete'), remove),
	route('DELETE', `${LISTS}/:id/contacts`, write('delete'), removeContacts),
	route('GET', `${LISTS}/:id/contacts/count`, READ, (call) => ({
		status: 200,
		body: { contact_count: countOf(call, listOf(call)), billable_count: 0 },
	})),
];

function list(call: Call): Reply {
	const { query } = call.request;
	const size = integerOf(query, 'page_size', DEFAULT_PAGE_SIZE);
	if (size < 1 || size > MAX_PAGE_SIZE) {
		throw new ApiError(400, [
			{ field: 'page_size', message: `page_size must be between 1 and ${MAX_PAGE_SIZE}` },
		]);
	}
	const { lists } = call.account.contactBook;
	const token = query.get('page_token') ?? '';
	const start = token === '' ? 0 : 1 + lists.findIndex(({ id }) => id === token);
	const page = lists.slice(start, start + size);
	const urlAt = (pageToken: string) =>
		`${call.services.url}${LISTS}?page_size=${size}&page_token=${pageToken}`;
	return {
		status: 200,
		body: {
			result: page.map((entry) => show(call, entry)),
			_metadata: {
				self: urlAt(token),
				...(start + size < lists.length && { next: urlAt(page.at(-1)!.id) }),
				count: lists.length,
			},
		},
	};
}

function create(call: Call): Reply {
	const name = nameFrom(call);
	return { status: 201, body: show(call, call.account.contactBook.addList(name)) };
}

function readOne(call: Call): Reply {
	const found = listOf(call);
	const withSample = call.request.query.get('contact_sample') === 'true';
	const contacts = call.account.contactBook.onList(found.id);
	return {
		status: 200,
		body: {
			...show(call, found),
			...(withSample && { contact_sample: newestContacts(call, contacts) }),
		},
	};
}

function update(call: Call): Reply {
	const found = listOf(call);
	found.name = nameFrom(call, found);
	return { status: 200, body: show(call, found) };
}

/** 204 for the list alone; with its contacts a job, and 200. */
function remove(call: Call): Reply {
	const { contactBook: book } = call.account;
	const found = listOf(call);
	const members = book.onList(found.id);
	book.lists.splice(book.lists.indexOf(found), 1);
	for (const { list_ids } of members) list_ids.delete(found.id);
	if (call.request.query.get('delete_contacts') !== 'true') return { status: 204 };
	const job = book.startJob('delete', () => {
		for (const { id } of members) book.delete(id);
		return { requested_count: members.length, deleted_count: members.length };
	});
	return accepted(job, 200);
}

/** All of the contacts have to exist. */
function removeContacts(call: Call): Reply {
	const { contactBook: book } = call.account;
	const found = listOf(call);
	const ids = (call.request.query.get('contact_ids') ?? '').split(',').filter(Boolean);
	if (ids.length === 0) {
		throw new ApiError(400, [{ field: 'contact_ids', message: 'contact_ids is required' }]);
	}
	const contacts = ids.flatMap((id) => book.contacts.get(id) ?? []);
	if (contacts.length < ids.length) throw commonError(404);
	const job = book.startJob('remove_from_list', () => {
		for (const { list_ids } of contacts) list_ids.delete(found.id);
		return { requested_count: ids.length, updated_count: ids.length };
	});
	return accepted(job);
}

function listOf({ account, params }: Call): ContactList {
	const found = account.contactBook.lists.find(({ id }) => id === params['id']);
	if (found === undefined) throw commonError(404);
	return found;
}

/** @throws ApiError 400 unless it is a name that no other list has */
function nameFrom({ account, body }: Call, own?: ContactList): string {
	const { name } = body;
	if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) {
		throw new ApiError(400, [
			{ field: 'name', message: `name must have 1 to ${MAX_NAME} characters` },
		]);
	}
	const { lists } = account.contactBook;
	if (lists.some((entry) => entry !== own && entry.name.toLowerCase() === name.toLowerCase())) {
		throw new ApiError(400, [{ field: 'name', message: 'a list with this name already exists' }]);
	}
	return name;
}

function countOf({ account }: Call, { id }: ContactList): number {
	return account.contactBook.onList(id).length;
}

function show(call: Call, { id, name }: ContactList) {
	return {
		id,
		name,
		contact_count: countOf(call, { id, name }),
		_metadata: { self: `${call.services.url}${LISTS}/${id}` },
	};
}
