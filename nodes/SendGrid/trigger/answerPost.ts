import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { receivePost, type Post, type Outcome } from '../events/receivePost';
import { wrapHandover } from './handover';
import { holdAnswer } from './holdAnswer';
import { readParameters, type TriggerParameters } from './parameters';
import type { BatchStart } from './postBatcher';
import { PROCESS_ID, stateOf, type TriggerState } from './triggerState';
import { withVerificationKey } from './verificationKey';

type Response = ReturnType<IWebhookFunctions['getResponseObject']>;

/** How many settled keys one handover carries to a worker at most. */
const MAX_CARRIED_KEYS = 5000;

/**
 * Answers a post of SendGrid: refuses what cannot be verified, and starts the workflow with the
 * events that are new.
 */
export async function answerPost(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const now = Date.now();
	const state = stateOf(context);
	const parameters = readParameters(context);
	const response = context.getResponseObject();
	const post = await readPost(context);
	const outcome = await decide(context, post, state, parameters, now);

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
		? post.rawBody.toString('utf8')
		: JSON.stringify(outcome.events);
	const batched = { events, keys: outcome.keys };
	// A workflow that fails must not take the events of other posts with it.
	const isAlone = parameters.waitsForWorkflow || context.getMode() === 'manual';
	const turn = isAlone
		? { posts: [batched], answered: () => {} }
		: await state.batcher.add(batched);
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
	holdAnswer(response, (statusCode) => {
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
	return wrapHandover({
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

async function readPost(context: IWebhookFunctions): Promise<Post> {
	const request = context.getRequestObject() as unknown as {
		rawBody?: Buffer;
		readRawBody(): Promise<void>;
	};
	if (request.rawBody === undefined) await request.readRawBody();
	return { headers: context.getHeaderData(), rawBody: request.rawBody ?? Buffer.alloc(0) };
}

async function decide(
	context: IWebhookFunctions,
	post: Post,
	state: TriggerState,
	parameters: TriggerParameters,
	now: number,
): Promise<Outcome> {
	const { isManualSetup, verificationKeys, maxAgeSeconds, wants } = parameters;
	// Who is testing may well send the same post again and wants to see it again.
	const ledger = context.getMode() === 'manual' ? undefined : state.ledger;
	const receiveWith = (publicKeys: string[]) =>
		receivePost(post, { publicKeys, maxAgeSeconds, wants, ledger, now });
	if (isManualSetup) return receiveWith(verificationKeys);
	return await withVerificationKey(context, state, now, receiveWith);
}

/**
 * Resolves when the keys are in n8n's database. Were they written after the answer, a kill in
 * between would let a repeat through that SendGrid sends although it had its 200. In a process
 * without database access the keys wait for an handover that takes them along.
 */
function rememberDurably(state: TriggerState, keys: string[]): Promise<unknown> | undefined {
	if (state.durableLedger.isConnected) return state.durableLedger.settle(keys);
	for (const key of keys) state.settledElsewhere.add(key);
	return undefined;
}
