import type { INodeProperties } from 'n8n-workflow';
import { readJob, waitForJob } from '../../api/contacts';
import { readRequiredText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { JOB_WAIT, waitUntil } from './jobWait';

const jobIdParameter: INodeProperties = {
	displayName: 'Job ID',
	name: 'jobId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. 0f1c2d3e-4a5b-6c7d-8e9f-0123456789ab',
	description: 'What Create or Update, Delete or an operation of List put out in the field "job"',
};

export const getJob: ItemOperation = {
	option: {
		name: 'Get Job',
		value: 'getJob',
		action: 'Get the status of a contact job',
		description: 'Show how far SendGrid is with importing or deleting contacts',
	},
	properties: [jobIdParameter, ...JOB_WAIT],
	async executeItem(context, itemIndex) {
		const remedy = 'Enter the ID from the field "job" of the other operation\'s output.';
		const id = readRequiredText(context, itemIndex, jobIdParameter, remedy);
		const until = waitUntil(context);
		return until === undefined ? await readJob(context, id) : await waitForJob(context, id, until);
	},
};
