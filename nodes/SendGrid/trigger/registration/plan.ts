import { EVENT_TYPES } from '../../events/eventTypes';
import type { EventWebhook, EventWebhookSettings, OAuthSettings } from '../../api/eventWebhooks';
import type { StoredRegistration } from './storedRegistration';

/** SendGrid documents no limit; its lists show about this much. */
const FRIENDLY_NAME_LENGTH = 64;

/** Ends the name of a webhook that is to be removed in a moment, see `unregister`. */
const TAKEN_DOWN = ' (unpublished)';

/** By then a removal that was put off has been done, or dropped. */
const LEFT_OVER_AFTER_MS = 30_000;

/** What SendGrid is to know about the trigger. */
export interface Wish {
	/** Where n8n receives the events. */
	url: string;
	/** Payload names, for example `spamreport`; unknown ones count for nothing. */
	events: string[];
	/** The user's own name for the webhook; absent or empty for one made of the next two. */
	friendlyName?: string;
	workflowName: string;
	nodeName: string;
	/** Where SendGrid gets a token for its posts, if a gateway in front of n8n demands one. */
	oauth?: OAuthSettings;
}

/** Translates the user's choice to SendGrid's settings. */
export function desiredSettings(wish: Wish): EventWebhookSettings {
	const { url, events, friendlyName, workflowName, nodeName, oauth } = wish;
	const flags = EVENT_TYPES.map(({ name, settingsFlag }) => [settingsFlag, events.includes(name)]);
	return {
		url,
		enabled: true,
		friendly_name: cut(friendlyName || `n8n: ${workflowName} - ${nodeName}`, FRIENDLY_NAME_LENGTH),
		...Object.fromEntries(flags),
		...oauth,
	};
}

function cut(text: string, length: number): string {
	return [...text].slice(0, length).join('').trim();
}

/** Finds the webhook that is ours: the one with exactly our URL, and no other. */
export function findOwn(webhooks: EventWebhook[], url: string): EventWebhook | undefined {
	return webhooks.find((webhook) => isSameUrl(webhook.url, url));
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

/** Whether the webhook has the URL of a trigger of the same n8n, a published one like that at `url`. */
function isOfSameN8n(webhook: EventWebhook, url: string): boolean {
	if (!URL.canParse(webhook.url)) return false;
	const [other, own] = [addressOf(webhook.url), addressOf(url)];
	return other.origin === own.origin && other.prefix === own.prefix && other.end === own.end;
}

function addressOf(url: string) {
	const { origin, pathname } = new URL(url);
	const parts = pathname.split('/');
	const node = parts.slice(-2).join('/');
	return { origin, prefix: parts.slice(0, -2).join('/'), node, end: parts.at(-1) };
}

/** Compares as browsers do: the case of the host and a default port make no difference. */
function isSameUrl(a: string, b: string): boolean {
	return a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href);
}

/** The settings of a webhook as it is, but for a name that says that it will be removed. */
export function takenDown(webhook: EventWebhook): EventWebhookSettings {
	const { url, enabled, friendly_name } = webhook;
	const flags = EVENT_TYPES.map(({ settingsFlag }) => [
		settingsFlag,
		webhook[settingsFlag] === true,
	]);
	const name = cut(friendly_name ?? '', FRIENDLY_NAME_LENGTH - TAKEN_DOWN.length);
	return {
		url,
		enabled,
		friendly_name: `${name}${TAKEN_DOWN}`,
		...Object.fromEntries(flags),
	};
}

/** Whether the webhook still is as `takenDown` has left it. */
export function isTakenDown({ friendly_name }: EventWebhook): boolean {
	return friendly_name?.endsWith(TAKEN_DOWN) ?? false;
}

/**
 * Whether the webhook is that of a trigger on the same host that was taken down: of an unpublished
 * workflow, or of one that is being edited.
 *
 * @param url of any trigger there, also of one that listens for a test event
 */
export function isLeaving(webhook: EventWebhook, url: string): boolean {
	if (!isTakenDown(webhook) || !URL.canParse(webhook.url)) return false;
	const [other, own] = [addressOf(webhook.url), addressOf(url)];
	return other.origin === own.origin && other.end === own.end;
}

/**
 * Whether the webhook was left behind by an n8n that was stopped within the seconds between taking
 * a trigger down and removing its webhook.
 *
 * @param url of a published trigger of the same n8n
 * @param now in milliseconds since 1970
 */
export function isLeftOver(webhook: EventWebhook, url: string, now: number): boolean {
	return (
		isTakenDown(webhook) &&
		isOfSameN8n(webhook, url) &&
		!isSameUrl(webhook.url, url) &&
		now - Date.parse(webhook.updated_date ?? '') > LEFT_OVER_AFTER_MS
	);
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

/** SendGrid's way to say that there is no OAuth. */
const NO_OAUTH: OAuthSettings = {
	oauth_client_id: '',
	oauth_client_secret: '',
	oauth_token_url: '',
};

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
	const wished = own.oauth_client_id ? { ...NO_OAUTH, ...desired } : desired;
	const isAsWished = differences(wished, own).length === 0;
	// SendGrid demands the URL in every PATCH, so the settings go out whole.
	return { update: isAsWished ? undefined : wished, sign: !own.public_key };
}

/** The names of the settings in which the webhook is not as wished. */
function differences(wished: EventWebhookSettings, own: EventWebhook): string[] {
	return (
		Object.entries(wished)
			.filter(([name, value]) => (own[name] ?? false) !== value)
			.map(([name]) => name)
			// SendGrid never shows the secret. Whoever changes it publishes anew, which updates all.
			.filter((name) => name !== 'oauth_client_secret')
	);
}

/**
 * What somebody else has done to the webhook since this node has registered it, as the end of a
 * sentence; `undefined` for nothing, and for what may come from an edit of the workflow.
 *
 * @param own the webhook that is ours, see `findOwn`
 * @param stored what was remembered before this publication
 */
export function changeBySomebodyElse(
	desired: EventWebhookSettings,
	own: EventWebhook | undefined,
	stored: Readonly<StoredRegistration>,
): string | undefined {
	if (stored.url !== desired.url || !stored.publicKey) return undefined;
	// n8n takes a trigger down before it publishes an edit of it, which the node remembers.
	const isUnedited = stored.takenDownAt === undefined;
	if (own === undefined) return isUnedited ? 'it was not there any more' : undefined;
	if (!own.enabled) return 'it was disabled';
	if (!own.public_key) return 'its posts were not signed any more';
	if (own.public_key !== stored.publicKey) return 'its verification key is another one';
	const { update = {} } = planRegistration(desired, own);
	// The name is made of that of the workflow, which may change without a publication.
	const changed = differences(update as EventWebhookSettings, own).filter(
		(name) => name !== 'friendly_name',
	);
	return isUnedited && changed.length > 0
		? `it had other settings (${changed.join(', ')})`
		: undefined;
}
