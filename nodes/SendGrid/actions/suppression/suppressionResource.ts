import type { Resource } from '../operation';
import { add } from './add';
import { check } from './check';
import { getAll } from './getAll';
import { remove } from './remove';

/** The lists of addresses that SendGrid does not deliver to. */
export const suppressionResource: Resource = {
	option: {
		name: 'Suppression',
		value: 'suppression',
		description: 'Bounces, blocks, invalid addresses, spam reports and unsubscribes',
	},
	defaultOperation: check,
	operations: [check, getAll, add, remove],
};
