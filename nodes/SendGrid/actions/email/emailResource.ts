import type { Resource } from '../operation';
import { preview } from './preview';
import { send } from './send';
import { sendAndWait } from './sendAndWait/sendAndWait';
import { sendMany } from './sendMany';

/** Sending mail: one mail at a time, or one to each of many recipients. */
export const emailResource: Resource = {
	option: {
		name: 'Email',
		value: 'email',
		description: 'Send email to one person or to many',
	},
	defaultOperation: send,
	operations: [send, sendMany, sendAndWait, preview],
};
