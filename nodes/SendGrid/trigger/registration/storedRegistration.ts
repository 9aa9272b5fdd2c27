import type { IDataObject } from 'n8n-workflow';

/**
 * How long a key is accepted that SendGrid no longer signs with: it repeats a post for 24 hours,
 * and does not say whether it signs it anew.
 */
export const FORMER_KEY_LIFETIME_MS = 25 * 3_600_000;

/** Each key costs a verification for every post that is refused in the end. */
const MAX_FORMER_KEYS = 5;

/** n8n removes and makes a trigger's webhook again within seconds when its workflow is edited. */
const REPUBLISH_WITHIN_MS = 60_000;

export interface FormerKey extends IDataObject {
	key: string;
	/** Milliseconds since 1970. */
	until: number;
}

/**
 * What a registration leaves in the node's static data. n8n keeps it under the node's name, so that
 * it is gone after renaming, and drops it when publishing fails: all of it can be found again by
 * the URL. It also travels with exports and copied databases: the id is a hint and no permission.
 */
export interface StoredRegistration extends IDataObject {
	/** Absent while testing with the key of the published workflow's webhook. */
	webhookId?: string;
	publicKey?: string;
	url?: string;
	formerKeys?: FormerKey[];
	/** When n8n last took the trigger down, in milliseconds since 1970; absent while it is up. */
	takenDownAt?: number;
}

/**
 * Stores what SendGrid has now. The key that was stored before stays valid for a while.
 *
 * @param now in milliseconds since 1970
 */
export function remember(
	stored: StoredRegistration,
	current: { webhookId?: string; publicKey?: string; url: string },
	now: number,
): void {
	const { publicKey, takenDownAt } = stored;
	const replaced = publicKey
		? [{ key: publicKey, until: (takenDownAt ?? now) + FORMER_KEY_LIFETIME_MS }]
		: [];
	const formerKeys = stillValid([...replaced, ...(stored.formerKeys ?? [])], now)
		.filter(({ key }) => key !== current.publicKey)
		.slice(0, MAX_FORMER_KEYS);
	forget(stored);
	Object.assign(stored, current, formerKeys.length > 0 ? { formerKeys } : {});
}

/** Forgets the webhook, and keys with it. */
export function forget(stored: StoredRegistration): void {
	for (const name of ['webhookId', 'publicKey', 'url', 'formerKeys', 'takenDownAt'] as const) {
		delete stored[name];
	}
}

/** Whether posts to `url` can be verified with what is stored, whatever SendGrid would say now. */
export function holdsKeyFor(stored: StoredRegistration, url: string, now: number): boolean {
	const { takenDownAt = now } = stored;
	return stored.url === url && Boolean(stored.publicKey) && now - takenDownAt < REPUBLISH_WITHIN_MS;
}

export function stillValid(formerKeys: FormerKey[], now: number): FormerKey[] {
	return formerKeys.filter(({ until }) => until > now);
}
