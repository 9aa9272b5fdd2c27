import type { INodeProperties } from 'n8n-workflow';
import { ifFound } from '../../api/ifFound';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readBoolean } from '../../fields/parameters';
import { finishedJob, JOB_WAIT, waitUntil } from '../contact/jobWait';
import type { ItemOperation } from '../operation';
import { listIdOf, listParameter, listPath } from './parameters';

const deleteContactsParameter: INodeProperties = {
	displayName: 'Delete Contacts',
	name: 'deleteContacts',
	type: 'boolean',
	default: false,
	description:
		'Whether to delete the contacts on the list, too. They are gone for good, from all other lists as well.',
};

export const deleteList: ItemOperation = {
	option: {
		name: 'Delete',
		value: 'delete',
		action: 'Delete a list',
		description: 'Delete a list; its contacts stay, unless you want them deleted, too',
	},
	properties: [
		listParameter,
		deleteContactsParameter,
		...JOB_WAIT.map((property) => ({
			...property,
			displayOptions: { show: { deleteContacts: [true], ...property.displayOptions?.show } },
		})),
	],
	async executeItem(context, itemIndex) {
		const id = listIdOf(context, itemIndex);
		const withContacts = readBoolean(context, itemIndex, deleteContactsParameter);
		const until = withContacts ? waitUntil(context) : undefined;
		const response = await ifFound(
			sendGridRequest<{ job_id?: string } | ''>(context, {
				method: 'DELETE',
				path: listPath(id),
				...(withContacts && { query: { delete_contacts: true } }),
			}),
		);
		if (response === undefined) return { id, deleted: false };
		// Without contacts there is nothing to do in the background, and no answer.
		const jobId = response.body === '' ? undefined : response.body.job_id;
		return {
			id,
			deleted: true,
			...(jobId !== undefined && { job: await finishedJob(context, jobId, until) }),
		};
	},
};
