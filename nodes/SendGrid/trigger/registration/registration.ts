import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import {
	createEventWebhook,
	listEventWebhooks,
	signEventWebhook,
	updateEventWebhook,
	type EventWebhook,
	type EventWebhookList,
	type EventWebhookSettings,
} from '../../api/eventWebhooks';
import { claim, claimOf, putOff } from './claims';
import {
	explain,
	isGone,
	isTest,
	isUncertain,
	log,
	SHORT_LIMITS,
	storedRegistration,
	webhookUrl,
	workflowIdOf,
} from './hookContext';
import { makeWebhook, removeHalfMade } from './makeWebhook';
import {
	explainElsewhere,
	explainGone,
	explainLeftBehind,
	explainOfOtherWorkflow,
	explainUnchecked,
} from './messages';
import {
	changeBySomebodyElse,
	findOwn,
	findSibling,
	planRegistration,
	type RegistrationPlan,
} from './plan';
import {
	checkVerificationKeys,
	readDesired,
	type RegistrationParameters,
} from './registrationParameters';
import { cleanUp, removeAt, removeLeftOvers, takeDown } from './removal';
import { findSigner, requestSampleEvents } from './sampleEvents';
import { forget, holdsKeyFor, remember, type StoredRegistration } from './storedRegistration';

/** Told when a webhook that somebody had changed is as it should be again: what had been changed. */
export type OnRepaired = (change: string) => void;

/** When to try again what SendGrid was not able to do at a publication. */
const REPAIR_DELAYS_MS = [60_000, 5 * 60_000, 15 * 60_000, ...Array<number>(24).fill(3_600_000)];

/** For n8n's `checkExists`: whether SendGrid has the webhook exactly as the node wants it. */
export async function checkRegistration(
	context: IHookFunctions,
	parameters: RegistrationParameters,
	onRepaired: OnRepaired,
): Promise<boolean> {
	if (parameters.isManualSetup) {
		checkVerificationKeys(context, parameters.verificationKeys);
		return true;
	}
	const desired = readDesired(context, parameters);
	return await attempt(context, desired.url, async () => {
		const stored = storedRegistration(context);
		const holdsKey = holdsKeyFor(stored, desired.url, Date.now());
		const list = await listEventWebhooks(context, holdsKey ? SHORT_LIMITS : {}).catch(
			(error: unknown) => {
				if (!holdsKey || !isUncertain(context, error)) throw error;
				goOn(context, desired, error, { ...stored }, onRepaired);
				return undefined;
			},
		);
		if (list === undefined) return true;
		await removeLeftOvers(context, list, desired.url);
		const own = findOwn(list.webhooks, desired.url);
		const { create, update, sign } = planRegistration(desired, own);
		const { webhookId, publicKey, url, takenDownAt } = stored;
		const isRemembered =
			own?.id === webhookId && own?.public_key === publicKey && url === desired.url;
		return !create && !update && !sign && isRemembered && takenDownAt === undefined;
	});
}

/**
 * For n8n's `create`: leads SendGrid to the state that the node wants, whatever was there before.
 * Takes over the webhook that is ours and repairs it in place; makes one only if there is none.
 * While n8n listens for a test event, also has sample events posted.
 *
 * @throws NodeApiError, NodeOperationError; n8n shows only the message of a failed publication, so
 * that says what to do as well. What was made by then is removed again.
 */
export async function register(
	context: IHookFunctions,
	parameters: RegistrationParameters,
	onRepaired: OnRepaired,
): Promise<boolean> {
	const desired = readDesired(context, parameters);
	const { wantsSampleEvents } = parameters;
	const seesSamples = isTest(context) && wantsSampleEvents;
	const signer = await attempt(
		context,
		desired.url,
		async () =>
			await establish(context, desired, seesSamples, onRepaired).catch(async (error: unknown) => {
				// Removed between the list and the change, for example by another n8n process.
				if (!isGone(error)) throw error;
				return await establish(context, desired, seesSamples, onRepaired);
			}),
	);
	if (seesSamples) {
		// Not awaited: n8n takes the samples only after this function has ended.
		const { url, oauth_client_id, oauth_client_secret, oauth_token_url } = desired;
		const oauth = { oauth_client_id, oauth_client_secret, oauth_token_url };
		void requestSampleEvents(context, { url, id: signer, ...oauth });
	}
	return true;
}

/**
 * For n8n's `delete`: removes the webhook at our URL, and nothing else. It is no error if it is
 * gone already. That of a published workflow goes after some seconds, unless it is published again
 * by then.
 *
 * @throws NodeApiError if it is still there and waiting will not help
 */
export async function unregister(
	context: IHookFunctions,
	{ isManualSetup }: RegistrationParameters,
): Promise<boolean> {
	if (isManualSetup) return true;
	const url = webhookUrl(context);
	if (isTest(context)) {
		await removeAt(context, url).catch(explain(context, url, explainLeftBehind));
		forget(storedRegistration(context));
		return true;
	}
	const workflowId = workflowIdOf(context);
	const former = claimOf(url);
	if (former !== undefined && former.workflowId !== workflowId) {
		log(context, 'warn', explainOfOtherWorkflow(url));
		return true;
	}
	if (former?.hasFailed) await cleanUp(context, url, former.halfMadeId);
	else await takeDown(context, url);
	return true;
}

/**
 * Asks SendGrid for the key that posts to this node are signed with, for when the stored one is
 * lost or does not match any more.
 *
 * @param url as `getNodeWebhookUrl` says in `webhook()`: the address of the published workflow,
 * also in a test
 * @returns `undefined` if SendGrid has no signed webhook of this node
 * @throws NodeApiError, within seconds: SendGrid's post is waiting for its answer
 */
export async function fetchPublicKey(
	context: IWebhookFunctions,
	url: string,
): Promise<string | undefined> {
	const { webhooks } = await listEventWebhooks(context, SHORT_LIMITS);
	const ofTest = context.getMode() === 'manual' ? findSibling(webhooks, url) : undefined;
	const own = ofTest ?? findOwn(webhooks, url);
	return own?.public_key || undefined;
}

/** Runs a hook that n8n cleans up after if it throws: that calls `delete`. */
async function attempt<T>(
	context: IHookFunctions,
	url: string,
	work: () => Promise<T>,
): Promise<T> {
	const made = isTest(context) ? undefined : claim(url, workflowIdOf(context));
	return await work().catch((error: unknown) => {
		if (made) made.hasFailed = true;
		return explain(context, url)(error);
	});
}

/** @returns the id of the webhook that signs the posts */
async function establish(
	context: IHookFunctions,
	desired: EventWebhookSettings,
	maySignWithSibling: boolean,
	onRepaired: OnRepaired,
): Promise<string> {
	const { url } = desired;
	const stored = storedRegistration(context);
	const before = { ...stored };
	const list = await listEventWebhooks(context);
	const own = findOwn(list.webhooks, url);
	const plan = planRegistration(desired, own);
	const change = isTest(context) ? undefined : changeBySomebodyElse(desired, own, before);
	const sayRepaired = () => {
		if (change === undefined) return;
		log(context, 'info', `Repaired the Event Webhook at ${url}: ${change}.`);
		onRepaired(change);
	};
	if (!isTest(context)) {
		sayWhatIsLeftAlone(context, list, url, stored);
		await removeLeftOvers(context, list, url);
	}

	if (plan.create === undefined) {
		const { id, public_key, enabled } = own as EventWebhook;
		remember(stored, { webhookId: id, publicKey: public_key || undefined, url }, Date.now());
		await finish(context, id, plan, stored).then(sayRepaired, (error: unknown) => {
			// It posts, and what it posts can be verified: the rest can wait.
			if (!public_key || !enabled || isGone(error) || !isUncertain(context, error)) throw error;
			goOn(context, desired, error, before, onRepaired);
		});
		return id;
	}

	const signer = maySignWithSibling ? findSigner(list, url) : undefined;
	if (signer !== undefined) {
		remember(stored, { publicKey: signer.public_key, url }, Date.now());
		return signer.id;
	}

	const id = await makeWebhook(context, plan.create, list);
	remember(stored, { webhookId: id, url }, Date.now());
	await finish(context, id, plan, stored).catch(async (error: unknown) => {
		await removeHalfMade(context, id, stored);
		throw error;
	});
	sayRepaired();
	return id;
}

/** The calls of a plan that need the webhook's id. */
async function finish(
	context: IHookFunctions,
	id: string,
	{ update, sign }: RegistrationPlan,
	stored: StoredRegistration,
): Promise<void> {
	if (update) await updateEventWebhook(context, id, update);
	if (sign) stored.publicKey = await signEventWebhook(context, id);
}

/**
 * Leaves a webhook as it is that cannot be checked or changed just now, although posts to it can be
 * verified, and tries again later.
 *
 * @param before what was remembered before this publication
 */
function goOn(
	context: IHookFunctions,
	desired: EventWebhookSettings,
	error: unknown,
	before: Readonly<StoredRegistration>,
	onRepaired: OnRepaired,
): void {
	log(context, 'warn', explainUnchecked(desired.url, (error as Error).message));
	delete storedRegistration(context).takenDownAt;
	if (isTest(context)) return;
	void putOff(
		desired.url,
		REPAIR_DELAYS_MS,
		async () => {
			const { webhooks } = await listEventWebhooks(context);
			const own = findOwn(webhooks, desired.url);
			const plan = planRegistration(desired, own);
			const change = changeBySomebodyElse(desired, own, before);
			const id = own?.id ?? (await createEventWebhook(context, plan.create ?? desired));
			// n8n does not save static data any more: what is new in it is asked for at the next post.
			await finish(context, id, plan, {});
			log(context, 'info', `The Event Webhook at ${desired.url} is as it should be again.`);
			if (change !== undefined) onRepaired(change);
		},
		({ message }) => log(context, 'warn', explainUnchecked(desired.url, message)),
	);
}

function sayWhatIsLeftAlone(
	context: IHookFunctions,
	{ webhooks }: EventWebhookList,
	url: string,
	stored: StoredRegistration,
): void {
	if (stored.webhookId === undefined || findOwn(webhooks, url)?.id === stored.webhookId) return;
	const remembered = webhooks.find(({ id }) => id === stored.webhookId);
	if (remembered) log(context, 'warn', explainElsewhere(remembered, url));
	else if (stored.url === url) log(context, 'warn', explainGone(url));
}
