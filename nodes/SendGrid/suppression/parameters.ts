import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { chosenValue, textValue } from '../email/fieldValues';
import { InvalidFieldError } from '../email/invalidFieldError';

export const emailParameter: INodeProperties = {
	displayName: 'Email',
	name: 'email',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'name@email.com',
	description: 'The email address',
};

/** For lists of one unsubscribe group. */
export const groupParameter: INodeProperties = {
	displayName: 'Unsubscribe Group',
	name: 'groupId',
	type: 'resourceLocator',
	displayOptions: { show: { list: ['groupUnsubscribes'] } },
	required: true,
	default: { mode: 'list', value: '' },
	description: 'The unsubscribe group, in SendGrid under Suppressions > Unsubscribe Groups',
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose an unsubscribe group',
			typeOptions: { searchListMethod: 'searchUnsubscribeGroups', searchable: true },
		},
		{ displayName: 'ID', name: 'id', type: 'string', placeholder: 'e.g. 12345' },
	],
};

/**
 * The ID of the chosen unsubscribe group.
 *
 * @throws InvalidFieldError unless it is a number
 */
export function groupIdOf(context: IExecuteFunctions, itemIndex: number): number {
	const { displayName, name } = groupParameter;
	const value = chosenValue(context.getNodeParameter(name, itemIndex, ''));
	const id = textValue(value, displayName).trim();
	if (!/^\d+$/.test(id)) {
		throw new InvalidFieldError(
			displayName,
			`"${id}" is not the ID of an unsubscribe group, which is a number such as 12345. Choose one from the list.`,
		);
	}
	return Number(id);
}
