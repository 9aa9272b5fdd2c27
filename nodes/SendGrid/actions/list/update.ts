import { shown } from '../../api/contacts';
import { sendGridRequest } from '../../api/sendGridRequest';
import type { ItemOperation } from '../operation';
import { listIdOf, listParameter, listPath, nameOf, nameParameter } from './parameters';

export const update: ItemOperation = {
	option: {
		name: 'Update',
		value: 'update',
		action: 'Update a list',
		description: 'Rename a list',
	},
	properties: [listParameter, nameParameter],
	async executeItem(context, itemIndex) {
		const { body } = await sendGridRequest(context, {
			method: 'PATCH',
			path: listPath(listIdOf(context, itemIndex)),
			body: { name: nameOf(context, itemIndex) },
		});
		return shown(body);
	},
};
