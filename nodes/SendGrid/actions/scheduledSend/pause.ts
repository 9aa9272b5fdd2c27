import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';
import { writeStatus } from './status';

export const pause: ItemOperation = {
	option: {
		name: 'Pause',
		value: 'pause',
		action: 'Pause a scheduled send',
		description:
			'Hold back scheduled mail until Resume; 72 hours after its time SendGrid discards it',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		await writeStatus(context, batchId, 'pause');
		return { batchId, status: 'pause' };
	},
};
