import {
	NodeOperationError,
	type IExecuteFunctions,
	type IN8nHttpFullResponse,
} from 'n8n-workflow';
import { errorStatus } from '../../../api/apiError';
import { listEventWebhooks, type EventWebhook } from '../../../api/eventWebhooks';
import { EVENT_TYPES } from '../../../events/eventTypes';

/**
 * Checks that a published trigger of this n8n would receive the events, as far as the API key may
 * look.
 *
 * @param resumeUrl where n8n waits
 * @throws NodeOperationError, NodeApiError
 */
export async function checkReceived(
	context: IExecuteFunctions,
	events: readonly string[],
	resumeUrl: string,
): Promise<void> {
	const list = await listEventWebhooks(context).catch((error: unknown) => {
		// A key that may only send is no reason not to.
		if (errorStatus(error) !== 403) throw error;
		return undefined;
	});
	const missing = list === undefined ? [] : unreceived(list.webhooks, events, resumeUrl);
	if (missing.length === 0) return;
	const labels = missing.map((event) => EVENT_TYPES.find(({ name }) => name === event)!.label);
	throw new NodeOperationError(
		context.getNode(),
		`Publish a workflow with a SendGrid Email Trigger that has ${labels.join(', ')} among its Events. So far nothing here receives ${missing.length === 1 ? 'it' : 'them'}, and the wait would not end. If a trigger receives ${missing.length === 1 ? 'it' : 'them'} at another address, switch off "Check Before Sending" in the options. Nothing was sent.`,
	);
}

/** Those of `events` that SendGrid posts to no trigger of the n8n that waits at `resumeUrl`. */
export function unreceived(
	webhooks: readonly EventWebhook[],
	events: readonly string[],
	resumeUrl: string,
): string[] {
	const waiting = new URL(resumeUrl);
	// <base>/<endpoint>/<execution>/<node>, beside <base>/<endpoint>/<trigger>/events.
	const base = waiting.pathname.split('/').slice(0, -3).join('/');
	const own = webhooks.filter(({ url, enabled }) => {
		if (!enabled || !URL.canParse(url)) return false;
		const { origin, pathname } = new URL(url);
		const isTest = pathname.startsWith(`${base}/webhook-test/`);
		const isHere = origin === waiting.origin && pathname.startsWith(`${base}/`);
		return isHere && !isTest && pathname.endsWith('/events');
	});
	const flags = new Map<string, string>(EVENT_TYPES.map((type) => [type.name, type.settingsFlag]));
	return events.filter((event) => !own.some((webhook) => webhook[flags.get(event) ?? ''] === true));
}

/**
 * Checks that n8n reaches itself: the trigger wakes the execution at the address that is also
 * SendGrid's way in.
 *
 * @throws NodeOperationError
 */
export async function checkReachable(context: IExecuteFunctions, resumeUrl: string): Promise<void> {
	const problem = await problemOfReaching(context, resumeUrl);
	if (problem === undefined) return;
	const { origin } = new URL(resumeUrl);
	throw new NodeOperationError(
		context.getNode(),
		`Let n8n reach itself at ${origin}, or switch off "Check Before Sending" in the options. The trigger wakes this workflow at that address, but n8n got no answer of its own there. Nothing was sent.`,
		// Not in the message: n8n replaces one that names an error of the network.
		{ description: `A call from here failed: ${problem}` },
	);
}

async function problemOfReaching(
	context: IExecuteFunctions,
	url: string,
): Promise<string | undefined> {
	try {
		const { statusCode } = await answerAt(context, url);
		// "The execution is running already": only this n8n knows that.
		if (statusCode === 409) return undefined;
		if (statusCode === 500 && (await knowsNoExecutionZero(context, url))) return undefined;
		return `the answer was ${statusCode} instead of 409`;
	} catch (error) {
		return (error as Error).message;
	}
}

/**
 * While a run by hand is under way, n8n has not stored what it needs to answer for that execution,
 * and says 500 (2.41 and 1.123). For one that does not exist it has an answer of its own.
 */
async function knowsNoExecutionZero(context: IExecuteFunctions, url: string): Promise<boolean> {
	const other = new URL(url);
	const parts = other.pathname.split('/');
	parts[parts.length - 2] = '0';
	other.pathname = parts.join('/');
	const { statusCode, body } = await answerAt(context, other.href);
	return statusCode === 404 && JSON.stringify(body).includes('does not exist');
}

async function answerAt(context: IExecuteFunctions, url: string): Promise<IN8nHttpFullResponse> {
	return (await context.helpers.httpRequest({
		method: 'GET',
		url,
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		timeout: 10_000,
	})) as IN8nHttpFullResponse;
}
