import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { CONTACTS, shown, type Contact } from '../../api/contacts';
import { sendGridRequest } from '../../api/sendGridRequest';
import { RETURN_ALL_OR_LIMIT, wantedResults } from '../../fields/returnAll';
import type { ItemOperation } from '../operation';
import { listIdsOf, listsParameter } from './contactForm';
import { exportContacts } from './exportContacts';
import { untilOf } from './jobWait';

/** What SendGrid gives without making a file. */
const NEWEST = 50;

const ofListsParameter: INodeProperties = {
	...listsParameter,
	description:
		'Only contacts on one of these lists; empty for all. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
};

const maxWaitParameter: INodeProperties = {
	displayName: 'Wait at Most (Minutes)',
	name: 'exportMinutes',
	type: 'number',
	typeOptions: { minValue: 0 },
	default: 10,
	hint: 'Only for more than 50 contacts, or for lists: SendGrid makes a file then',
	description:
		'SendGrid shows only its 50 newest contacts at once. For more, or for lists, it makes a file, which takes seconds to minutes: how long to wait for it, for example 30.',
};

export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many contacts',
		description: 'List contacts: the newest 50 at once, or all of them after a wait',
	},
	properties: [...RETURN_ALL_OR_LIMIT, ofListsParameter, maxWaitParameter],
	async executeItem(context, itemIndex) {
		const wanted = wantedResults(context, itemIndex);
		const listIds = listIdsOf(context, itemIndex);
		if (wanted <= NEWEST && listIds.length === 0) {
			const { body } = await sendGridRequest<{ result?: Contact[] }>(context, {
				method: 'GET',
				path: CONTACTS,
			});
			return (body.result ?? []).slice(0, wanted).map(shown);
		}
		const until = untilOf(context, itemIndex, maxWaitParameter);
		const contacts = await exportContacts(context, listIds, until);
		return contacts.slice(0, wanted).map(fromFile);
	},
};

/** The file calls a contact's ID by another name than the rest of the API. */
function fromFile({ contact_id, ...contact }: IDataObject): IDataObject {
	return shown({ ...(contact_id !== undefined && { id: contact_id }), ...contact });
}
