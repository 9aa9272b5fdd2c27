import type { IDataObject } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { sendGridRequest } from '../../api/sendGridRequest';
import type { ItemOperation } from '../operation';
import { SCHEDULED_SENDS } from './status';

/** SendGrid gives all at once; no more than ten can be paused or cancelled. */
export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many scheduled sends',
		description: 'List the batches of scheduled mail that are paused or cancelled',
	},
	properties: [],
	async executeItem(context) {
		const { body } = await sendGridRequest<IDataObject[]>(context, {
			method: 'GET',
			path: SCHEDULED_SENDS,
		});
		return inCamelCase(body);
	},
};
