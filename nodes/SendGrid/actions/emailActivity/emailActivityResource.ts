import type { Resource } from '../operation';
import { get } from './get';
import { getAll } from './getAll';

/** What happened to mail, as SendGrid remembers it. */
export const emailActivityResource: Resource = {
	option: {
		name: 'Email Activity',
		value: 'emailActivity',
		description: 'What happened to each mail; needs an add-on of SendGrid',
	},
	defaultOperation: getAll,
	operations: [getAll, get],
};
