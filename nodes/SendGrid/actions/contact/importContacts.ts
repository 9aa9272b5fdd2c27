import {
	NodeApiError,
	NodeOperationError,
	sleep,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';
import {
	CONTACTS,
	contactsByEmail,
	CONTACTS_PER_QUESTION,
	PARALLEL_QUESTIONS,
	type Contact,
	type ContactJob,
} from '../../api/contacts';
import { errorStatus, sendGridErrors, sendGridRequest } from '../../api/sendGridRequest';
import { inParallel } from '../parallel';
import { ItemResults } from '../itemResults';
import type { ContactRequest } from './contactForm';
import { ImportBatcher, type ImportBatch } from './importBatches';
import { finishedJob, waitUntil } from './jobWait';
import { chunks } from './named';

/** How many items are read before n8n gets a turn: some tens of milliseconds. */
const ITEMS_AT_A_STRETCH = 200;

/** What an item wants to be written. */
export interface WantedContact {
	contact: ContactRequest;
	listIds: string[];
}

/**
 * Creates or updates the contacts of all items, up to 30,000 in a call.
 *
 * @returns one item for each input item: that SendGrid has taken it on, or, if the user wants to
 * wait, what became of it
 */
export async function importContacts(
	context: IExecuteFunctions,
	readItem: (itemIndex: number) => Promise<WantedContact>,
): Promise<INodeExecutionData[]> {
	const results = new ItemResults(context);
	const batcher = new ImportBatcher();
	for (const [item] of context.getInputData().entries()) {
		// n8n evaluates expressions on the thread that also answers webhooks.
		if (item % ITEMS_AT_A_STRETCH === 0) await sleep(0);
		try {
			const { contact, listIds } = await readItem(item);
			batcher.add(item, contact, listIds);
		} catch (error) {
			results.fail(item, error);
		}
	}
	const until = waitUntil(context);
	const started: Array<{ jobId: string; batch: ImportBatch }> = [];
	for (const batch of batcher.batches) {
		const jobId = await startImport(context, batch, results);
		if (jobId !== undefined) started.push({ jobId, batch });
	}
	for (const { jobId, batch } of started) {
		await reportImport(context, jobId, batch, until, results);
	}
	return results.finish();
}

/** @returns the job's ID; `undefined` if no contact of the batch was good enough */
async function startImport(
	context: IExecuteFunctions,
	batch: ImportBatch,
	results: ItemResults,
): Promise<string | undefined> {
	while (batch.contacts.length > 0) {
		try {
			const { body } = await sendGridRequest<{ job_id: string }>(context, {
				method: 'PUT',
				path: CONTACTS,
				body: {
					...(batch.listIds.length > 0 && { list_ids: batch.listIds }),
					contacts: batch.contacts.map(({ contact }) => contact),
				},
			});
			return body.job_id;
		} catch (error) {
			const refused = refusedContacts(error, batch);
			nameItems(error, batch, refused);
			nameLists(error, batch);
			const lost = batch.contacts.filter((_, index) => refused.size === 0 || refused.has(index));
			for (const { items } of lost) for (const item of items) results.fail(item, error);
			// SendGrid takes all or none: those it found nothing wrong with go out without the others.
			batch.contacts = batch.contacts.filter((entry) => !lost.includes(entry));
		}
	}
	return undefined;
}

/** The contacts that SendGrid names in its answer, by their place in the call. */
function refusedContacts(error: unknown, { contacts }: ImportBatch): Set<number> {
	if (errorStatus(error) !== 400) return new Set();
	const places = sendGridErrors(error).flatMap(({ field }) => {
		const place = /^contacts(?:\[(\d+)\]|\.(\d+)\b)/.exec(field ?? '');
		return place === null ? [] : [Number(place[1] ?? place[2])];
	});
	return new Set(places.filter((place) => place < contacts.length));
}

/** SendGrid names a contact by its place in the call; the user knows it by its item. */
function nameItems(error: unknown, { contacts }: ImportBatch, refused: Set<number>): void {
	if (!(error instanceof NodeApiError) || refused.size === 0) return;
	const named = [...refused].map((place) => {
		const { contact, items } = contacts[place]!;
		return `contacts[${place}] is item ${items.join(', ')} (${contact.email}).`;
	});
	error.description = [error.description, ...named].filter(Boolean).join(' ');
	const [first] = refused;
	error.context.itemIndex = contacts[first!]!.items[0];
}

/** What SendGrid does not know is a list, not the address of the call. */
function nameLists(error: unknown, { listIds }: ImportBatch): void {
	if (errorStatus(error) !== 404 || listIds.length === 0 || !(error instanceof NodeApiError))
		return;
	error.message = `See whether these lists still exist: SendGrid does not know one of ${listIds.join(', ')}`;
}

async function reportImport(
	context: IExecuteFunctions,
	jobId: string,
	{ contacts }: ImportBatch,
	until: number | undefined,
	results: ItemResults,
): Promise<void> {
	try {
		const job = await finishedJob(context, jobId, until);
		const isDone = job.status !== 'pending';
		const found = isDone
			? await findContacts(
					context,
					contacts.map(({ contact }) => contact.email),
				)
			: new Map<string, Contact | undefined>();
		for (const { contact, items } of contacts) {
			const id = found.get(contact.email)?.id;
			const isMissing = found.has(contact.email) && id === undefined;
			for (const item of items) {
				if (job.status === 'errored' && isMissing) {
					results.fail(item, notImported(context, contact.email, job));
				} else results.add(item, resultOf(contact.email, id, job));
			}
		}
	} catch (error) {
		for (const { items } of contacts) for (const item of items) results.fail(item, error);
	}
}

function resultOf(email: string, contactId: string | undefined, job: ContactJob): IDataObject {
	return { email, ...(contactId !== undefined && { contactId }), job };
}

/** SendGrid takes no longer addresses in a question, though it imports them. */
const LONGEST_ASKED = 100;

/**
 * The contacts with these addresses, `undefined` where there is none. An address is not in the
 * answer if it could not be looked up: that is no reason to call the import a failure.
 */
async function findContacts(
	context: IExecuteFunctions,
	emails: string[],
): Promise<Map<string, Contact | undefined>> {
	const all = new Map<string, Contact | undefined>();
	const asked = emails.filter((email) => email.length <= LONGEST_ASKED);
	await inParallel(chunks(asked, CONTACTS_PER_QUESTION), PARALLEL_QUESTIONS, async (some) => {
		try {
			const found = await contactsByEmail(context, some);
			for (const email of some) all.set(email, found.get(email));
		} catch (error) {
			context.logger.warn(
				`SendGrid: ${some.length} imported contacts could not be looked up: ${(error as Error).message}`,
			);
		}
	});
	return all;
}

function notImported(
	context: IExecuteFunctions,
	email: string,
	{ id, errorsUrl }: ContactJob,
): NodeOperationError {
	return new NodeOperationError(
		context.getNode(),
		`Check the contact ${email}: SendGrid did not import it`,
		{
			description: `SendGrid's job ${id} ended with errors, and there is no such contact. ${errorsUrl ? `Its list of errors: ${String(errorsUrl)}` : 'Check whether the address exists.'}`,
		},
	);
}
