import type { INodeProperties } from 'n8n-workflow';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readOption } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { LIST_OPTIONS } from './lists';
import { emailOf, emailParameter, groupIdOf, groupParameter } from './parameters';

/** SendGrid fills the other lists itself. */
const OPEN_LISTS = ['globalUnsubscribes', 'groupUnsubscribes'];

const listParameter: INodeProperties = {
	displayName: 'List',
	name: 'list',
	type: 'options',
	options: LIST_OPTIONS.filter(({ value }) => OPEN_LISTS.includes(value as string)),
	default: 'globalUnsubscribes',
	description: 'The list to add the address to',
};

export const add: ItemOperation = {
	option: {
		name: 'Add',
		value: 'add',
		action: 'Add an address to a suppression list',
		description: 'Unsubscribe an address from all mail, or from the mail of an unsubscribe group',
	},
	properties: [emailParameter, listParameter, groupParameter],
	async executeItem(context, itemIndex) {
		const email = emailOf(context, itemIndex);
		const list = readOption(context, itemIndex, listParameter);
		const call = {
			method: 'POST',
			body: { recipient_emails: [email] },
			// An address that is on the list already stays as it is.
			repeatAfterServerError: true,
		} as const;

		if (list === 'globalUnsubscribes') {
			await sendGridRequest(context, { ...call, path: '/v3/asm/suppressions/global' });
			return { email, list, added: true };
		}
		const groupId = groupIdOf(context, itemIndex);
		const groupPath = `/v3/asm/groups/${groupId}`;
		// For a group that does not exist, SendGrid would unsubscribe the address from everything.
		await sendGridRequest(context, { method: 'GET', path: groupPath });
		await sendGridRequest(context, { ...call, path: `${groupPath}/suppressions` });
		return { email, list, groupId, added: true };
	},
};
