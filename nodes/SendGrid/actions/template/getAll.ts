import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { byPageToken, listItems } from '../../api/paging';
import { readOption } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { RETURN_ALL_OR_LIMIT, wantedResults } from '../../fields/returnAll';

/** The most that SendGrid gives at once. */
const PAGE_SIZE = 200;

const generationsParameter: INodeProperties = {
	displayName: 'Kind',
	name: 'generations',
	type: 'options',
	options: [
		{ name: 'Dynamic', value: 'dynamic', description: 'With Handlebars, filled in with JSON data' },
		{ name: 'Dynamic and Legacy', value: 'legacy,dynamic', description: 'Templates of both kinds' },
		{ name: 'Legacy', value: 'legacy', description: 'Filled in by text substitution' },
	],
	default: 'dynamic',
	description: 'The templates to list',
};

export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many templates',
		description: 'List the email templates of the account with their IDs, names and versions',
	},
	properties: [generationsParameter, ...RETURN_ALL_OR_LIMIT],
	async executeItem(context, itemIndex) {
		const wanted = wantedResults(context, itemIndex);
		const templates = listItems<IDataObject>(
			context,
			{
				path: '/v3/templates',
				query: {
					generations: readOption(context, itemIndex, generationsParameter),
					page_size: Math.min(PAGE_SIZE, wanted),
				},
				items: (body) => (body as { result: IDataObject[] }).result,
				paging: byPageToken,
			},
			wanted,
		);
		const results: IDataObject[] = [];
		for await (const template of templates) results.push(inCamelCase(template));
		return results;
	},
};
