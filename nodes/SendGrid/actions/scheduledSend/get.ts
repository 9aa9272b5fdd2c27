import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';
import { readStatus } from './status';

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get the status of a scheduled send',
		description:
			'Tell whether the scheduled mail of a batch is paused or cancelled. "status" is pause, cancel or none; none means that nothing holds it back.',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		return { batchId, status: await readStatus(context, batchId) };
	},
};
