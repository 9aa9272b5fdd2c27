import type { IDataObject } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { byLastSeenId, listItems } from '../../api/paging';
import { RETURN_ALL_OR_LIMIT, wantedResults } from '../../fields/returnAll';
import type { ItemOperation } from '../operation';

const PAGE_SIZE = 100;

export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many verified senders',
		description:
			'List the verified single senders; "verified" says whether the address is confirmed',
	},
	properties: RETURN_ALL_OR_LIMIT,
	async executeItem(context, itemIndex) {
		const wanted = wantedResults(context, itemIndex);
		const senders = listItems<IDataObject>(
			context,
			{
				path: '/v3/verified_senders',
				query: { limit: Math.min(PAGE_SIZE, wanted) },
				items: (body) => (body as { results: IDataObject[] }).results,
				paging: byLastSeenId,
			},
			wanted,
		);
		const results: IDataObject[] = [];
		for await (const sender of senders) results.push(inCamelCase(sender));
		return results;
	},
};
