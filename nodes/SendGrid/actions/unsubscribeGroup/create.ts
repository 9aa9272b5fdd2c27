import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { sendGridRequest } from '../../api/sendGridRequest';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { readBoolean, readRequiredText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';

const nameParameter: INodeProperties = {
	displayName: 'Name',
	name: 'name',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. Newsletter',
	description: 'The name that recipients see on their preferences page; 30 characters at most',
};

const descriptionParameter: INodeProperties = {
	displayName: 'Description',
	name: 'description',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. Our monthly newsletter',
	description: 'What the preferences page says about the group; 100 characters at most',
};

const isDefaultParameter: INodeProperties = {
	displayName: 'Default Group',
	name: 'isDefault',
	type: 'boolean',
	default: false,
	description: 'Whether this becomes the default group of the account, in place of another',
};

const MAX_NAME = 30;
const MAX_DESCRIPTION = 100;

export const create: ItemOperation = {
	option: {
		name: 'Create',
		value: 'create',
		action: 'Create an unsubscribe group',
		description:
			'Create a group for one kind of mail, which recipients can unsubscribe from separately',
	},
	properties: [nameParameter, descriptionParameter, isDefaultParameter],
	async executeItem(context, itemIndex) {
		const { body } = await sendGridRequest(context, {
			method: 'POST',
			path: '/v3/asm/groups',
			body: {
				name: shortText(context, itemIndex, nameParameter, MAX_NAME),
				description: shortText(context, itemIndex, descriptionParameter, MAX_DESCRIPTION),
				is_default: readBoolean(context, itemIndex, isDefaultParameter),
			},
		});
		return inCamelCase(body);
	},
};

/** @throws InvalidFieldError if it is empty or too long */
function shortText(
	context: IExecuteFunctions,
	itemIndex: number,
	parameter: INodeProperties,
	maximum: number,
): string {
	const { displayName, placeholder = '' } = parameter;
	const remedy = `Enter text such as "${placeholder.replace('e.g. ', '')}".`;
	const text = readRequiredText(context, itemIndex, parameter, remedy);
	if (text.length <= maximum) return text;
	throw new InvalidFieldError(
		displayName,
		`Enter ${maximum} characters at most: SendGrid takes no more. There are ${text.length}.`,
	);
}
