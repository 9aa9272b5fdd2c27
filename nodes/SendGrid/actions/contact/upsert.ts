import type { BatchOperation } from '../operation';
import {
	ContactForm,
	emailParameter,
	fieldsParameter,
	listIdsOf,
	listsParameter,
} from './contactForm';
import { importContacts } from './importContacts';
import { JOB_WAIT } from './jobWait';

export const upsert: BatchOperation = {
	option: {
		name: 'Create or Update',
		value: 'upsert',
		action: 'Create or update a contact',
		description: 'Create a new contact, or update the current one if it already exists (upsert)',
	},
	properties: [emailParameter, listsParameter, fieldsParameter, ...JOB_WAIT],
	async executeAll(context) {
		const form = new ContactForm(context);
		return await importContacts(context, async (itemIndex) => ({
			contact: await form.read(itemIndex),
			listIds: listIdsOf(context, itemIndex),
		}));
	},
};
