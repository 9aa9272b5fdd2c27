import type { Resource } from '../operation';
import { create } from './create';
import { getAll } from './getAll';

/** Kinds of mail that recipients can unsubscribe from separately. */
export const unsubscribeGroupResource: Resource = {
	option: {
		name: 'Unsubscribe Group',
		value: 'unsubscribeGroup',
		description: 'Kinds of mail that recipients can unsubscribe from separately',
	},
	defaultOperation: getAll,
	operations: [getAll, create],
};
