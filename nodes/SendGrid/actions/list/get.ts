import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { shown, type Contact } from '../../api/contacts';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readBoolean } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { listIdOf, listParameter, listPath } from './parameters';

const contactSampleParameter: INodeProperties = {
	displayName: 'Contact Sample',
	name: 'contactSample',
	type: 'boolean',
	default: false,
	description: 'Whether to add the newest contacts of the list, 50 at most, as "contactSample"',
};

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get a list',
		description: 'Read one list: its name and how many contacts it has',
	},
	properties: [listParameter, contactSampleParameter],
	async executeItem(context, itemIndex) {
		const withSample = readBoolean(context, itemIndex, contactSampleParameter);
		const { body } = await sendGridRequest<IDataObject & { contact_sample?: Contact[] }>(context, {
			method: 'GET',
			path: listPath(listIdOf(context, itemIndex)),
			...(withSample && { query: { contact_sample: true } }),
		});
		const { contact_sample: sample, ...list } = body;
		return { ...shown(list), ...(sample && { contactSample: sample.map(shown) }) };
	},
};
