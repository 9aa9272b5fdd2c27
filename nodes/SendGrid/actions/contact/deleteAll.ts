import type { INodeProperties } from 'n8n-workflow';
import { CONTACTS } from '../../api/contacts';
import { sendGridRequest } from '../../api/sendGridRequest';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { readText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { finishedJob, JOB_WAIT, waitUntil } from './jobWait';

const CONFIRMATION = 'delete all contacts';

const confirmationParameter: INodeProperties = {
	displayName: 'Confirmation',
	name: 'confirmation',
	type: 'string',
	required: true,
	default: '',
	placeholder: `e.g. ${CONFIRMATION}`,
	description: `Type "${CONFIRMATION}". There is no way back: export your contacts first.`,
};

export const deleteAll: ItemOperation = {
	option: {
		name: 'Delete All',
		value: 'deleteAll',
		action: 'Delete all contacts',
		description: 'Delete every contact of the account for good; you have to type a confirmation',
	},
	properties: [confirmationParameter, ...JOB_WAIT],
	async executeItem(context, itemIndex) {
		if (readText(context, itemIndex, confirmationParameter) !== CONFIRMATION) {
			throw new InvalidFieldError(
				confirmationParameter.displayName,
				`Type "${CONFIRMATION}" if every contact of the account shall be deleted.`,
			);
		}
		const until = waitUntil(context);
		const { body } = await sendGridRequest<{ job_id: string }>(context, {
			method: 'DELETE',
			path: CONTACTS,
			query: { delete_all_contacts: 'true' },
		});
		return { job: await finishedJob(context, body.job_id, until) };
	},
};
