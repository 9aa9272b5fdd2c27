import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import {
	receiveDelivery,
	type Delivery,
	type Outcome,
	type RefusalReason,
} from '../events/receiveDelivery';
import { fetchPublicKey, type StoredRegistration } from '../webhook/registration';
import { wrapEnvelope } from './envelope';
import { readParameters, type TriggerParameters } from './parameters';
import type { BatchStart } from './postBatcher';
import { PROCESS_ID, stateOf, type TriggerState } from './triggerState';

type Response = ReturnType<IWebhookFunctions['getResponseObject']>;

/** At most this often is the key asked for again: forged posts must not become calls to SendGrid. */
const KEY_FETCH_INTERVAL_MS = 60_000;

/** How many settled keys one envelope carries to a worker at most. */
const MAX_CARRIED_KEYS = 5000;

/**
 * Answers a post of SendGrid: refuses what cannot be verified, and starts the workflow with the
 * events that are new.
 */
export async function receivePost(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const now = Date.now();
	const state = stateOf(context);
	const parameters = readParameters(context);
	const response = context.getResponseObject();
	const delivery = await readDelivery(context);
	const outcome = await decide(context, delivery, state, parameters, now);

	if (outcome.kind === 'refused') {
		state.log.refused(outcome.reason, context.logger, now);
		response.status(outcome.statusCode).json({ error: ANSWERS[outcome.statusCode] });
		return { noWebhookResponse: true };
	}
	state.log.received(outcome.counts, context.logger, now);
	if (outcome.kind === 'nothingNew') {
		response.status(200).end();
		return { noWebhookResponse: true };
	}

	const events = outcome.isWholeBody
		? delivery.rawBody.toString('utf8')
		: JSON.stringify(outcome.events);
	const post = { events, keys: outcome.keys };
	// A workflow that fails must not take the events of other posts with it.
	const isAlone = parameters.waitsForWorkflow || context.getMode() === 'manual';
	const turn = isAlone ? { posts: [post], answered: () => {} } : await state.batcher.add(post);
	if ('statusCode' in turn) {
		response.status(turn.statusCode).end();
		return { noWebhookResponse: true };
	}
	return { workflowData: [[startExecution(state, turn, response, parameters)]] };
}

/** Makes the trigger's input for the posts of a batch, and sees to their keys when n8n answers. */
function startExecution(
	state: TriggerState,
	{ posts, answered }: BatchStart,
	response: Response,
	{ waitsForWorkflow }: TriggerParameters,
): INodeExecutionData {
	const keys = posts.flatMap((post) => post.keys);
	const settledKeys = [...state.settledElsewhere].slice(0, MAX_CARRIED_KEYS);
	onAnswer(response, (statusCode) => {
		const isSuccess = statusCode >= 200 && statusCode < 300;
		if (isSuccess) {
			state.ledger.settle(keys, Date.now());
			for (const key of settledKeys) state.settledElsewhere.delete(key);
		} else {
			state.ledger.release(keys);
		}
		answered(statusCode);
		return waitsForWorkflow && isSuccess ? rememberDurably(state, keys) : undefined;
	});
	return wrapEnvelope({
		processId: PROCESS_ID,
		posts: posts.map(({ events }) => events),
		settledKeys,
	});
}

/** What the sender of a refused post is told: enough for SendGrid's log, nothing for a forger. */
const ANSWERS: Record<(Outcome & { kind: 'refused' })['statusCode'], string> = {
	400: 'The body is not a JSON array of events.',
	401: 'The post could not be verified.',
	503: 'Some of these events are being processed. Send them again later.',
};

async function readDelivery(context: IWebhookFunctions): Promise<Delivery> {
	const request = context.getRequestObject() as unknown as {
		rawBody?: Buffer;
		readRawBody(): Promise<void>;
	};
	if (request.rawBody === undefined) await request.readRawBody();
	return { headers: context.getHeaderData(), rawBody: request.rawBody ?? Buffer.alloc(0) };
}

async function decide(
	context: IWebhookFunctions,
	delivery: Delivery,
	state: TriggerState,
	parameters: TriggerParameters,
	now: number,
): Promise<Outcome> {
	const { isManualSetup, verificationKeys, maxAgeSeconds, wants } = parameters;
	// Who is testing may well send the same post again and wants to see it again.
	const ledger = context.getMode() === 'manual' ? undefined : state.ledger;
	const receiveWith = (publicKeys: string[]) =>
		receiveDelivery(delivery, { publicKeys, maxAgeSeconds, wants, ledger, now });
	if (isManualSetup) return receiveWith(verificationKeys);

	const stored = context.getWorkflowStaticData('node') as StoredRegistration;
	const isReplaced = state.replacementKey?.insteadOf === stored.publicKey;
	const usedKey = (isReplaced ? state.replacementKey?.key : undefined) ?? stored.publicKey;
	const outcome = receiveWith(usedKey ? [usedKey] : []);
	if (outcome.kind !== 'refused' || !mayBeWrongKey(outcome.reason)) return outcome;

	const currentKey = await askForKey(context, state, stored, now);
	if (currentKey === undefined || currentKey === usedKey) return outcome;
	state.replacementKey = { key: currentKey, insteadOf: stored.publicKey };
	return receiveWith([currentKey]);
}

/** The key may have been changed in SendGrid, or n8n may have lost what it stored. */
function mayBeWrongKey(reason: RefusalReason): boolean {
	return reason === 'signatureMismatch' || reason === 'noVerificationKey';
}

async function askForKey(
	context: IWebhookFunctions,
	state: TriggerState,
	{ webhookId }: StoredRegistration,
	now: number,
): Promise<string | undefined> {
	if (state.keyFetch === undefined || now - state.keyFetch.startedAt >= KEY_FETCH_INTERVAL_MS) {
		const url = context.getNodeWebhookUrl('default') ?? '';
		const key = fetchPublicKey(context, url, webhookId).catch((error: Error) => {
			context.logger.warn(
				`${context.getNode().name}: could not ask SendGrid for the webhook's verification key: ${error.message}`,
			);
			return undefined;
		});
		state.keyFetch = { startedAt: now, key };
	}
	return await state.keyFetch.key;
}

/**
 * Calls back when n8n answers, with the status it decided on, and holds the answer back for what the
 * callback has yet to do. Whether the sender is still there to read the answer does not matter: a
 * workflow that outlasts the sender's patience must neither run twice at once nor be forgotten. So
 * this waits for the call of `end`, not for the connection.
 */
function onAnswer(
	response: Response,
	callback: (statusCode: number) => Promise<unknown> | undefined,
): void {
	const end = response.end;
	response.end = function (this: Response, ...args: unknown[]) {
		response.end = end;
		const answer = () => Reflect.apply(end, this, args) as Response;
		const pending = callback(response.statusCode);
		if (pending === undefined) return answer();
		void pending.then(answer);
		return this;
	} as Response['end'];
}

/**
 * Resolves when the keys are in n8n's database. Were they written after the answer, a kill in
 * between would let a repeat through that SendGrid sends although it had its 200. In a process
 * without database access the keys wait for an envelope that takes them along.
 */
function rememberDurably(state: TriggerState, keys: string[]): Promise<unknown> | undefined {
	if (state.durableLedger.isConnected) return state.durableLedger.settle(keys);
	for (const key of keys) state.settledElsewhere.add(key);
	return undefined;
}
