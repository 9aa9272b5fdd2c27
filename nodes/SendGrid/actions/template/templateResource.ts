import type { Resource } from '../operation';
import { get } from './get';
import { getAll } from './getAll';

/** The templates made in SendGrid's editor, to read. */
export const templateResource: Resource = {
	option: { name: 'Template', value: 'template', description: 'Look up email templates' },
	defaultOperation: getAll,
	operations: [getAll, get],
};
