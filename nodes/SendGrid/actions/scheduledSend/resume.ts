import { NodeOperationError } from 'n8n-workflow';
import { ifFound } from '../../api/ifFound';
import { sendGridRequest } from '../../api/sendGridRequest';
import type { ItemOperation } from '../operation';
import { batchIdOf, batchIdParameter } from './parameters';
import { batchPath } from './status';

export const resume: ItemOperation = {
	option: {
		name: 'Resume',
		value: 'resume',
		action: 'Resume a scheduled send',
		description: 'Undo Pause or Cancel; mail whose time has passed goes out at once',
	},
	properties: [batchIdParameter],
	async executeItem(context, itemIndex) {
		const batchId = batchIdOf(context, itemIndex);
		const request = sendGridRequest(context, { method: 'DELETE', path: batchPath(batchId) });
		// Not passed over: with a wrong batch ID, the mail meant would stay where it is.
		if ((await ifFound(request)) === undefined) {
			throw new NodeOperationError(
				context.getNode(),
				`Check the batch ID: the batch "${batchId}" is neither paused nor cancelled`,
				{ itemIndex, description: 'If it is right, the mail needs no Resume.' },
			);
		}
		return { batchId, status: 'none' };
	},
};
