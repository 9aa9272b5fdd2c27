import type { IDataObject } from 'n8n-workflow';
import { sendGridRequest, type SendGridApiContext } from './sendGridRequest';

/** What a list endpoint answered to one page's request. */
export interface Page {
	body: unknown;
	items: unknown[];
	/** The query that asked for this page. */
	query: IDataObject;
}

/** One of SendGrid's ways to page: what to add to the query for the next page, if there is one. */
export type Paging = (page: Page) => IDataObject | undefined;

/**
 * `limit` and `offset`, as suppressions have it: a page that is not full is the last, and so is
 * one with more than was asked for, because then the endpoint does not page.
 */
export const byOffset: Paging = ({ items, query }) => {
	const limit = Number(query.limit);
	if (items.length !== limit) return undefined;
	return { offset: Number(query.offset ?? 0) + limit };
};

/** `page_token`, as templates have it: `_metadata.next` holds the next page's whole URL. */
export const byPageToken: Paging = ({ body }) => {
	const next = (body as { _metadata?: { next?: string } })._metadata?.next;
	const token = next && new URL(next, 'https://api.sendgrid.com').searchParams.get('page_token');
	return token ? { page_token: token } : undefined;
};

/** `limit` and `lastSeenID`, as verified senders have it: the id of the last one seen. */
export const byLastSeenId: Paging = ({ items, query }) => {
	if (items.length < Number(query.limit)) return undefined;
	return { lastSeenID: (items.at(-1) as { id: number }).id };
};

export interface ListRequest<T> {
	path: string;
	/** Holds the size of a page under the name the endpoint has for it (`limit`, `page_size`). */
	query: IDataObject;
	/** Takes the list out of the answer. */
	items(body: unknown): T[];
	paging: Paging;
}

/**
 * Reads a list endpoint page by page, as far as the caller goes on iterating.
 *
 * @param limit the number of items after which to stop, without asking for a page too many
 * @throws NodeApiError like `sendGridRequest`
 */
export async function* listItems<T>(
	context: SendGridApiContext,
	{ path, query, items: itemsOf, paging }: ListRequest<T>,
	limit = Infinity,
): AsyncGenerator<T, void> {
	let left = limit;
	let previousFirst: string | undefined;
	for (let next: IDataObject | undefined = query; next !== undefined && left > 0;) {
		const asked: IDataObject = { ...query, ...next };
		const { body } = await sendGridRequest<unknown>(context, { method: 'GET', path, query: asked });
		const items = itemsOf(body);
		const first = JSON.stringify(items[0]);
		// An endpoint that takes no notice of the query would give the same page for ever.
		if (first !== undefined && first === previousFirst) return;
		previousFirst = first;
		yield* items.slice(0, left);
		left -= items.length;
		next = items.length > 0 ? paging({ body, items, query: asked }) : undefined;
	}
}
