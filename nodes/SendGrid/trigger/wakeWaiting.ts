import { sleep, type IN8nHttpFullResponse, type IWebhookFunctions } from 'n8n-workflow';
import { normalizeEvent, type SendGridEvent } from '../events/normalize';
import { numberOf, type RawEvent } from '../events/rawEvent';
import { findAwaited, instanceTag, type AwaitedEvent } from '../events/waitTicket';

/** An execution that sent its mail a moment ago may not be stored as waiting yet; milliseconds. */
const RETRY_DELAYS = [100, 300, 1000];

/**
 * Within this time of the ticket, an execution that runs may be sending its mail, which takes long
 * while SendGrid asks to slow down. After it, one that runs was woken by another event.
 */
const SENDING_SECONDS = 900;

/** The tickets that this process has presented: a mail often has more events than the first. */
const presented = new Set<string>();
const MAX_PRESENTED = 10_000;

/**
 * An event is not held back for longer than this because an execution cannot be woken: the trigger's
 * own workflow would not get it either, and SendGrid gives up after 24 hours.
 */
const MAX_HOLD_SECONDS = 3600;

const PARALLEL_CALLS = 10;

const TIMEOUT_MS = 5000;

/**
 * Wakes the executions of this n8n that wait for one of these events ("Send and Wait"), each with
 * the one that happened first.
 *
 * An event tells which execution, but never where to call: the address is n8n's own, and n8n checks
 * the signature it made itself.
 *
 * It never throws: what goes wrong here must not cost the trigger's own workflow its events.
 *
 * @param events the verified events that carry a ticket
 * @returns false if an execution could not be told: SendGrid is to send the post again
 */
export async function wakeWaiting(
	context: IWebhookFunctions,
	events: readonly RawEvent[],
): Promise<boolean> {
	// Listening for a test event is no reason to end a wait.
	if (context.getMode() === 'manual') return true;
	const awaited = findAwaited(events, instanceTag(context.getInstanceId())).filter(
		({ ticket }) => !presented.has(ticket.text),
	);
	if (awaited.length === 0) return true;

	const base = waitingBaseUrl(context);
	const queue = awaited.values();
	let areAllTold = true;
	const worker = async () => {
		for (const entry of queue) areAllTold = (await wake(context, base, entry)) && areAllTold;
	};
	await Promise.all(Array.from({ length: PARALLEL_CALLS }, worker));
	return areAllTold;
}

/** The address of all executions that wait, as n8n gives it to expressions; an error if it does not. */
function waitingBaseUrl(context: IWebhookFunctions): string | Error {
	try {
		const url = new URL(context.evaluateExpression('{{ $execution.resumeUrl }}', 0) as string);
		return url.origin + url.pathname.slice(0, url.pathname.lastIndexOf('/'));
	} catch (error) {
		return error as Error;
	}
}

/** @returns whether nothing is left to be told */
async function wake(
	context: IWebhookFunctions,
	base: string | Error,
	{ ticket, event }: AwaitedEvent,
): Promise<boolean> {
	const body: Partial<SendGridEvent> = normalizeEvent(event);
	delete body.raw;
	for (const delay of [...RETRY_DELAYS, undefined]) {
		const answer = await post(context, base, ticket.text, body);
		const problem = problemOf(answer, ticket.sentAt);
		if (problem === undefined) {
			rememberPresented(ticket.text);
			return true;
		}
		if (delay !== undefined) {
			await sleep(delay);
			continue;
		}
		const age = Date.now() / 1000 - (numberOf(event, 'timestamp') ?? 0);
		const isHeld = age < MAX_HOLD_SECONDS;
		context.logger.warn(
			`${context.getNode().name}: an execution that waits for "${String(event.event)}" of its mail was not woken: ${problem}. ${isHeld ? 'SendGrid sends the event again.' : 'This was the last try.'}`,
		);
		return !isHeld;
	}
	return false;
}

function rememberPresented(ticket: string): void {
	presented.add(ticket);
	for (const oldest of presented) {
		if (presented.size <= MAX_PRESENTED) break;
		presented.delete(oldest);
	}
}

/** What keeps the execution from being told; `undefined` if it knows, or is gone. */
function problemOf(answer: IN8nHttpFullResponse | Error, sentAt: number): string | undefined {
	if (answer instanceof Error) return `n8n cannot reach itself (${answer.message})`;
	const { statusCode } = answer;
	const body = JSON.stringify(answer.body) ?? '';
	if (statusCode >= 500 || statusCode === 429) return `n8n answered ${statusCode}`;
	// While n8n starts, it answers everything like that, with 200.
	if (body.includes('n8n is starting up')) return 'n8n is starting';
	// In all other cases there is nothing to wake: ended, deleted, or waiting for another mail.
	const isRunning = statusCode === 409 && body.includes('running');
	const mayBeSending = Date.now() / 1000 - sentAt < SENDING_SECONDS;
	return isRunning && mayBeSending ? 'it is still running' : undefined;
}

async function post(
	context: IWebhookFunctions,
	base: string | Error,
	ticket: string,
	body: object,
): Promise<IN8nHttpFullResponse | Error> {
	if (base instanceof Error) return base;
	try {
		return (await context.helpers.httpRequest({
			method: 'POST',
			url: `${base}/${ticket}`,
			body: body as never,
			json: true,
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			timeout: TIMEOUT_MS,
		})) as IN8nHttpFullResponse;
	} catch (error) {
		return error as Error;
	}
}
