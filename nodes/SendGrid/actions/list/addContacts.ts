import { ContactForm, emailParameter, fieldsParameter } from '../contact/contactForm';
import { importContacts } from '../contact/importContacts';
import { JOB_WAIT } from '../contact/jobWait';
import type { BatchOperation } from '../operation';
import { listIdOf, listParameter } from './parameters';

/** SendGrid has no call of its own for this: a contact is put on a list by updating it. */
export const addContacts: BatchOperation = {
	option: {
		name: 'Add Contacts',
		value: 'addContacts',
		action: 'Add contacts to a list',
		description: 'Put contacts on a list, new ones too: one for each input item',
	},
	properties: [listParameter, emailParameter, fieldsParameter, ...JOB_WAIT],
	async executeAll(context) {
		const form = new ContactForm(context);
		return await importContacts(context, async (itemIndex) => ({
			contact: await form.read(itemIndex),
			listIds: [listIdOf(context, itemIndex)],
		}));
	},
};
