import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readRequiredText, readText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';

const keyNotice: INodeProperties = {
	displayName:
		'This needs an API key of its own kind, Email Address Validation, which Pro and Premier plans offer. Put it into a credential of its own and choose that above.',
	name: 'validationKeyNotice',
	type: 'notice',
	default: '',
};

const emailParameter: INodeProperties = {
	displayName: 'Email',
	name: 'email',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'name@email.com',
	description: 'The address to check. It need not be a valid one: that is what the check tells.',
};

const sourceParameter: INodeProperties = {
	displayName: 'Source',
	name: 'source',
	type: 'string',
	default: '',
	placeholder: 'e.g. signup',
	description: "Where the address comes from, in one word. SendGrid's reports are grouped by it.",
};

export const validate: ItemOperation = {
	option: {
		name: 'Validate',
		value: 'validate',
		action: 'Validate an email address',
		description:
			'Check an address: "verdict" is Valid, Risky or Invalid. Each call costs a validation.',
	},
	properties: [keyNotice, emailParameter, sourceParameter],
	async executeItem(context, itemIndex) {
		// Not checked here: whether it is an address is the question.
		const email = readRequiredText(
			context,
			itemIndex,
			emailParameter,
			'Enter the address to validate.',
		);
		const source = readText(context, itemIndex, sourceParameter);
		const { body } = await sendGridRequest<{ result: IDataObject }>(context, {
			method: 'POST',
			path: '/v3/validations/email',
			body: { email, ...(source !== '' && { source }) },
		});
		return inCamelCase(body.result);
	},
};
