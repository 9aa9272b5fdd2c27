import type { IHookFunctions } from 'n8n-workflow';
import {
	deleteEventWebhook,
	listEventWebhooks,
	updateEventWebhook,
	type EventWebhook,
	type EventWebhookList,
} from '../../api/eventWebhooks';
import { claim, claimOf, dropClaim, putOff } from './claims';
import {
	explain,
	isTest,
	isUncertain,
	log,
	SHORT_LIMITS,
	storedRegistration,
	workflowIdOf,
} from './hookContext';
import { explainGone, explainLeftBehind } from './messages';
import { findOwn, isLeftOver, isTakenDown, takenDown } from './plan';
import type { StoredRegistration } from './storedRegistration';

/**
 * How long the removal of a webhook is put off. n8n takes a trigger down and up again whenever its
 * workflow is edited, without saying which of the two follows: within this time, the webhook stays.
 * A busy n8n was seen to take more than five seconds from the one to the other.
 * Further attempts, should SendGrid not be able to.
 */
const REMOVAL_DELAYS_MS = [10_000, 60_000, 10 * 60_000, 3_600_000];

/**
 * Marks the webhook as leaving and has it removed after some seconds.
 *
 * @throws NodeApiError if SendGrid refuses, and waiting will not help
 */
export async function takeDown(context: IHookFunctions, url: string): Promise<void> {
	const stored = storedRegistration(context);
	const isMarked = await markAsLeaving(context, url, stored).catch((error: unknown) => {
		if (!isUncertain(context, error)) return explain(context, url, explainLeftBehind)(error);
		log(context, 'warn', explainLeftBehind(url, (error as Error).message));
		return false;
	});
	if (stored.publicKey) stored.takenDownAt = Date.now();
	if (isMarked === undefined) dropClaim(url);
	else removeSoon(context, url, isMarked);
}

/** @returns whether the webhook says now that it is leaving; `undefined` if there is none */
async function markAsLeaving(
	context: IHookFunctions,
	url: string,
	stored: StoredRegistration,
): Promise<boolean | undefined> {
	const { webhooks } = await listEventWebhooks(context, SHORT_LIMITS);
	const own = findOwn(webhooks, url);
	if (own === undefined) {
		if (stored.webhookId !== undefined && stored.url === url) {
			log(context, 'warn', explainGone(url));
		}
		return undefined;
	}
	if (isTakenDown(own)) return true;
	return await updateEventWebhook(context, own.id, takenDown(own)).then(
		() => true,
		() => false,
	);
}

/**
 * @param isMarked whether only to remove a webhook that still says that it is leaving. Another n8n
 * process, which knows nothing of this one, may publish the workflow again.
 */
function removeSoon(context: IHookFunctions, url: string, isMarked: boolean): void {
	claim(url, workflowIdOf(context));
	void putOff(
		url,
		REMOVAL_DELAYS_MS,
		async () => {
			await removeAt(context, url, (webhook) => !isMarked || isTakenDown(webhook));
			dropClaim(url);
		},
		({ message }) => log(context, 'warn', explainLeftBehind(url, message)),
	);
}

/**
 * Removes the webhook at exactly this URL, if there is one.
 *
 * @param mayGo whether to remove it as it is by now
 * @throws NodeApiError
 */
export async function removeAt(
	context: IHookFunctions,
	url: string,
	mayGo: (webhook: EventWebhook) => boolean = () => true,
): Promise<void> {
	const own = findOwn((await listEventWebhooks(context)).webhooks, url);
	if (own !== undefined && mayGo(own)) await deleteEventWebhook(context, own.id);
}

/**
 * After an attempt that failed: what was there before stays, or goes on leaving.
 *
 * @param halfMadeId what the attempt made and could not remove
 * @throws NodeApiError
 */
export async function cleanUp(
	context: IHookFunctions,
	url: string,
	halfMadeId?: string,
): Promise<void> {
	dropClaim(url);
	if (halfMadeId !== undefined) {
		await deleteEventWebhook(context, halfMadeId).catch(explain(context, url, explainLeftBehind));
		return;
	}
	const { webhooks } = await listEventWebhooks(context, SHORT_LIMITS);
	const own = findOwn(webhooks, url);
	if (own && isTakenDown(own)) removeSoon(context, url, true);
}

/** Does what an n8n that was stopped in the wrong second could not do any more. */
export async function removeLeftOvers(
	context: IHookFunctions,
	{ webhooks }: EventWebhookList,
	url: string,
): Promise<void> {
	if (isTest(context)) return;
	const leftOvers = webhooks.filter((webhook) => isLeftOver(webhook, url, Date.now()));
	for (const { id, url: leftUrl } of leftOvers) {
		if (claimOf(leftUrl) !== undefined) continue;
		await deleteEventWebhook(context, id).then(
			() =>
				log(context, 'info', `Removed the Event Webhook of an unpublished trigger, at ${leftUrl}.`),
			(error: Error) => log(context, 'warn', explainLeftBehind(leftUrl, error.message)),
		);
	}
}
