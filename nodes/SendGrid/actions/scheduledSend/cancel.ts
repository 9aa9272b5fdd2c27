import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';
import { writeStatus } from './status';

export const cancel: ItemOperation = {
	option: {
		name: 'Cancel',
		value: 'cancel',
		action: 'Cancel a scheduled send',
		description: 'Cancel scheduled mail, at least 10 minutes before its time',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		await writeStatus(context, batchId, 'cancel');
		return { batchId, status: 'cancel' };
	},
};
