import { ifFound } from '../../api/ifFound';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest, type SendGridApiContext } from '../../api/sendGridRequest';

export const SCHEDULED_SENDS = '/v3/user/scheduled_sends';

/** What was decided about a batch; `none`: nothing, its mail goes out at its time. */
export type BatchStatus = 'pause' | 'cancel' | 'none';

/** Where what was decided about one batch is kept. */
export function batchPath(batchId: string): string {
	return pathOf(SCHEDULED_SENDS, batchId);
}

/** SendGrid knows only batches that are paused or cancelled; of any other it says nothing. */
export async function readStatus(
	context: SendGridApiContext,
	batchId: string,
): Promise<BatchStatus> {
	const response = await ifFound(
		sendGridRequest<Array<{ batch_id: string; status: BatchStatus }>>(context, {
			method: 'GET',
			path: batchPath(batchId),
		}),
	);
	return response?.body.find(({ batch_id }) => batch_id === batchId)?.status ?? 'none';
}

/** Pauses or cancels a batch, whatever was decided about it before. */
export async function writeStatus(
	context: SendGridApiContext,
	batchId: string,
	status: 'pause' | 'cancel',
): Promise<void> {
	const before = await readStatus(context, batchId);
	if (before === status) return;
	// SendGrid takes the first decision by POST only, and every later one by PATCH only.
	if (before === 'none') {
		const body = { batch_id: batchId, status };
		await sendGridRequest(context, { method: 'POST', path: SCHEDULED_SENDS, body });
	} else {
		await sendGridRequest(context, { method: 'PATCH', path: batchPath(batchId), body: { status } });
	}
}
