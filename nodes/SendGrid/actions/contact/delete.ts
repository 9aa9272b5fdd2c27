import { CONTACTS } from '../../api/contacts';
import { sendGridRequest } from '../../api/sendGridRequest';
import type { BatchOperation } from '../operation';
import { JOB_WAIT } from './jobWait';
import { contactsParameter, workOnContacts } from './named';

export const deleteContacts: BatchOperation = {
	option: {
		name: 'Delete',
		value: 'delete',
		action: 'Delete contacts',
		description: 'Delete contacts for good, with all that SendGrid knows about them',
	},
	properties: [contactsParameter, ...JOB_WAIT],
	async executeAll(context) {
		return await workOnContacts(context, {
			targetOf: () => '',
			done: 'deleted',
			async start(_, ids) {
				const { body } = await sendGridRequest<{ job_id: string }>(context, {
					method: 'DELETE',
					path: CONTACTS,
					query: { ids: ids.join(',') },
				});
				return body.job_id;
			},
		});
	},
};
