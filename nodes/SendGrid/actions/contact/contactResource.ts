import type { Resource } from '../operation';
import { deleteContacts } from './delete';
import { deleteAll } from './deleteAll';
import { get } from './get';
import { getAll } from './getAll';
import { getJob } from './getJob';
import { search } from './search';
import { upsert } from './upsert';

/** People in SendGrid's Marketing Campaigns. */
export const contactResource: Resource = {
	option: {
		name: 'Contact',
		value: 'contact',
		description: 'Marketing contacts: create, update, find and delete them',
	},
	defaultOperation: upsert,
	operations: [upsert, get, getAll, search, getJob, deleteContacts, deleteAll],
};
