import { sleep, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import { inCamelCase } from './camelCase';
import { ifFound } from './ifFound';
import { pathOf } from './pathOf';
import {
	aborted,
	cancelSignalOf,
	sendGridRequest,
	type SendGridApiContext,
} from './sendGridRequest';

export const CONTACTS = '/v3/marketing/contacts';

/** The most addresses or IDs that SendGrid takes in one question about contacts. */
export const CONTACTS_PER_QUESTION = 100;

/** Questions under way at the same time. */
export const PARALLEL_QUESTIONS = 4;

/** A marketing contact as SendGrid has it. */
export interface Contact extends IDataObject {
	id: string;
	email: string;
}

/** A contact, or a list of them, as the node puts it out: without SendGrid's links to itself. */
export function shown(entry: IDataObject): IDataObject {
	const own = { ...entry };
	delete own._metadata;
	return inCamelCase(own);
}

/**
 * Looks contacts up by their addresses, alternate ones included.
 *
 * @param emails at most `CONTACTS_PER_QUESTION`
 * @returns the contacts that there are, by address in lower case
 */
export async function contactsByEmail(
	context: SendGridApiContext,
	emails: string[],
): Promise<Map<string, Contact>> {
	const response = await ifFound(
		sendGridRequest<{ result: Record<string, { contact?: Contact }> }>(context, {
			method: 'POST',
			path: `${CONTACTS}/search/emails`,
			body: { emails },
			repeatAfterServerError: true,
		}),
	);
	const found = new Map<string, Contact>();
	for (const [email, { contact }] of Object.entries(response?.body.result ?? {})) {
		if (contact !== undefined) found.set(email.toLowerCase(), contact);
	}
	return found;
}

/** What SendGrid does in the background with many contacts. */
export interface ContactJob extends IDataObject {
	id: string;
	/** `pending` until it is done; `errored` if only some of the contacts could not be handled. */
	status: 'pending' | 'completed' | 'errored' | 'failed';
}

interface JobAnswer extends ContactJob {
	results?: IDataObject;
}

/** A job as the node puts it out, its counts beside its status. */
export async function readJob(context: SendGridApiContext, id: string): Promise<ContactJob> {
	const { body } = await sendGridRequest<JobAnswer>(context, {
		method: 'GET',
		path: pathOf(`${CONTACTS}/imports`, id),
	});
	const { results, ...job } = body;
	return { ...inCamelCase(job), ...inCamelCase(results ?? {}), id, status: body.status };
}

/** Milliseconds between two looks at what is under way: short at first, for small jobs. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/**
 * Looks again and again until something is done, the time is up or the user stops the execution.
 *
 * @param until Unix milliseconds; when to stop looking
 * @returns what was seen last, done or not
 */
export async function lookUntil<T>(
	context: IExecuteFunctions,
	until: number,
	look: () => Promise<T>,
	isDone: (seen: T) => boolean,
): Promise<T> {
	const stopped = cancelSignalOf(context);
	const stop = aborted(stopped);
	for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
		const seen = await look();
		const left = until - Date.now();
		if (isDone(seen) || left <= 0) return seen;
		await Promise.race([sleep(Math.min(pause, left)), stop]);
		if (stopped?.aborted) return seen;
	}
}

/** Waits for the end of a job; gives it back as it is when the time is up. */
export async function waitForJob(
	context: IExecuteFunctions,
	id: string,
	until: number,
): Promise<ContactJob> {
	return await lookUntil(
		context,
		until,
		async () => await readJob(context, id),
		({ status }) => status !== 'pending',
	);
}
