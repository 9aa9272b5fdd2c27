import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';
import { readStatus } from './status';

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get the status of a scheduled send',
		description:
			'Tell whether scheduled mail is paused or cancelled; none: it goes out at its time',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		return { batchId, status: await readStatus(context, batchId) };
	},
};
