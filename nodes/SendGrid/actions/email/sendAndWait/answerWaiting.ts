import type {
	IDataObject,
	IExecuteData,
	IWebhookDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { answerPage, type PageAnswer } from './answerPage';
import { distributeOutcomes, hasOutputPerOutcome } from './outcomes';

/**
 * Where n8n takes what ends a wait: an event from the trigger (POST), or the recipient's answer (GET
 * shows a page, POST is its button).
 */
export const WAIT_WEBHOOKS: IWebhookDescription[] = (['GET', 'POST'] as const).map(
	(httpMethod) => ({
		name: 'default',
		httpMethod,
		responseMode: 'onReceived',
		responseData: '',
		path: '={{ $nodeId }}',
		restartWebhook: true,
		isFullPath: true,
	}),
);

/** How long n8n may take to mark an execution as running again, in milliseconds. */
const RESUMING_MS = 60_000;

/** When each wait was ended, by its id; the latest only. */
const ended = new Map<string, number>();
const MAX_ENDED = 10_000;

/**
 * What n8n calls for a signed address of an execution that waits.
 *
 * It must not throw: n8n would go on with the workflow, as if the wait had ended with an error.
 */
export async function answerWaiting(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const response = context.getResponseObject();
	try {
		return answer(context);
	} catch (error) {
		context.logger.error(`${context.getNode().name}: ${(error as Error).message}`);
		if (!response.headersSent) response.status(500).end();
		return { noWebhookResponse: true };
	}
}

function answer(context: IWebhookFunctions): IWebhookResponseData {
	const query = context.getQueryData() as Record<string, string | undefined>;
	// What the node put out when it paused. A mail of an earlier round of a loop has another wait.
	const sent = context.evaluateExpression('{{ $json }}', 0) as IDataObject | undefined;
	const isOpen =
		query.wait !== undefined && query.wait === sent?.waitId && !endedJustNow(query.wait);
	const reply =
		query.for === undefined
			? answerPage(context, query, isOpen)
			: takeEvent(context, query, isOpen);
	if (reply.result === undefined) {
		const response = context.getResponseObject();
		response
			.status(reply.statusCode)
			.set(reply.headers ?? {})
			.send(reply.body);
		return { noWebhookResponse: true };
	}
	claim(context, query.wait as string);
	for (const [name, value] of Object.entries(reply.headers ?? {})) {
		context.getResponseObject().setHeader(name, value);
	}
	return {
		webhookResponse: reply.body,
		workflowData: goOnWith(context, { ...sent, ...reply.result }),
	};
}

function takeEvent(
	context: IWebhookFunctions,
	query: Record<string, string | undefined>,
	isOpen: boolean,
): PageAnswer {
	if (context.getRequestObject().method !== 'POST') {
		return { statusCode: 405, body: 'This address takes events from the trigger only.' };
	}
	const event = context.getBodyData();
	const isAwaited = (query.for ?? '').split('.').includes(String(event.event));
	if (!isOpen || !isAwaited) return { statusCode: 200, body: 'Not waiting for this event.' };
	return { statusCode: 200, body: 'Taken.', result: { outcome: event.event, event } };
}

/**
 * Where each outcome has an output, the node has to run once more: n8n passes the data of a node that
 * has waited to its first output (n8n 1.x always, n8n 2 when the time is up) and marks the node as
 * disabled for that.
 */
function goOnWith(context: IWebhookFunctions, json: IDataObject) {
	const items = [{ json, pairedItem: { item: 0 } }];
	const node = context.getNode();
	if (!hasOutputPerOutcome(node)) return [items];
	const { executeData } = context as { executeData?: IExecuteData };
	if (executeData === undefined) return distributeOutcomes(node, items);
	executeData.node.disabled = false;
	return [items];
}

function endedJustNow(wait: string): boolean {
	const at = ended.get(wait);
	return at !== undefined && Date.now() - at < RESUMING_MS;
}

/** n8n 1.x runs an execution twice that two calls wake at the same moment. */
function claim(context: IWebhookFunctions, wait: string): void {
	ended.delete(wait);
	ended.set(wait, Date.now());
	for (const oldest of ended.keys()) {
		if (ended.size <= MAX_ENDED) break;
		ended.delete(oldest);
	}
	const response = context.getResponseObject();
	// n8n could not store it: the wait goes on, and whoever called tries again.
	response.once('finish', () => {
		if (response.statusCode >= 400) ended.delete(wait);
	});
}
