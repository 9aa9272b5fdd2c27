import { ifFound } from '../../api/ifFound';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';
import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';

export const validateBatchId: ItemOperation = {
	option: {
		name: 'Validate Batch ID',
		value: 'validateBatchId',
		action: 'Validate a batch ID',
		description: 'Check whether SendGrid knows a batch ID, even if no mail has used it yet',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		const path = pathOf('/v3/mail/batch', batchId);
		const request = sendGridRequest(context, { method: 'GET', path });
		// SendGrid answers 400 to an ID that it does not know.
		return { batchId, valid: (await ifFound(request, [400, 404])) !== undefined };
	},
};
