import type { EventWebhookList } from '../../api/eventWebhooks';

const EVENT_WEBHOOKS_PAGE = 'In SendGrid, open Settings > Mail Settings > Event Webhooks';

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

/** Says what is wrong and what to do: n8n shows no more than this of a failed publication. */
export function explainRefusal(refusal: Refusal, url: string): string {
	switch (refusal) {
		case 'noFreeSlot':
			return `SendGrid allows no further Event Webhook on your plan. ${EVENT_WEBHOOKS_PAGE} and delete one that is no longer needed, or upgrade the plan. Then try again.`;
		case 'urlExists':
			return `SendGrid already has an Event Webhook at ${url}, but does not list it for this API key. ${EVENT_WEBHOOKS_PAGE} in the account that has it (perhaps a subuser) and delete it there. Then try again.`;
		case 'invalidUrl':
			return `SendGrid does not accept ${url} as the address to post events to. It must be an https address that can be reached from the Internet: set the environment variable WEBHOOK_URL of n8n to the public address of this n8n and restart it.`;
		case 'lockedByPlan':
			return `SendGrid does not let the Event Webhook at ${url} be changed: your plan now allows fewer webhooks than there are. ${EVENT_WEBHOOKS_PAGE} and delete those that are no longer needed, or upgrade the plan. Then try again.`;
	}
}

/** Like `explainRefusal('noFreeSlot')`, with what takes up the slots. */
export function explainFullSlots({ max_allowed, webhooks }: EventWebhookList): string {
	const names = webhooks
		.map(
			({ friendly_name, url, enabled }) =>
				`"${friendly_name || 'without a name'}" at ${withoutSecrets(url)}${enabled ? '' : ' (disabled)'}`,
		)
		.join(', ');
	return `SendGrid allows ${max_allowed} Event Webhooks on your plan and ${webhooks.length} of ${max_allowed} are in use: ${names}. None of them was touched. ${EVENT_WEBHOOKS_PAGE} and delete one that is no longer needed (disabled ones count as well), or upgrade the plan. Then try again.`;
}

/** Said when a webhook could not be removed again. */
export function explainLeftBehind(url: string, reason: string): string {
	return `The Event Webhook at ${url} is still in SendGrid. ${reason} ${EVENT_WEBHOOKS_PAGE} and delete it there if it is not wanted.`;
}

/** Other people's addresses can carry a password or a token. */
function withoutSecrets(url: string): string {
	if (!URL.canParse(url)) return 'an unreadable address';
	const { origin, pathname } = new URL(url);
	return `${origin}${pathname}`;
}

/** @param position of the key in the list that the user entered, from 1 */
export function explainBadKey(position: number, keyCount: number): string {
	const which = keyCount === 1 ? 'This' : `Number ${position} of the keys`;
	return `${which} isn't a verification key. Those start with MFkw; SG.… is an API key.`;
}
