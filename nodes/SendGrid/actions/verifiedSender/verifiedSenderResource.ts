import type { Resource } from '../operation';
import { getAll } from './getAll';

/** The single addresses that may send; senders of authenticated domains are not among them. */
export const verifiedSenderResource: Resource = {
	option: {
		name: 'Verified Sender',
		value: 'verifiedSender',
		description: 'The single addresses that you may send from',
	},
	defaultOperation: getAll,
	operations: [getAll],
};
