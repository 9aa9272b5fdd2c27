import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';
import { writeStatus } from './status';

export const pause: ItemOperation = {
	option: {
		name: 'Pause',
		value: 'pause',
		action: 'Pause a scheduled send',
		description:
			'Hold back the scheduled mail of a batch until Resume. SendGrid throws it away 72 hours after its time.',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		await writeStatus(context, batchId, 'pause');
		return { batchId, status: 'pause' };
	},
};
