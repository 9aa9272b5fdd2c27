import { gzipSync } from 'node:zlib';
import { ApiError, commonError } from '../apiError';
import { RESERVED_FIELDS, TEXT_FIELDS } from '../contactBook';
import type { Contact, ContactBook, ContactExport, ContactJob } from '../contactBook';
import { parseQuery } from '../queryLanguage';
import { openRoute, route } from '../router';
import type { Call, Reply, Route } from '../router';

const CONTACTS = '/v3/marketing/contacts';
const EXPORT_FILES = '/exported-contacts';
const READ = ['marketing.read', 'marketing_campaigns.read'];
const write = (verb: string) => [`marketing_campaigns.${verb}`];

const MAX_CONTACTS = 30_000;
const MAX_BYTES = 6 * 1000 * 1000;
/** Contacts in one answer, and addresses or IDs in one question. */
const MAX_FOUND = 50;
const MAX_ASKED = 100;
const MAX_ALTERNATE_EMAILS = 5;

const MAX_LENGTHS: Readonly<Record<string, number>> = {
	first_name: 50,
	last_name: 50,
	address_line_1: 100,
	address_line_2: 100,
	city: 60,
	state_province_region: 50,
	country: 50,
};

/** Marketing contacts: all that changes them is done in the background. */
export const contactRoutes: readonly Route[] = [
	route('PUT', CONTACTS, write('update'), upsert),
	route('GET', CONTACTS, READ, (call) => sample(call, [...bookOf(call).contacts.values()])),
	route('DELETE', CONTACTS, write('delete'), remove),
	route('GET', `${CONTACTS}/count`, READ, (call) => ({
		status: 200,
		body: { contact_count: bookOf(call).contacts.size, billable_count: 0 },
	})),
	route('POST', `${CONTACTS}/batch`, READ, readBatch),
	route('POST', `${CONTACTS}/search`, READ, search),
	route('POST', `${CONTACTS}/search/emails`, READ, searchByEmail),
	route('POST', `${CONTACTS}/exports`, READ, startExport),
	route('GET', `${CONTACTS}/exports/:id`, READ, readExport),
	route('GET', `${CONTACTS}/imports/:id`, READ, readJob),
	route('GET', `${CONTACTS}/:id`, READ, readOne),
	route('GET', '/v3/marketing/field_definitions', READ, (call) => ({
		status: 200,
		body: {
			custom_fields: bookOf(call).customFields,
			reserved_fields: RESERVED_FIELDS,
			_metadata: { self: `${call.services.url}/v3/marketing/field_definitions` },
		},
	})),
	openRoute('GET', `${EXPORT_FILES}/:subuser/:id`, exportFile),
];

function bookOf({ account }: Call): ContactBook {
	return account.contactBook;
}

interface ContactRequest {
	email: string;
	alternate_emails?: string[];
	custom_fields?: Record<string, string | number>;
	[field: string]: unknown;
}

function upsert(call: Call): Reply {
	const book = bookOf(call);
	const { contacts, list_ids: lists = [] } = call.body;
	if (!Array.isArray(contacts) || contacts.length === 0) {
		throw invalid('contacts', 'contacts must have at least 1 entry');
	}
	if (contacts.length > MAX_CONTACTS) {
		throw invalid('contacts', `contacts must not have more than ${MAX_CONTACTS} entries`);
	}
	if (call.request.bytes > MAX_BYTES) throw commonError(413);
	const errors = contacts.flatMap((contact, index) => mistakesOf(book, contact, index));
	if (errors.length > 0) throw new ApiError(400, errors);
	const listIds = mustBeLists(book, lists);
	return accepted(book.startJob('upsert', () => importContacts(book, contacts, listIds)));
}

function mistakesOf(book: ContactBook, contact: unknown, index: number) {
	const at = (field: string) => `contacts[${index}].${field}`;
	const {
		email,
		alternate_emails: others,
		custom_fields,
		...fields
	} = Object(contact) as ContactRequest;
	const mistakes: Array<{ field: string; message: string }> = [];
	if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254) {
		mistakes.push({ field: at('email'), message: 'email is invalid' });
	}
	if (others !== undefined && (!Array.isArray(others) || others.length > MAX_ALTERNATE_EMAILS)) {
		mistakes.push({ field: at('alternate_emails'), message: 'too many alternate emails' });
	}
	for (const [name, value] of Object.entries(fields)) {
		if (!TEXT_FIELDS.includes(name)) mistakes.push({ field: at(name), message: 'unknown field' });
		else if (typeof value !== 'string' || value.length > (MAX_LENGTHS[name] ?? Infinity)) {
			mistakes.push({ field: at(name), message: `${name} is invalid` });
		}
	}
	for (const [id, value] of Object.entries(custom_fields ?? {})) {
		const definition = book.customFields.find((field) => field.id === id);
		const type = definition?.field_type === 'Number' ? 'number' : 'string';
		if (definition === undefined || typeof value !== type) {
			mistakes.push({ field: at(`custom_fields.${id}`), message: 'invalid custom field' });
		}
	}
	return mistakes;
}

function importContacts(book: ContactBook, contacts: ContactRequest[], listIds: string[]) {
	const counts = {
		requested_count: contacts.length,
		created_count: 0,
		updated_count: 0,
		errored_count: 0,
	};
	for (const { email, alternate_emails, custom_fields = {}, ...fields } of contacts) {
		if (book.unimportable.has(email.toLowerCase())) {
			counts.errored_count += 1;
			continue;
		}
		const named = Object.entries(custom_fields).map(([id, value]) => [
			book.customFields.find((field) => field.id === id)!.name,
			value,
		]);
		const { created } = book.put(email, {
			alternate_emails,
			fields: fields as Record<string, string>,
			custom_fields: Object.fromEntries(named) as Record<string, string | number>,
			list_ids: listIds,
		});
		counts[created ? 'created_count' : 'updated_count'] += 1;
	}
	return counts;
}

function remove(call: Call): Reply {
	const book = bookOf(call);
	const { query } = call.request;
	const ids = (query.get('ids') ?? '').split(',').filter(Boolean);
	const all = query.get('delete_all_contacts') === 'true';
	if (all === ids.length > 0) {
		throw invalid('ids', 'either ids or delete_all_contacts must be provided');
	}
	return accepted(
		book.startJob('delete', () => {
			const wanted = all ? [...book.contacts.keys()] : ids;
			const deleted = wanted.filter((id) => book.delete(id)).length;
			return {
				requested_count: wanted.length,
				deleted_count: deleted,
				errored_count: wanted.length - deleted,
			};
		}),
	);
}

function readBatch(call: Call): Reply {
	const { ids } = call.body;
	if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_ASKED) {
		throw invalid('ids', `ids must have 1 to ${MAX_ASKED} entries`);
	}
	const found = ids.flatMap((id) => bookOf(call).contacts.get(String(id)) ?? []);
	return { status: 200, body: { result: found.map((contact) => showContact(call, contact)) } };
}

function search(call: Call): Reply {
	const book = bookOf(call);
	const { query } = call.body;
	if (typeof query !== 'string' || query === '') throw invalid('query', 'query is required');
	const fields = new Set([
		...RESERVED_FIELDS.map(({ name }) => name),
		...book.customFields.map(({ name }) => name),
		'list_ids',
	]);
	const matches = queryOf(query, fields);
	const found = [...book.contacts.values()].filter((contact) =>
		matches({
			...contact.fields,
			...contact.custom_fields,
			contact_id: contact.id,
			email: contact.email,
			alternate_emails: contact.alternate_emails,
			list_ids: [...contact.list_ids],
			created_at: contact.created_at,
			updated_at: contact.updated_at,
		}),
	);
	return sample(call, found);
}

function queryOf(text: string, fields: ReadonlySet<string>) {
	try {
		return parseQuery(text, fields);
	} catch (error) {
		throw invalid('query', (error as Error).message);
	}
}

/** 200 if any address is known, and for the others an error; 404 if none is. */
function searchByEmail(call: Call): Reply {
	const { emails } = call.body;
	if (!Array.isArray(emails) || emails.length === 0 || emails.length > MAX_ASKED) {
		throw invalid('emails', `emails must have 1 to ${MAX_ASKED} entries`);
	}
	const wanted = emails.map((email) => String(email).trim().toLowerCase()).filter(Boolean);
	if (wanted.some((email) => !/^[^\s@]+@[^\s@]+$/.test(email))) {
		throw invalid('emails', 'one or more emails are invalid');
	}
	const entries = wanted.map((email) => {
		const contact = bookOf(call).byEmail(email);
		return [
			email,
			contact ? { contact: showContact(call, contact) } : { error: 'contact not found' },
		];
	});
	if (entries.every(([, entry]) => 'error' in Object(entry))) {
		throw new ApiError(404, [{ message: 'no contacts found for the provided email addresses' }]);
	}
	return { status: 200, body: { result: Object.fromEntries(entries) } };
}

function readOne(call: Call): Reply {
	const contact = bookOf(call).contacts.get(call.params['id']!);
	if (contact === undefined) throw commonError(404);
	return { status: 200, body: showContact(call, contact) };
}

function readJob(call: Call): Reply {
	const job = bookOf(call).readJob(call.params['id']!);
	if (job === undefined) throw commonError(404);
	const { id, status, job_type, results, started_at, finished_at } = job;
	return { status: 200, body: { id, status, job_type, results, started_at, finished_at } };
}

function startExport(call: Call): Reply {
	const book = bookOf(call);
	const { list_ids: lists = [], file_type: type = 'csv' } = call.body;
	if (type !== 'csv' && type !== 'json')
		throw invalid('file_type', 'file_type must be csv or json');
	const { id } = book.startExport(mustBeLists(book, lists), type);
	return {
		status: 202,
		body: { id, _metadata: { self: `${call.services.url}${CONTACTS}/exports/${id}` } },
	};
}

function readExport(call: Call): Reply {
	const found = bookOf(call).readExport(call.params['id']!);
	if (found === undefined) throw commonError(404);
	const { id, status, created_at } = found;
	const ready = status === 'ready';
	const subuser = encodeURIComponent(call.account.name || '-');
	return {
		status: 200,
		body: {
			id,
			status,
			created_at,
			updated_at: created_at,
			expires_at: new Date(Date.parse(created_at) + 72 * 3_600_000).toISOString(),
			urls: ready ? [`${call.services.url}${EXPORT_FILES}/${subuser}/${id}`] : [],
			...(ready && { completed_at: call.account.isoDate() }),
			contact_count: bookOf(call).exported(found).length,
			_metadata: { self: `${call.services.url}${CONTACTS}/exports/${id}` },
		},
	};
}

/**
 * The file behind an export's URL, which needs no key, as those of SendGrid's storage do not. As far
 * as users have published: gzip, and for JSON one contact on each line.
 */
function exportFile(call: Call): Reply {
	const { subuser, id } = call.params;
	const book = call.services.account(subuser === '-' ? '' : subuser!).contactBook;
	const found = book.exports.get(id!);
	if (found?.status !== 'ready') throw commonError(404);
	return {
		status: 200,
		headers: { 'Content-Type': 'application/gzip' },
		body: gzipSync(fileText(call, book, found)),
	};
}

function fileText(call: Call, book: ContactBook, found: ContactExport): string {
	const contacts = book.exported(found);
	if (found.file_type === 'csv') {
		return [
			'email,first_name,last_name',
			...contacts.map(({ email, fields }) =>
				[email, fields['first_name'], fields['last_name']]
					.map((value) => JSON.stringify(value ?? ''))
					.join(','),
			),
		].join('\n');
	}
	return contacts
		.map((contact) => {
			const { id: contact_id, ...shown } = showContact(call, contact);
			return `${JSON.stringify({ contact_id, ...shown, _metadata: undefined })}\n`;
		})
		.join('');
}

/** The newest contacts, and how many there are in all. */
export function newestContacts(call: Call, contacts: readonly Contact[]) {
	return contacts
		.slice(-MAX_FOUND)
		.sort((a, b) => (a.email < b.email ? -1 : 1))
		.map((contact) => showContact(call, contact));
}

function sample(call: Call, contacts: readonly Contact[]): Reply {
	return {
		status: 200,
		body: {
			result: newestContacts(call, contacts),
			contact_count: contacts.length,
			_metadata: { self: `${call.services.url}${CONTACTS}` },
		},
	};
}

function showContact(call: Call, contact: Contact) {
	const { id, email, alternate_emails, fields, custom_fields, list_ids, created_at, updated_at } =
		contact;
	return {
		id,
		email,
		alternate_emails,
		...Object.fromEntries(TEXT_FIELDS.map((name) => [name, fields[name] ?? ''])),
		list_ids: [...list_ids],
		segment_ids: [],
		custom_fields,
		created_at,
		updated_at,
		_metadata: { self: `${call.services.url}${CONTACTS}/${id}` },
	};
}

/** @throws ApiError 404 unless there are all these lists */
function mustBeLists(book: ContactBook, ids: unknown): string[] {
	if (!Array.isArray(ids)) throw invalid('list_ids', 'list_ids must be an array');
	const unknown = ids.find((id) => !book.lists.some((list) => list.id === id));
	if (unknown !== undefined) {
		throw new ApiError(404, [{ field: 'list_ids', message: `list ${String(unknown)} not found` }]);
	}
	return ids.map(String);
}

export function accepted({ id }: ContactJob, status = 202): Reply {
	return { status, body: { job_id: id } };
}

function invalid(field: string, message: string): ApiError {
	return new ApiError(400, [{ field, message }]);
}
