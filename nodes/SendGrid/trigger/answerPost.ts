import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { receivePost, type Post, type Outcome } from '../events/receivePost';
import { withdraw, wrapHandover } from './handover';
import { holdAnswer } from './holdAnswer';
import { readParameters, type TriggerParameters } from './parameters';
import { postAgain } from './postAgain';
import type { BatchedPost, BatchStart } from './postBatcher';
import type { ProblemReport } from './postLog';
import { isStopping } from './stopping';
import { PROCESS_ID, stateOf, type TriggerState } from './triggerState';
import { withVerificationKey } from './verificationKey';
import { wakeWaiting } from './wakeWaiting';

type Response = ReturnType<IWebhookFunctions['getResponseObject']>;

/**
 * Answers a post of SendGrid: refuses what cannot be verified, and starts the workflow with the
 * events that are new.
 */
export async function answerPost(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const now = Date.now();
	const state = stateOf(context, now);
	const parameters = readParameters(context);
	const response = context.getResponseObject();
	const mayEndEarly = () => isStopping(context.getRequestObject());
	if (mayEndEarly()) return refuse(response, 503);
	// While testing, a report would be taken for the event that is waited for.
	const isReporting = parameters.reportsProblems && context.getMode() !== 'manual';
	const reportable = (problems: ProblemReport[]) => (isReporting ? problems : []);
	const post = await readPost(context);
	const outcome = await decide(context, post, state, parameters, now);

	if (outcome.kind === 'refused') {
		const problems = state.log.refused(outcome.reason, context.logger, now);
		return refuse(response, outcome.statusCode, reportable(problems));
	}
	const problems = reportable(state.log.received(outcome.counts, context.logger, now));
	if (outcome.ticketed !== undefined && !(await wakeWaiting(context, outcome.ticketed))) {
		if (outcome.kind === 'accepted') state.ledger.release(outcome.keys);
		return refuse(response, 503, problems);
	}
	if (outcome.kind === 'nothingNew') {
		response.status(200).end();
		return afterAnswer(problems);
	}

	const { events, keys } = outcome;
	const json = outcome.isWholeBody ? post.rawBody.toString('utf8') : JSON.stringify(events);
	const start = await takeTurn(context, state, parameters, { events, json, keys }, now);
	if ('statusCode' in start) {
		response.status(start.statusCode).end();
		return afterAnswer(problems);
	}
	if (mayEndEarly()) {
		giveUp(state, start, parameters, 503);
		return refuse(response, 503, problems);
	}
	const goAgain = async () => await postAgain(context, post);
	const run = { start, parameters, problems, goAgain, mayEndEarly };
	return { workflowData: [[startExecution(state, response, run)]] };
}

function refuse(
	response: Response,
	statusCode: keyof typeof ANSWERS,
	problems: ProblemReport[] = [],
): IWebhookResponseData {
	response.status(statusCode).json({ error: ANSWERS[statusCode] });
	return afterAnswer(problems);
}

/** Ends the call of a post that was answered; problems to report start the workflow all the same. */
function afterAnswer(problems: ProblemReport[]): IWebhookResponseData {
	if (problems.length === 0) return { noWebhookResponse: true };
	const handover = wrapHandover({ processId: PROCESS_ID, posts: [], problems });
	return { noWebhookResponse: true, workflowData: [[handover]] };
}

/** @returns what to start, or how the execution was answered that the post has shared with others */
async function takeTurn(
	context: IWebhookFunctions,
	state: TriggerState,
	{ waitsForWorkflow }: TriggerParameters,
	post: BatchedPost,
	now: number,
): Promise<BatchStart | { statusCode: number }> {
	const alone: BatchStart = { posts: [post], answered: () => {} };
	const mayShare = !waitsForWorkflow || state.sharing.isAllowed(now);
	if (context.getMode() === 'manual' || !mayShare) return alone;

	const turn = await state.batcher.add(post);
	// A workflow that fails must not take the events of other posts with it.
	const goesAgain = 'statusCode' in turn && waitsForWorkflow && !isSuccess(turn.statusCode);
	return goesAgain ? alone : turn;
}

/** An execution to be started. */
interface Run {
	start: BatchStart;
	parameters: TriggerParameters;
	problems: ProblemReport[];
	/**
	 * Has the post whose request starts the execution start another one, and resolves to whether that
	 * ended well.
	 */
	goAgain: () => Promise<boolean>;
	/** Whether n8n may end before an execution that begins now. */
	mayEndEarly: () => boolean;
}

/** Makes the trigger's input for the posts of a batch, and sees to their keys when n8n answers. */
function startExecution(state: TriggerState, response: Response, run: Run): INodeExecutionData {
	const { start, parameters, problems, goAgain, mayEndEarly } = run;
	const { posts, answered } = start;
	const { waitsForWorkflow } = parameters;
	const handover = {
		processId: PROCESS_ID,
		posts: posts.map(({ json }) => json),
		...(problems.length > 0 && { problems }),
	};
	const item = wrapHandover(
		handover,
		posts.flatMap(({ events }) => events),
	);
	holdAnswer(response, (statusCode, body) => {
		const hasNotRun = waitsForWorkflow && SAYS_NOT_RUN.test(body);
		if (isSuccess(statusCode) && !hasNotRun) {
			if (!waitsForWorkflow && mayEndEarly() && withdraw(item)) {
				giveUp(state, start, parameters, 503);
				return Promise.resolve(503);
			}
			const keys = posts.flatMap((post) => post.keys);
			const finish = () => {
				state.ledger.settle(keys, Date.now());
				answered(statusCode);
			};
			const isStored = !waitsForWorkflow || state.endsAreHooked;
			if (isStored || !state.durableLedger.isConnected) return void finish();
			// Were the keys written after the answer, a kill in between would let a repeat through that
			// SendGrid sends although it had its 200.
			return state.durableLedger.settle(keys).then(finish);
		}
		giveUp(state, start, parameters, hasNotRun ? 500 : statusCode);
		if (!waitsForWorkflow) return undefined;
		state.sharing.failed(Date.now());
		if (posts.length === 1) return hasNotRun ? Promise.resolve(500) : undefined;
		return goAgain().then((isTaken) => (isTaken ? 200 : hasNotRun ? 500 : undefined));
	});
	return item;
}

/** Lets the events of a batch come again. */
function giveUp(
	state: TriggerState,
	{ posts, answered }: BatchStart,
	{ waitsForWorkflow }: TriggerParameters,
	statusCode: number,
): void {
	// With "Have SendGrid Send Again" the others of the batch keep theirs, to try again alone.
	const [first] = posts;
	const ours = waitsForWorkflow ? [first!] : posts;
	state.ledger.release(ours.flatMap(({ keys }) => keys));
	answered(statusCode);
}

/**
 * How n8n answers, with 200, when it has no run to show: it has refused to begin one, because a node
 * lacks its credential, or has given up one that waited for a worker.
 */
const SAYS_NOT_RUN = /^\{"message":"Workflow executed successfully but /;

function isSuccess(statusCode: number): boolean {
	return statusCode >= 200 && statusCode < 300;
}

/** What the sender of a refused post is told: enough for SendGrid's log, nothing for a forger. */
const ANSWERS: Record<(Outcome & { kind: 'refused' })['statusCode'], string> = {
	400: 'The body is not a JSON array of events.',
	401: 'The post could not be verified.',
	503: 'These events cannot be taken now, or some of them are being processed. Send them again later.',
};

async function readPost(context: IWebhookFunctions): Promise<Post> {
	const request = context.getRequestObject() as unknown as ParsedRequest;
	if (request.rawBody === undefined) await request.readRawBody();
	const { rawBody = Buffer.alloc(0), contentType, encoding, body } = request;
	const headers = context.getHeaderData();
	// n8n parses JSON before it asks the node, in the character set that the sender names and without
	// a byte order mark. Where neither makes a difference, parsing the bytes again would only cost time.
	const isJson = contentType === 'application/json' && encoding === 'utf-8';
	const isList = rawBody[0] === '['.charCodeAt(0);
	return { headers, rawBody, body: isJson && isList ? body : undefined };
}

/** What n8n adds to a request. */
interface ParsedRequest {
	rawBody?: Buffer;
	readRawBody(): Promise<void>;
	/** Without its parameters. */
	contentType?: string;
	/** The character set in lower case. */
	encoding?: string;
	body?: unknown;
}

async function decide(
	context: IWebhookFunctions,
	post: Post,
	state: TriggerState,
	parameters: TriggerParameters,
	now: number,
): Promise<Outcome> {
	const { isManualSetup, verificationKeys, maxAgeSeconds, wants, keysOf } = parameters;
	// Who is testing may well send the same post again and wants to see it again.
	const ledger = context.getMode() === 'manual' ? undefined : state.ledger;
	const maxInFlightMs = longestRunMs(context);
	const receiveWith = (publicKeys: string[]) =>
		receivePost(post, { publicKeys, maxAgeSeconds, wants, keysOf, ledger, maxInFlightMs, now });
	if (isManualSetup) return receiveWith(verificationKeys);
	return await withVerificationKey(context, state, now, receiveWith);
}

/**
 * How long the workflow's own time-out lets it run, in milliseconds; `undefined` without one. n8n
 * first asks an execution to stop and ends it by force a fifth of that time later. In queue mode it
 * never answers the sender of one that it has stopped.
 */
function longestRunMs(context: IWebhookFunctions): number | undefined {
	const { executionTimeout = -1 } = context.getWorkflowSettings();
	return executionTimeout > 0 ? executionTimeout * 1200 + 60_000 : undefined;
}
