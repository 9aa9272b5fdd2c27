import type { INodeProperties } from 'n8n-workflow';
import { ifFound } from '../../api/ifFound';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readOption, readRequiredText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { LIST_OPTIONS, suppressionList } from './lists';
import { emailOf, emailParameter, groupIdOf, groupParameter } from './parameters';

const listParameter: INodeProperties = {
	displayName: 'List',
	name: 'list',
	type: 'options',
	options: LIST_OPTIONS,
	default: 'bounces',
	description: 'The list to remove the address from',
};

export const remove: ItemOperation = {
	option: {
		name: 'Remove',
		value: 'remove',
		action: 'Remove an address from a suppression list',
		description: 'Take an address off a list, so that SendGrid sends to it again',
	},
	properties: [emailParameter, listParameter, groupParameter],
	async executeItem(context, itemIndex) {
		const list = suppressionList(readOption(context, itemIndex, listParameter));
		// The list of invalid addresses holds what is no address.
		const email =
			list.value === 'invalidEmails'
				? readRequiredText(context, itemIndex, emailParameter, 'Enter the address.')
				: emailOf(context, itemIndex);
		const group = list.value === 'groupUnsubscribes' && {
			groupId: groupIdOf(context, itemIndex),
		};
		const parent = group
			? pathOf('/v3/asm/groups', group.groupId, 'suppressions')
			: list.addressPath;
		const request = sendGridRequest(context, {
			method: 'DELETE',
			path: pathOf(parent, email),
		});
		const removed = (await ifFound(request)) !== undefined;
		return { email, list: list.value, ...group, removed };
	},
};
