import type { Resource } from '../operation';
import { get } from './get';

/** How much was sent, and what became of it. */
export const statsResource: Resource = {
	option: {
		name: 'Stats',
		value: 'stats',
		description: 'Counts of deliveries, opens, clicks, bounces and more',
	},
	defaultOperation: get,
	operations: [get],
};
