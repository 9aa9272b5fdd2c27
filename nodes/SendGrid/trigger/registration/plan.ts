import { EVENT_TYPES } from '../../events/eventTypes';
import type { EventWebhook, EventWebhookSettings } from '../../api/eventWebhooks';

/** SendGrid documents no limit; its lists show about this much. */
const FRIENDLY_NAME_LENGTH = 64;

/** What SendGrid is to know about the trigger. */
export interface Wish {
	/** Where n8n receives the events. */
	url: string;
	/** Payload names, for example `spamreport`; unknown ones count for nothing. */
	events: string[];
	workflowName: string;
	nodeName: string;
}

/** Translates the user's choice to SendGrid's settings. */
export function desiredSettings({
	url,
	events,
	workflowName,
	nodeName,
}: Wish): EventWebhookSettings {
	const flags = EVENT_TYPES.map(({ name, settingsFlag }) => [settingsFlag, events.includes(name)]);
	return {
		url,
		enabled: true,
		friendly_name: [...`n8n: ${workflowName} - ${nodeName}`]
			.slice(0, FRIENDLY_NAME_LENGTH)
			.join('')
			.trim(),
		...Object.fromEntries(flags),
	};
}

/**
 * Finds the webhook that is ours: the one with exactly our URL, which holds the node's own id, or
 * else the one whose id we stored. Whatever else there is belongs to somebody else.
 */
export function findOwn(
	webhooks: EventWebhook[],
	url: string,
	storedId?: string,
): EventWebhook | undefined {
	return (
		webhooks.find((webhook) => isSameUrl(webhook.url, url)) ??
		webhooks.find(({ id }) => id === storedId)
	);
}

/**
 * Finds the webhook of the same node under its other address: n8n receives test events at
 * `/webhook-test/<node's id>/events`, and those of the published workflow at
 * `/webhook/<node's id>/events`. Both parts before the id can be configured.
 */
export function findSibling(webhooks: EventWebhook[], url: string): EventWebhook | undefined {
	const own = addressOf(url);
	return webhooks.find((webhook) => {
		if (isSameUrl(webhook.url, url) || !URL.canParse(webhook.url)) return false;
		const other = addressOf(webhook.url);
		return other.origin === own.origin && other.node === own.node;
	});
}

function addressOf(url: string): { origin: string; node: string } {
	const { origin, pathname } = new URL(url);
	return { origin, node: pathname.split('/').slice(-2).join('/') };
}

/** Compares as browsers do: the case of the host and a default port make no difference. */
function isSameUrl(a: string, b: string): boolean {
	return a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href);
}

/** The calls that lead from what SendGrid has to what is wished, in the order of the members. */
export interface RegistrationPlan {
	/** The body of a POST. */
	create?: EventWebhookSettings;
	/** The body of a PATCH. */
	update?: EventWebhookSettings;
	/** Whether to turn signing on. */
	sign: boolean;
}

/** @param own the webhook that is ours, see `findOwn` */
export function planRegistration(
	desired: EventWebhookSettings,
	own: EventWebhook | undefined,
): RegistrationPlan {
	if (own === undefined) {
		// Account status changes cannot be chosen at creation, only afterwards.
		const { account_status_change: needsUpdate, ...create } = desired;
		return { create, update: needsUpdate ? desired : undefined, sign: true };
	}
	const isAsDesired = Object.entries(desired).every(
		([name, value]) => (own[name] ?? false) === value,
	);
	// SendGrid demands the URL in every PATCH, so the settings go out whole.
	return { update: isAsDesired ? undefined : desired, sign: !own.public_key };
}
