import { sendGridErrors } from './apiError';
import type { EventWebhook, EventWebhookList } from './eventWebhooks';

/** Where SendGrid's page has the webhooks. */
export const EVENT_WEBHOOKS_PAGE = 'Settings > Mail Settings > Event Webhooks';

/** Why SendGrid did not take the settings of a webhook. */
export type Refusal = 'noFreeSlot' | 'urlExists' | 'invalidUrl' | 'lockedByPlan';

/** SendGrid has no codes for these errors, only texts; see its Event Webhook API reference. */
const REFUSAL_TEXTS: ReadonlyArray<[RegExp, Refusal]> = [
	[/maximum number of webhooks/i, 'noFreeSlot'],
	[/already exists/i, 'urlExists'],
	[/is not a valid url/i, 'invalidUrl'],
	[/cannot be modified based on your current billing plan/i, 'lockedByPlan'],
];

/** @param messages SendGrid's own words */
export function refusalIn(messages: string[]): Refusal | undefined {
	return REFUSAL_TEXTS.find(([text]) => messages.some((message) => text.test(message)))?.[1];
}

/** Why a call of the API failed, if it is one of the known reasons. */
export function refusalOf(error: unknown): Refusal | undefined {
	return refusalIn(sendGridErrors(error).map(({ message }) => message));
}

/** Says what to do when all slots are taken, and by what they are. */
export function explainFullSlots({ max_allowed, webhooks }: EventWebhookList): string {
	const names = webhooks
		.map((webhook) => `${nameOf(webhook)}${webhook.enabled ? '' : ' (disabled, counts as well)'}`)
		.join(', ');
	return `All ${max_allowed} Event Webhooks of your plan are in use. Delete one in SendGrid under ${EVENT_WEBHOOKS_PAGE}, or upgrade the plan. Then try again. In use: ${names}.`;
}

/** How a message names a webhook. */
export function nameOf({ friendly_name, url }: EventWebhook): string {
	return `"${friendly_name || 'without a name'}" at ${withoutSecrets(url)}`;
}

/** Other people's addresses can carry a password or a token. */
export function withoutSecrets(url: string): string {
	if (!URL.canParse(url)) return 'an unreadable address';
	const { origin, pathname } = new URL(url);
	return `${origin}${pathname}`;
}
