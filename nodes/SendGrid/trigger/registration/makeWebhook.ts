import { sleep, type IHookFunctions } from 'n8n-workflow';
import { mayHaveActed } from '../../api/apiError';
import {
	createEventWebhook,
	deleteEventWebhook,
	listEventWebhooks,
	type EventWebhookList,
	type EventWebhookSettings,
} from '../../api/eventWebhooks';
import { explainFullSlots, refusalOf } from '../../api/webhookRefusals';
import { claimOf } from './claims';
import { log, withMessage } from './hookContext';
import { explainLeftBehind } from './messages';
import { findOwn, isLeaving } from './plan';
import type { StoredRegistration } from './storedRegistration';

/** By then n8n has removed a webhook that is leaving, or has published its workflow again. */
const LEAVING_MS = 15_000;

/** How often to look meanwhile, when its slot is wanted. */
const SLOT_POLL_MS = 2500;

/**
 * Creates a webhook. Finds it instead if SendGrid has made it and the answer was lost.
 *
 * @param list what SendGrid had right before
 * @returns its id
 * @throws NodeApiError; if all slots are taken, with what takes them
 */
export async function makeWebhook(
	context: IHookFunctions,
	settings: EventWebhookSettings,
	list: EventWebhookList,
): Promise<string> {
	return await createEventWebhook(context, settings).catch(async (error: unknown) => {
		const refusal = refusalOf(error);
		if (refusal === 'noFreeSlot') {
			const full = await waitForFreeSlot(context, list, settings.url);
			if (full === undefined) return await createEventWebhook(context, settings);
			throw withMessage(context, error, explainFullSlots(full));
		}
		if (mayHaveActed(error) || refusal === 'urlExists') {
			const made = findOwn((await listEventWebhooks(context)).webhooks, settings.url);
			if (made !== undefined) return made.id;
		}
		throw error;
	});
}

/**
 * Waits for the webhooks of this n8n that are about to be removed: an unpublished workflow has its
 * slot for some seconds more. It may just be edited, and then keeps it. One that is still leaving
 * afterwards was left behind, and is removed.
 *
 * @param list of when all slots were taken
 * @returns how the slots are taken if none became free
 */
async function waitForFreeSlot(
	context: IHookFunctions,
	list: EventWebhookList,
	url: string,
): Promise<EventWebhookList | undefined> {
	const findLeaving = ({ webhooks }: EventWebhookList) =>
		webhooks.find((webhook) => isLeaving(webhook, url));
	let latest = list;
	for (let waited = 0; waited < LEAVING_MS; waited += SLOT_POLL_MS) {
		if (findLeaving(latest) === undefined) return latest;
		await sleep(SLOT_POLL_MS);
		latest = await listEventWebhooks(context);
		if (latest.webhooks.length < latest.max_allowed) return undefined;
	}
	const leftOver = findLeaving(latest);
	if (leftOver === undefined) return latest;
	await deleteEventWebhook(context, leftOver.id);
	return undefined;
}

/** Removes a webhook that was made and could not be finished. A failure shows in the log only. */
export async function removeHalfMade(
	context: IHookFunctions,
	id: string,
	stored: StoredRegistration,
): Promise<void> {
	const { url } = stored;
	await deleteEventWebhook(context, id).then(
		() => {
			delete stored.webhookId;
			delete stored.url;
		},
		(error: Error) => {
			// n8n calls `delete` after a failed `create`, which tries once more.
			const made = claimOf(url as string);
			if (made) made.halfMadeId = id;
			log(context, 'warn', explainLeftBehind(url as string, error.message));
		},
	);
}
