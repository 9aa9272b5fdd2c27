import type { EventWebhook } from '../../api/eventWebhooks';
import {
	EVENT_WEBHOOKS_PAGE,
	nameOf,
	withoutSecrets,
	type Refusal,
} from '../../api/webhookRefusals';

/**
 * Says what to do and what is wrong: n8n shows no more than this of a failed publication, and its
 * toasts may cut off the end.
 */
export function explainRefusal(refusal: Refusal, url: string): string {
	switch (refusal) {
		case 'noFreeSlot':
			return `All Event Webhooks of your plan are in use. Delete one in SendGrid under ${EVENT_WEBHOOKS_PAGE}, or upgrade the plan. Then try again.`;
		case 'urlExists':
			return `Delete the Event Webhook at ${url} in SendGrid, under ${EVENT_WEBHOOKS_PAGE} of the account that has it (perhaps a subuser), and try again. It exists, but SendGrid does not list it for this API key.`;
		case 'invalidUrl':
			return `Set the environment variable WEBHOOK_URL (in newer n8n: N8N_WEBHOOK_URL) to the public https address of this n8n and restart n8n. SendGrid cannot post to ${url}.`;
		case 'lockedByPlan':
			return `Delete an Event Webhook that is no longer needed in SendGrid, under ${EVENT_WEBHOOKS_PAGE}, or upgrade the plan. Then try again. There are more of them than your plan allows now, so SendGrid does not let the one at ${url} be changed.`;
	}
}

/**
 * Said when a webhook could not be removed. The reason comes first: n8n shows only this, and not why
 * listening failed, when that left nothing behind.
 */
export function explainLeftBehind(url: string, reason: string): string {
	return `${reason.replace(/\.?$/, '.')} The Event Webhook at ${url} could not be removed. If it is there and not wanted any more, delete it in SendGrid, under ${EVENT_WEBHOOKS_PAGE}.`;
}

/** Said when a webhook that the node remembers has another URL than the node. */
export function explainElsewhere(webhook: EventWebhook, url: string): string {
	return `The Event Webhook ${nameOf(webhook)} was left alone, and one of its own made for ${withoutSecrets(url)}. This workflow seems to be a copy of one that runs there. If this n8n has moved from there, delete the old webhook in SendGrid, under ${EVENT_WEBHOOKS_PAGE}.`;
}

/** Said when the webhook that the node remembers is not in the account. */
export function explainGone(url: string): string {
	return `The Event Webhook at ${url} is not in the SendGrid account of the credential any more. If the credential has been changed to another account since the workflow was published, delete the webhook in the account it was made in, under ${EVENT_WEBHOOKS_PAGE}: SendGrid would go on posting.`;
}

/** Said when n8n cleans up for a workflow that never had the URL. */
export function explainOfOtherWorkflow(url: string): string {
	return `The Event Webhook at ${url} was left alone: another workflow of this n8n uses it. A copy of a workflow needs a webhook ID of its own: delete the trigger node in the copy and add it anew.`;
}

/** Said when a trigger goes on without SendGrid having been asked or changed. */
export function explainUnchecked(url: string, reason: string): string {
	return `The Event Webhook at ${url} was left as it is, because SendGrid could not be asked or did not take the change. Posts to it are received and verified. This n8n tries again by itself. ${reason}`;
}
/** @param position of the key in the list that the user entered, from 1 */
export function explainBadKey(position: number, keyCount: number): string {
	const which = keyCount === 1 ? 'This' : `Number ${position} of the keys`;
	return `${which} isn't a verification key. Those start with MFkw; SG.… is an API key.`;
}
