import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { readAddress } from '../../fields/parameters';
import { groupId } from '../../fields/values';
import { UNSUBSCRIBE_GROUP_MODES } from '../../fields/locators';

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
	...UNSUBSCRIBE_GROUP_MODES,
};

/**
 * The address that an item names.
 *
 * @throws InvalidFieldError unless it is exactly one
 */
export function emailOf(context: IExecuteFunctions, itemIndex: number): string {
	return readAddress(context, itemIndex, emailParameter).email;
}

/**
 * The ID of the unsubscribe group that an item names.
 *
 * @throws InvalidFieldError unless it is a number
 */
export function groupIdOf(context: IExecuteFunctions, itemIndex: number): number {
	const { displayName, name } = groupParameter;
	return groupId(context.getNodeParameter(name, itemIndex, ''), displayName);
}
