import type { IHookFunctions } from 'n8n-workflow';
import {
	postSampleEvents,
	type EventWebhook,
	type EventWebhookList,
} from '../../api/eventWebhooks';
import { log } from './hookContext';
import { findSibling } from './plan';

/** The sample events are a convenience: a failure shows in the log only. */
export async function requestSampleEvents(
	context: IHookFunctions,
	target: Parameters<typeof postSampleEvents>[1],
): Promise<void> {
	await postSampleEvents(context, target).catch((error: Error) =>
		log(
			context,
			'warn',
			`SendGrid does not post its sample events. Real events arrive all the same. ${error.message}`,
		),
	);
}

/**
 * Sample events need no webhook of their own, only a key to be signed with. When all slots are
 * taken, the webhook of the published workflow lends its key, and stays as it is.
 */
export function findSigner(
	{ webhooks, max_allowed }: EventWebhookList,
	url: string,
): EventWebhook | undefined {
	const sibling = webhooks.length >= max_allowed ? findSibling(webhooks, url) : undefined;
	return sibling?.public_key ? sibling : undefined;
}
