import type { IDataObject } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { sendGridRequest } from '../../api/sendGridRequest';
import { RETURN_ALL_OR_LIMIT, wantedResults } from '../../fields/returnAll';
import type { ItemOperation } from '../operation';

/** SendGrid gives all groups at once; an account has 200 at most. */
export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many unsubscribe groups',
		description: 'List the unsubscribe groups with how many addresses have left each',
	},
	properties: RETURN_ALL_OR_LIMIT,
	async executeItem(context, itemIndex) {
		const wanted = wantedResults(context, itemIndex);
		const { body } = await sendGridRequest<IDataObject[]>(context, {
			method: 'GET',
			path: '/v3/asm/groups',
		});
		return inCamelCase(body.slice(0, wanted));
	},
};
