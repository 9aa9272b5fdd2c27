import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IHookFunctions,
	type IWebhookFunctions,
} from 'n8n-workflow';
import { apiError, errorStatus, mayHaveActed, sendGridErrors } from '../../api/apiError';
import { quoteDetails } from '../../api/errorTexts';
import { isVerificationKey } from '../../events/signature';
import { listKeys, listWords } from '../parameters';
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
import {
	explainBadKey,
	explainFullSlots,
	explainLeftBehind,
	explainRefusal,
	refusalIn,
	type Refusal,
} from './messages';
import {
	desiredSettings,
	findOwn,
	findSibling,
	planRegistration,
	type RegistrationPlan,
} from './plan';

/**
 * What a registration leaves in the node's static data. n8n keeps it under the node's name, so that
 * it is gone after renaming, and drops it when publishing fails: all of it can be found again by
 * the URL.
 */
export interface StoredRegistration extends IDataObject {
	/** Absent while testing with the key of the published workflow's webhook. */
	webhookId?: string;
	publicKey?: string;
	url?: string;
}

/** For n8n's `checkExists`: whether SendGrid has the webhook exactly as the node wants it. */
export async function checkRegistration(context: IHookFunctions): Promise<boolean> {
	if (isManualSetup(context)) {
		checkVerificationKeys(context);
		return true;
	}
	const desired = readDesired(context);
	const stored = storedRegistration(context);
	const { webhooks } = await listEventWebhooks(context).catch(explain(context, desired.url));
	const own = findOwn(webhooks, desired.url, stored.webhookId);
	const { create, update, sign } = planRegistration(desired, own);
	return !create && !update && !sign && own?.public_key === stored.publicKey;
}

/**
 * For n8n's `create`: leads SendGrid to the state that the node wants, whatever was there before.
 * Takes over the webhook that is ours and repairs it in place; makes one only if there is none.
 * While n8n listens for a test event, also has sample events posted.
 *
 * @throws NodeApiError, NodeOperationError; n8n shows only the message of a failed publication, so
 * that says what to do as well. What was made by then is removed again.
 */
export async function register(context: IHookFunctions): Promise<boolean> {
	const desired = readDesired(context);
	const webhookId = await establish(context, desired).catch(explain(context, desired.url));
	if (wantsSampleEvents(context)) {
		// Not awaited: n8n takes the samples only after this function has ended.
		void requestSampleEvents(context, desired.url, webhookId);
	}
	return true;
}

/**
 * For n8n's `delete`: removes the webhook that is ours. It is no error if it is gone already.
 *
 * @throws NodeApiError if it may still be there
 */
export async function unregister(context: IHookFunctions): Promise<boolean> {
	if (isManualSetup(context)) return true;
	const stored = storedRegistration(context);
	const url = webhookUrl(context);
	await removeOwn(context, url, stored.webhookId).catch(explain(context, url, explainLeftBehind));
	forget(stored);
	return true;
}

/**
 * Asks SendGrid for the key that posts to this node are signed with, for when the stored one is
 * lost or does not match any more.
 *
 * @param url as `getNodeWebhookUrl` says in `webhook()`: the address of the published workflow,
 * also in a test
 * @param webhookId the stored id, if there is one
 * @returns `undefined` if SendGrid has no signed webhook of this node
 * @throws NodeApiError, within seconds: SendGrid's post is waiting for its answer
 */
export async function fetchPublicKey(
	context: IWebhookFunctions,
	url: string,
	webhookId?: string,
): Promise<string | undefined> {
	const { webhooks } = await listEventWebhooks(context, { patience: 2000, timeout: 5000 });
	const ofTest = context.getMode() === 'manual' ? findSibling(webhooks, url) : undefined;
	const own = ofTest ?? findOwn(webhooks, url, webhookId);
	return own?.public_key || undefined;
}

/**
 * Has SendGrid post one of each event to `url`, signed with the key of webhook `webhookId`. They
 * are a convenience: a failure shows in the log only.
 */
export async function requestSampleEvents(
	context: IHookFunctions,
	url: string,
	webhookId: string,
): Promise<void> {
	await postSampleEvents(context, url, webhookId).catch((error: Error) => {
		context.logger.warn(
			`${context.getNode().name}: SendGrid does not post its sample events. Real events arrive all the same. ${error.message}`,
		);
	});
}

/** @returns the id of the webhook that signs the posts */
async function establish(context: IHookFunctions, desired: EventWebhookSettings): Promise<string> {
	const stored = storedRegistration(context);
	const list = await listEventWebhooks(context);
	const own = findOwn(list.webhooks, desired.url, stored.webhookId);
	const plan = planRegistration(desired, own);

	if (plan.create === undefined) {
		const { id, public_key } = own as EventWebhook;
		Object.assign(stored, { webhookId: id, publicKey: public_key, url: desired.url });
		await finish(context, id, plan, stored);
		return id;
	}

	const signer = wantsSampleEvents(context) ? findSigner(list, desired.url) : undefined;
	if (signer !== undefined) {
		Object.assign(stored, { publicKey: signer.public_key, url: desired.url });
		return signer.id;
	}

	const id = await makeWebhook(context, plan.create, list);
	Object.assign(stored, { webhookId: id, url: desired.url });
	await finish(context, id, plan, stored).catch(async (error: unknown) => {
		await removeHalfMade(context, id, stored);
		throw error;
	});
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
			throw withMessage(context, error, explainFullSlots(list));
		}
		if (mayHaveActed(error) || refusal === 'urlExists') {
			const made = findOwn((await listEventWebhooks(context)).webhooks, settings.url);
			if (made !== undefined) return made.id;
		}
		throw error;
	});
}

async function removeHalfMade(
	context: IHookFunctions,
	id: string,
	stored: StoredRegistration,
): Promise<void> {
	await deleteEventWebhook(context, id).then(
		() => forget(stored),
		// n8n calls `delete` after a failed `create`, which tries once more.
		(error: Error) =>
			context.logger.warn(
				`${context.getNode().name}: ${explainLeftBehind(stored.url as string, error.message)}`,
			),
	);
}

async function removeOwn(context: IHookFunctions, url: string, storedId?: string): Promise<void> {
	if (storedId !== undefined && (await deleteEventWebhook(context, storedId))) return;
	// After a failed publication n8n has forgotten the id of what was made.
	const own = findOwn((await listEventWebhooks(context)).webhooks, url);
	if (own !== undefined) await deleteEventWebhook(context, own.id);
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

function refusalOf(error: unknown): Refusal | undefined {
	return refusalIn(sendGridErrors(error).map(({ message }) => message));
}

function storedRegistration(context: IHookFunctions): StoredRegistration {
	return context.getWorkflowStaticData('node') as StoredRegistration;
}

function forget(stored: StoredRegistration): void {
	delete stored.webhookId;
	delete stored.publicKey;
	delete stored.url;
}

function readDesired(context: IHookFunctions): EventWebhookSettings {
	const events = listWords(context.getNodeParameter('events'));
	if (events.length === 0) {
		throw new NodeOperationError(
			context.getNode(),
			'No events are chosen. Choose at least one in the list "Events" of the node.',
		);
	}
	return desiredSettings({
		url: webhookUrl(context),
		events,
		workflowName: context.getWorkflow().name ?? '',
		nodeName: context.getNode().name,
	});
}

/** Manual setup: without a usable key every post would be refused, which nobody would notice soon. */
function checkVerificationKeys(context: IHookFunctions): void {
	const keys = listKeys(context.getNodeParameter('verificationKeys', ''));
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

function isManualSetup(context: IHookFunctions): boolean {
	return context.getNodeParameter('setup', 'automatic') === 'manual';
}

/** Only while n8n listens for a test event. */
function wantsSampleEvents(context: IHookFunctions): boolean {
	const options = context.getNodeParameter('options', {}) as { sendSampleEvents?: boolean };
	return context.getMode() === 'manual' && options.sendSampleEvents !== false;
}
