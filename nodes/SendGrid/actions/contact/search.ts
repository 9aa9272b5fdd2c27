import type { INodeProperties } from 'n8n-workflow';
import { CONTACTS, shown, type Contact } from '../../api/contacts';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readRequiredText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';

const queryParameter: INodeProperties = {
	displayName: 'Query',
	name: 'query',
	type: 'string',
	typeOptions: { rows: 3 },
	required: true,
	default: '',
	placeholder: "e.g. email LIKE '%@example.com' AND CONTAINS(list_ids, '…')",
	description:
		"What to look for, in SendGrid's query language: <code>first_name = 'Ann'</code>, <code>email LIKE 'ann%'</code> (in lower case), <code>CONTAINS(list_ids, 'list ID')</code>, <code>updated_at > '2026-11-01T00:00:00Z'</code>, custom fields by name; joined by AND, OR, NOT",
	hint: 'SendGrid gives the first 50 contacts that fit. For all contacts use Get Many with Return All.',
};

export const search: ItemOperation = {
	option: {
		name: 'Search',
		value: 'search',
		action: 'Search contacts',
		description: "Find up to 50 contacts by any field, in SendGrid's query language",
	},
	properties: [queryParameter],
	async executeItem(context, itemIndex) {
		const remedy = "Enter what to look for, such as email LIKE 'ann%'.";
		const query = readRequiredText(context, itemIndex, queryParameter, remedy);
		const { body } = await sendGridRequest<{ result?: Contact[]; contact_count: number }>(context, {
			method: 'POST',
			path: `${CONTACTS}/search`,
			body: { query },
			repeatAfterServerError: true,
		});
		const found = body.result ?? [];
		if (body.contact_count > found.length) {
			context.addExecutionHints({
				message: `SendGrid found ${body.contact_count} contacts and gives the first ${found.length} of them. Narrow the query to see the others.`,
				location: 'outputPane',
			});
		}
		return found.map(shown);
	},
};
