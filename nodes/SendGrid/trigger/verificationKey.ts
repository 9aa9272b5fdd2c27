import type { IWebhookFunctions } from 'n8n-workflow';
import type { Outcome, RefusalReason } from '../events/receivePost';
import { fetchPublicKey, type StoredRegistration } from './registration/registration';
import type { TriggerState } from './triggerState';

/** At most this often is the key asked for again: forged posts must not become calls to SendGrid. */
const KEY_FETCH_INTERVAL_MS = 60_000;

/**
 * Receives a post with the verification key of the automatic setup. If that one does not fit, asks
 * SendGrid for the webhook's current key and tries once more.
 *
 * @param now in milliseconds since 1970
 * @param receiveWith verifies the post with these keys and decides about it
 */
export async function withVerificationKey(
	context: IWebhookFunctions,
	state: TriggerState,
	now: number,
	receiveWith: (publicKeys: string[]) => Outcome,
): Promise<Outcome> {
	const stored = context.getWorkflowStaticData('node') as StoredRegistration;
	const isReplaced = state.replacementKey?.insteadOf === stored.publicKey;
	const usedKey = (isReplaced ? state.replacementKey?.key : undefined) ?? stored.publicKey;
	const outcome = receiveWith(usedKey ? [usedKey] : []);
	if (outcome.kind !== 'refused' || !mayBeWrongKey(outcome.reason)) return outcome;

	const currentKey = await askForKey(context, state, stored, now);
	if (currentKey === undefined || currentKey === usedKey) return outcome;
	state.replacementKey = { key: currentKey, insteadOf: stored.publicKey };
	return receiveWith([currentKey]);
}

/** The key may have been changed in SendGrid, or n8n may have lost what it stored. */
function mayBeWrongKey(reason: RefusalReason): boolean {
	return reason === 'signatureMismatch' || reason === 'noVerificationKey';
}

async function askForKey(
	context: IWebhookFunctions,
	state: TriggerState,
	{ webhookId }: StoredRegistration,
	now: number,
): Promise<string | undefined> {
	if (state.keyFetch === undefined || now - state.keyFetch.startedAt >= KEY_FETCH_INTERVAL_MS) {
		const url = context.getNodeWebhookUrl('default') ?? '';
		const key = fetchPublicKey(context, url, webhookId).catch((error: Error) => {
			context.logger.warn(
				`${context.getNode().name}: could not ask SendGrid for the webhook's verification key: ${error.message}`,
			);
			return undefined;
		});
		state.keyFetch = { startedAt: now, key };
	}
	return await state.keyFetch.key;
}
