import type { INodeProperties } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readRequiredText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { TEMPLATE_MODES } from '../../fields/locators';

const templateIdParameter: INodeProperties = {
	displayName: 'Template',
	name: 'templateId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	description: 'The template. Get Many lists the IDs.',
	...TEMPLATE_MODES,
};

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get a template',
		description: 'Read a template with its versions; the one in use has "active": 1',
	},
	properties: [templateIdParameter],
	async executeItem(context, itemIndex) {
		const remedy = 'Choose one from the list or enter its ID.';
		const id = readRequiredText(context, itemIndex, templateIdParameter, remedy);
		const path = pathOf('/v3/templates', id);
		const { body } = await sendGridRequest(context, { method: 'GET', path });
		return inCamelCase(body);
	},
};
