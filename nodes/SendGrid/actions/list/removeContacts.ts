import { sendGridRequest } from '../../api/sendGridRequest';
import { JOB_WAIT } from '../contact/jobWait';
import { contactsParameter, workOnContacts } from '../contact/named';
import type { BatchOperation } from '../operation';
import { listIdOf, listParameter, listPath } from './parameters';

export const removeContacts: BatchOperation = {
	option: {
		name: 'Remove Contacts',
		value: 'removeContacts',
		action: 'Remove contacts from a list',
		description: 'Take contacts off a list; the contacts themselves stay',
	},
	properties: [listParameter, contactsParameter, ...JOB_WAIT],
	async executeAll(context) {
		return await workOnContacts(context, {
			targetOf: (itemIndex) => listIdOf(context, itemIndex),
			done: 'removed',
			async start(listId, ids) {
				const { body } = await sendGridRequest<{ job_id: string }>(context, {
					method: 'DELETE',
					path: `${listPath(listId)}/contacts`,
					query: { contact_ids: ids.join(',') },
				});
				return body.job_id;
			},
		});
	},
};
