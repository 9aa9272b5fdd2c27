import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { contactsByEmail, CONTACTS_PER_QUESTION, PARALLEL_QUESTIONS } from '../../api/contacts';
import { parseAddress } from '../../fields/addresses';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { readTextList } from '../../fields/parameters';
import { unexpectedValue } from '../../fields/values';
import { inParallel } from '../parallel';
import { ItemResults } from '../itemResults';
import { finishedJob, waitUntil } from './jobWait';

/** For one contact. */
export const contactParameter: INodeProperties = {
	displayName: 'Contact',
	name: 'contact',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. ann@example.com',
	description: "The contact's email address, also an alternate one, or its ID",
};

/** For one contact or several. */
export const contactsParameter: INodeProperties = {
	displayName: 'Contacts',
	name: 'contacts',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. ann@example.com, bob@example.com',
	description:
		'The email addresses or IDs of the contacts, separated by commas. Many items go out together, 100 contacts to a call.',
};

/** A contact as somebody named it. */
export interface NamedContact {
	/** As it was typed. */
	named: string;
	/** In lower case, if it was named by its address. */
	email?: string;
	/** Known at once if it was named by it. */
	id?: string;
}

/**
 * Reads what names a contact: with an @ an address, otherwise an ID.
 *
 * @throws InvalidFieldError if it is neither
 */
export function namedContact(text: string, field: string): NamedContact {
	const named = text.trim();
	if (named.includes('@')) {
		return { named, email: parseAddress(named, field).email.toLowerCase() };
	}
	// IDs stand side by side, separated by commas, in the query of a call.
	if (!/^[\w-]+$/.test(named)) {
		throw new InvalidFieldError(
			field,
			`Enter an email address such as ann@example.com, or the ID of a contact. "${named}" is neither.`,
		);
	}
	return { named, id: named };
}

/** What to do with the contacts of all items. */
interface ContactsWork {
	/** What the contacts of an item are for; those with the same go together. */
	targetOf(itemIndex: number): string;
	/** @param ids at most 100 @returns the ID of SendGrid's job */
	start(target: string, ids: string[]): Promise<string>;
	/** The name under which the output says whether there was such a contact. */
	done: string;
}

interface Task {
	item: number;
	target: string;
	contact: NamedContact;
}

/**
 * Does something with the contacts that the items name, 100 in a call: looks up the IDs of those
 * named by address, starts the jobs, and waits for them if the user wants to. One output item for
 * each contact.
 */
export async function workOnContacts(
	context: IExecuteFunctions,
	work: ContactsWork,
): Promise<INodeExecutionData[]> {
	const results = new ItemResults(context);
	const tasks = readTasks(context, work, results);
	await findIds(context, tasks, results);
	const open = tasks.filter(({ item }) => !results.hasFailed(item));
	const until = waitUntil(context);
	const started: Array<{ jobId: string; tasks: Task[] }> = [];
	for (const { target, tasksById } of calls(open)) {
		const ofCall = [...tasksById.values()].flat();
		try {
			started.push({ jobId: await work.start(target, [...tasksById.keys()]), tasks: ofCall });
		} catch (error) {
			for (const { item } of ofCall) results.fail(item, error);
		}
	}
	// Only now, so that SendGrid works on all of them at the same time.
	for (const { jobId, tasks: ofJob } of started) {
		try {
			const job = await finishedJob(context, jobId, until);
			for (const { item, contact } of ofJob) {
				const { named, id } = contact;
				results.add(item, { contact: named, contactId: id, [work.done]: true, job });
			}
		} catch (error) {
			for (const { item } of ofJob) results.fail(item, error);
		}
	}
	for (const { item, contact } of open) {
		if (contact.id === undefined) results.add(item, { contact: contact.named, [work.done]: false });
	}
	return results.finish();
}

function readTasks(context: IExecuteFunctions, work: ContactsWork, results: ItemResults): Task[] {
	const { displayName } = contactsParameter;
	const tasks: Task[] = [];
	for (const [item] of context.getInputData().entries()) {
		try {
			const target = work.targetOf(item);
			const named = readTextList(context, item, contactsParameter);
			if (named.length === 0) {
				throw unexpectedValue('', displayName, 'Enter email addresses or contact IDs.');
			}
			const contacts = new Map<string, NamedContact>();
			for (const text of named) {
				const contact = namedContact(text, displayName);
				contacts.set(contact.id ?? contact.email!, contact);
			}
			for (const contact of contacts.values()) tasks.push({ item, target, contact });
		} catch (error) {
			results.fail(item, error);
		}
	}
	return tasks;
}

async function findIds(
	context: IExecuteFunctions,
	tasks: Task[],
	results: ItemResults,
): Promise<void> {
	const byEmail = new Map<string, Task[]>();
	for (const task of tasks) {
		const { email } = task.contact;
		if (email === undefined || results.hasFailed(task.item)) continue;
		collect(byEmail, email, task);
	}
	const failures: Array<{ emails: string[]; error: unknown }> = [];
	await inParallel(
		chunks([...byEmail.keys()], CONTACTS_PER_QUESTION),
		PARALLEL_QUESTIONS,
		async (emails) => {
			try {
				const found = await contactsByEmail(context, emails);
				for (const email of emails) {
					for (const { contact } of byEmail.get(email)!) contact.id = found.get(email)?.id;
				}
			} catch (error) {
				failures.push({ emails, error });
			}
		},
	);
	for (const { emails, error } of failures) {
		for (const { item } of emails.flatMap((email) => byEmail.get(email)!))
			results.fail(item, error);
	}
}

interface ContactsCall {
	target: string;
	tasksById: Map<string, Task[]>;
}

function calls(tasks: Task[]): ContactsCall[] {
	const byTarget = new Map<string, Map<string, Task[]>>();
	for (const task of tasks) {
		const { id } = task.contact;
		if (id === undefined) continue;
		const byId = byTarget.get(task.target) ?? new Map<string, Task[]>();
		byTarget.set(task.target, byId);
		collect(byId, id, task);
	}
	return [...byTarget].flatMap(([target, byId]) =>
		chunks([...byId], CONTACTS_PER_QUESTION).map((entries) => ({
			target,
			tasksById: new Map(entries),
		})),
	);
}

function collect<T>(groups: Map<string, T[]>, key: string, entry: T): void {
	const group = groups.get(key);
	if (group === undefined) groups.set(key, [entry]);
	else group.push(entry);
}

/** Cuts a list into pieces of at most so many entries. */
export function chunks<T>(entries: T[], size: number): T[][] {
	return Array.from({ length: Math.ceil(entries.length / size) }, (_, index) =>
		entries.slice(index * size, (index + 1) * size),
	);
}
