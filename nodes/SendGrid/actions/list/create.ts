import { shown } from '../../api/contacts';
import { sendGridRequest } from '../../api/sendGridRequest';
import type { ItemOperation } from '../operation';
import { LISTS, nameOf, nameParameter } from './parameters';

export const create: ItemOperation = {
	option: {
		name: 'Create',
		value: 'create',
		action: 'Create a list',
		description: 'Create an empty list of contacts',
	},
	properties: [nameParameter],
	async executeItem(context, itemIndex) {
		const body = { name: nameOf(context, itemIndex) };
		const { body: list } = await sendGridRequest(context, { method: 'POST', path: LISTS, body });
		return shown(list);
	},
};
