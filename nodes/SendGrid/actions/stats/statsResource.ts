import type { Resource } from '../operation';
import { get } from './get';

/** How much was sent, and what became of it. */
export const statsResource: Resource = {
	option: { name: 'Stats', value: 'stats', description: 'Count what became of the mail' },
	defaultOperation: get,
	operations: [get],
};
