import {
	NodeApiError,
	NodeOperationError,
	sleep,
	type IHookFunctions,
	type IWebhookFunctions,
} from 'n8n-workflow';
import { apiError, errorStatus, mayHaveActed, sendGridErrors } from '../../api/apiError';
import { quoteDetails } from '../../api/errorTexts';
import { isVerificationKey } from '../../events/signature';
import {
	createEventWebhook,
	deleteEventWebhook,
	listEventWebhooks,
	postSampleEvents,
	signEventWebhook,
	updateEventWebhook,
	type EventWebhook,
	type EventWebhookList,
	type EventWebhookSettings,
} from '../../api/eventWebhooks';
import { explainFullSlots, refusalOf } from '../../api/webhookRefusals';
import { claim, claimOf, dropClaim, putOff } from './claims';
import {
	explainBadKey,
	explainElsewhere,
	explainGone,
	explainLeftBehind,
	explainOfOtherWorkflow,
	explainRefusal,
	explainUnchecked,
} from './messages';
import {
	changeBySomebodyElse,
	desiredSettings,
	findOwn,
	findSibling,
	isLeaving,
	isLeftOver,
	isTakenDown,
	planRegistration,
	takenDown,
	type RegistrationPlan,
	type Wish,
} from './plan';
import { forget, holdsKeyFor, remember, type StoredRegistration } from './storedRegistration';

/** What the user set on the trigger, as far as the registration goes. */
export interface RegistrationParameters extends Pick<Wish, 'events' | 'friendlyName' | 'oauth'> {
	isManualSetup: boolean;
	/** Manual setup only: the keys the user entered. */
	verificationKeys: string[];
	/** Whether to see the sample events of SendGrid while n8n listens for a test event. */
	wantsSampleEvents: boolean;
}

/** Told when a webhook that somebody had changed is as it should be again: what had been changed. */
export type OnRepaired = (change: string) => void;

/**
 * How long the removal of a webhook is put off. n8n takes a trigger down and up again whenever its
 * workflow is edited, without saying which of the two follows: within this time, the webhook stays.
 * A busy n8n was seen to take more than five seconds from the one to the other.
 * Further attempts, should SendGrid not be able to.
 */
const REMOVAL_DELAYS_MS = [10_000, 60_000, 10 * 60_000, 3_600_000];

/** By then n8n has removed a webhook that is leaving, or has published its workflow again. */
const LEAVING_MS = 15_000;

/** How often to look meanwhile, when its slot is wanted. */
const SLOT_POLL_MS = 2500;

/** When to try again what SendGrid was not able to do at a publication. */
const REPAIR_DELAYS_MS = [60_000, 5 * 60_000, 15 * 60_000, ...Array<number>(24).fill(3_600_000)];

/** For what can be done later as well: at the start of n8n each trigger would wait. */
const SHORT_LIMITS = { patience: 2000, timeout: 5000 };

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

/** Whether SendGrid itself says that there is no such webhook. */
function isGone(error: unknown): boolean {
	return errorStatus(error) === 404 && sendGridErrors(error).length > 0;
}

/** Whether a failed call says nothing about the webhook. */
function isUncertain(context: IHookFunctions, error: unknown): boolean {
	if (!(error instanceof NodeApiError)) return false;
	// At a start nobody is there to be told that the API key is not valid any more, and posts can do
	// without it.
	const isStart = ['init', 'leadershipChange'].includes(context.getActivationMode());
	return isStart || ![400, 401, 403].includes(errorStatus(error) ?? 0);
}

/** The sample events are a convenience: a failure shows in the log only. */
async function requestSampleEvents(
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
function findSigner(
	{ webhooks, max_allowed }: EventWebhookList,
	url: string,
): EventWebhook | undefined {
	const sibling = webhooks.length >= max_allowed ? findSibling(webhooks, url) : undefined;
	return sibling?.public_key ? sibling : undefined;
}

async function makeWebhook(
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

async function removeHalfMade(
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

/** After an attempt that failed: what was there before stays, or goes on leaving. */
async function cleanUp(context: IHookFunctions, url: string, halfMadeId?: string): Promise<void> {
	dropClaim(url);
	if (halfMadeId !== undefined) {
		await deleteEventWebhook(context, halfMadeId).catch(explain(context, url, explainLeftBehind));
		return;
	}
	const { webhooks } = await listEventWebhooks(context, SHORT_LIMITS);
	const own = findOwn(webhooks, url);
	if (own && isTakenDown(own)) removeSoon(context, url, true);
}

/** Marks the webhook as leaving and has it removed after some seconds. */
async function takeDown(context: IHookFunctions, url: string): Promise<void> {
	const stored = storedRegistration(context);
	const isMarked = await markAsLeaving(context, url, stored).catch((error: unknown) => {
		if (!isUncertain(context, error)) return explain(context, url, explainLeftBehind)(error);
		log(context, 'warn', explainLeftBehind(url, (error as Error).message));
		return false;
	});
	if (stored.publicKey) stored.takenDownAt = Date.now();
	if (isMarked === undefined) dropClaim(url);
	else removeSoon(context, url, isMarked);
}

/** @returns whether the webhook says now that it is leaving; `undefined` if there is none */
async function markAsLeaving(
	context: IHookFunctions,
	url: string,
	stored: StoredRegistration,
): Promise<boolean | undefined> {
	const { webhooks } = await listEventWebhooks(context, SHORT_LIMITS);
	const own = findOwn(webhooks, url);
	if (own === undefined) {
		if (stored.webhookId !== undefined && stored.url === url) {
			log(context, 'warn', explainGone(url));
		}
		return undefined;
	}
	if (isTakenDown(own)) return true;
	return await updateEventWebhook(context, own.id, takenDown(own)).then(
		() => true,
		() => false,
	);
}

/**
 * @param isMarked whether only to remove a webhook that still says that it is leaving. Another n8n
 * process, which knows nothing of this one, may publish the workflow again.
 */
function removeSoon(context: IHookFunctions, url: string, isMarked: boolean): void {
	claim(url, workflowIdOf(context));
	void putOff(
		url,
		REMOVAL_DELAYS_MS,
		async () => {
			await removeAt(context, url, (webhook) => !isMarked || isTakenDown(webhook));
			dropClaim(url);
		},
		({ message }) => log(context, 'warn', explainLeftBehind(url, message)),
	);
}

async function removeAt(
	context: IHookFunctions,
	url: string,
	mayGo: (webhook: EventWebhook) => boolean = () => true,
): Promise<void> {
	const own = findOwn((await listEventWebhooks(context)).webhooks, url);
	if (own !== undefined && mayGo(own)) await deleteEventWebhook(context, own.id);
}

/** Does what an n8n that was stopped in the wrong second could not do any more. */
async function removeLeftOvers(
	context: IHookFunctions,
	{ webhooks }: EventWebhookList,
	url: string,
): Promise<void> {
	if (isTest(context)) return;
	const leftOvers = webhooks.filter((webhook) => isLeftOver(webhook, url, Date.now()));
	for (const { id, url: leftUrl } of leftOvers) {
		if (claimOf(leftUrl) !== undefined) continue;
		await deleteEventWebhook(context, id).then(
			() =>
				log(context, 'info', `Removed the Event Webhook of an unpublished trigger, at ${leftUrl}.`),
			(error: Error) => log(context, 'warn', explainLeftBehind(leftUrl, error.message)),
		);
	}
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

/**
 * Makes the message of an error of the API say what to do as well.
 *
 * @param frame puts the message into its context
 */
function explain(
	context: IHookFunctions,
	url: string,
	frame: (url: string, text: string) => string = (_, text) => text,
) {
	return (error: unknown): never => {
		// Others are complete: they come from n8n, or from here.
		if (!(error instanceof NodeApiError) || !error.description) throw error;
		const refusal = refusalOf(error);
		const text = refusal
			? `${explainRefusal(refusal, url)} (SendGrid: ${quoteDetails(sendGridErrors(error))})`
			: `${error.message}. ${error.description}`;
		throw withMessage(context, error, frame(url, text));
	};
}

function withMessage(context: IHookFunctions, error: unknown, message: string): NodeApiError {
	const status = errorStatus(error);
	return apiError(context.getNode(), { message, status, details: sendGridErrors(error) });
}

function log(context: IHookFunctions, level: 'info' | 'warn', message: string): void {
	context.logger[level](`${context.getNode().name}: ${message}`);
}

function storedRegistration(context: IHookFunctions): StoredRegistration {
	return context.getWorkflowStaticData('node') as StoredRegistration;
}

function readDesired(
	context: IHookFunctions,
	{ events, friendlyName, oauth }: RegistrationParameters,
): EventWebhookSettings {
	if (events.length === 0) {
		throw new NodeOperationError(
			context.getNode(),
			'Choose at least one event in the list "Events" of the node. None is chosen.',
		);
	}
	if (oauth && Object.values(oauth).includes('')) {
		throw new NodeOperationError(
			context.getNode(),
			'Fill in Client ID, Client Secret and Token URL of the option "OAuth", or remove the option. SendGrid wants all three.',
		);
	}
	return desiredSettings({
		url: webhookUrl(context),
		events,
		friendlyName,
		oauth,
		workflowName: context.getWorkflow().name ?? '',
		nodeName: context.getNode().name,
	});
}

/** Manual setup: without a usable key every post would be refused, which nobody would notice soon. */
function checkVerificationKeys(context: IHookFunctions, keys: string[]): void {
	const badKey = keys.findIndex((key) => !isVerificationKey(key));
	if (keys.length > 0 && badKey < 0) return;
	const problem =
		keys.length === 0 ? 'No verification key is entered.' : explainBadKey(badKey + 1, keys.length);
	throw new NodeOperationError(
		context.getNode(),
		`${problem} In SendGrid, open Settings > Mail Settings > Event Webhooks, open the webhook, and copy its Verification Key to the field "Verification Keys" of the node.`,
	);
}

function webhookUrl(context: IHookFunctions): string {
	return context.getNodeWebhookUrl('default') as string;
}

function workflowIdOf(context: IHookFunctions): string {
	return context.getWorkflow().id ?? '';
}

/** Only while n8n listens for a test event. */
function isTest(context: IHookFunctions): boolean {
	return context.getMode() === 'manual';
}
