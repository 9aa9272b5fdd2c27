import type { IWebhookFunctions } from 'n8n-workflow';
import type { Outcome, RefusalReason } from '../events/receivePost';
import { fetchPublicKey } from './registration/registration';
import {
	FORMER_KEY_LIFETIME_MS,
	stillValid,
	type FormerKey,
	type StoredRegistration,
} from './registration/storedRegistration';
import type { TriggerState } from './triggerState';

/** At most this often is the key asked for again: forged posts must not become calls to SendGrid. */
const KEY_FETCH_INTERVAL_MS = 60_000;

/** Each key costs a verification for every post that is refused in the end. */
const MAX_REPLACED_KEYS = 5;

/** What SendGrid has answered about the verification key since this process started. */
export interface FetchedKeys {
	/** The last time it was asked: when, and what it answered. */
	lastFetch?: { startedAt: number; key: Promise<string | undefined> };
	/** Its key, after the stored one no longer matched; until that one changes. */
	current?: { key: string; insteadOf: string | undefined };
	/** Keys that this process used before, the latest first. */
	former: FormerKey[];
}

/**
 * Receives a post with the verification keys of the automatic setup: the present one, and those of
 * the last 25 hours, with which SendGrid may have signed a post that it repeats. If none fits, asks
 * SendGrid for the webhook's present key and tries once more.
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
	const fetched = state.fetchedKeys;
	const { current } = fetched;
	if (current !== undefined && current.insteadOf !== stored.publicKey) {
		retire(fetched, current.key, now);
		fetched.current = undefined;
	}
	const usedKey = fetched.current?.key ?? stored.publicKey;
	const outcome = receiveWith(acceptedKeys(usedKey, stored, fetched, now));
	if (outcome.kind !== 'refused' || !mayBeWrongKey(outcome.reason)) return outcome;

	const currentKey = await askForKey(context, state, now);
	if (currentKey === undefined || currentKey === usedKey) return outcome;
	if (usedKey !== undefined) {
		retire(fetched, usedKey, now);
		state.log.happened('webhookRepaired', now, 'its verification key is another one');
	}
	fetched.current = { key: currentKey, insteadOf: stored.publicKey };
	return receiveWith([currentKey]);
}

function acceptedKeys(
	usedKey: string | undefined,
	stored: StoredRegistration,
	fetched: FetchedKeys,
	now: number,
): string[] {
	const former = stillValid([...fetched.former, ...(stored.formerKeys ?? [])], now);
	return [...(usedKey === undefined ? [] : [usedKey]), ...former.map(({ key }) => key)];
}

/** Keeps a key that was used until now, for as long as SendGrid may repeat what it signed. */
function retire(fetched: FetchedKeys, key: string, now: number): void {
	const others = stillValid(fetched.former, now).filter((former) => former.key !== key);
	const retired = { key, until: now + FORMER_KEY_LIFETIME_MS };
	fetched.former = [retired, ...others].slice(0, MAX_REPLACED_KEYS);
}

/** The key may have been changed in SendGrid, or n8n may have lost what it stored. */
function mayBeWrongKey(reason: RefusalReason): boolean {
	return reason === 'signatureMismatch' || reason === 'noVerificationKey';
}

async function askForKey(
	context: IWebhookFunctions,
	{ fetchedKeys: fetched, log }: TriggerState,
	now: number,
): Promise<string | undefined> {
	const { lastFetch } = fetched;
	if (lastFetch !== undefined && now - lastFetch.startedAt < KEY_FETCH_INTERVAL_MS) {
		return await lastFetch.key;
	}
	const url = context.getNodeWebhookUrl('default') ?? '';
	const key = fetchPublicKey(context, url).catch((error: Error) => {
		log.happened('keyNotFetched', now, error.message);
		return undefined;
	});
	fetched.lastFetch = { startedAt: now, key };
	return await key;
}
