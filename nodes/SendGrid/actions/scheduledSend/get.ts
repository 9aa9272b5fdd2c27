import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';
import { readStatus } from './status';

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get the status of a scheduled send',
		description:
			'Show whether scheduled mail is paused or cancelled; "none" means it goes out on time',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		return { batchId, status: await readStatus(context, batchId) };
	},
};
