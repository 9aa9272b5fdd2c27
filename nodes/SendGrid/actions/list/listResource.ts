import type { Resource } from '../operation';
import { addContacts } from './addContacts';
import { create } from './create';
import { deleteList } from './delete';
import { get } from './get';
import { getAll } from './getAll';
import { removeContacts } from './removeContacts';
import { update } from './update';

/** Lists of marketing contacts. */
export const listResource: Resource = {
	option: {
		name: 'List',
		value: 'list',
		description: 'Lists of marketing contacts, and who is on them',
	},
	defaultOperation: getAll,
	operations: [getAll, get, create, update, deleteList, addContacts, removeContacts],
};
