import type { IDataObject } from 'n8n-workflow';
import { shown } from '../../api/contacts';
import { byPageToken, listItems } from '../../api/paging';
import { RETURN_ALL_OR_LIMIT, wantedResults } from '../../fields/returnAll';
import type { ItemOperation } from '../operation';
import { LISTS } from './parameters';

/** The most that SendGrid gives at once. */
const PAGE_SIZE = 1000;

export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many lists',
		description: 'List the contact lists of the account with how many contacts they have',
	},
	properties: RETURN_ALL_OR_LIMIT,
	async executeItem(context, itemIndex) {
		const wanted = wantedResults(context, itemIndex);
		const lists = listItems<IDataObject>(
			context,
			{
				path: LISTS,
				query: { page_size: Math.min(PAGE_SIZE, wanted) },
				items: (body) => (body as { result: IDataObject[] }).result,
				paging: byPageToken,
			},
			wanted,
		);
		const results: IDataObject[] = [];
		for await (const list of lists) results.push(shown(list));
		return results;
	},
};
