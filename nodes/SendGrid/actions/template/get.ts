import type { INodeProperties } from 'n8n-workflow';
import { sendGridRequest } from '../../api/sendGridRequest';
import { requiredText } from '../../fields/values';
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
		description:
			'Read one email template with all its versions: subject, HTML and plain text. The version in use has "active": 1.',
	},
	properties: [templateIdParameter],
	async executeItem(context, itemIndex) {
		const { displayName, name } = templateIdParameter;
		const id = requiredText(
			context.getNodeParameter(name, itemIndex, ''),
			displayName,
			'Choose one from the list or enter its ID.',
		);
		const path = `/v3/templates/${encodeURIComponent(id)}`;
		const { body } = await sendGridRequest(context, { method: 'GET', path });
		return body;
	},
};
