import type { Resource } from '../operation';
import { get } from './get';
import { getAll } from './getAll';

/** What happened to mail, as SendGrid remembers it. */
export const emailActivityResource: Resource = {
	option: {
		name: 'Email Activity',
		value: 'emailActivity',
		description: 'What happened to mail: deliveries, opens and clicks; needs an add-on',
	},
	defaultOperation: getAll,
	operations: [getAll, get],
};
