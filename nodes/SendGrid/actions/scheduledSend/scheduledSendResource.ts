import type { Resource } from '../operation';
import { cancel } from './cancel';
import { get } from './get';
import { getAll } from './getAll';
import { pause } from './pause';
import { resume } from './resume';
import { validateBatchId } from './validateBatchId';

/** Second thoughts about mail that was sent with a time and a batch ID. */
export const scheduledSendResource: Resource = {
	option: {
		name: 'Scheduled Send',
		value: 'scheduledSend',
		description: 'Pause, cancel or resume mail that is scheduled',
	},
	defaultOperation: get,
	operations: [get, getAll, pause, cancel, resume, validateBatchId],
};
