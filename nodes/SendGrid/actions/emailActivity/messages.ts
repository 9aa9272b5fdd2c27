import { NodeOperationError, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import type { SendGridCredentials } from '../../api/baseUrl';
import { inCamelCase } from '../../api/camelCase';
import { ifFound } from '../../api/ifFound';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';
import { activityQuery, type ActivityFilter, type TimeRange } from './activityQuery';

export const MESSAGES = '/v3/messages';

/** The most that SendGrid gives in one answer. */
const MOST_AT_ONCE = 1000;

/** The add-on keeps 30 days; a query is asked for even by who wants everything. */
const KEPT_SECONDS = 31 * 24 * 3600;

interface Message extends IDataObject {
	msg_id: string;
	/** ISO 8601. */
	last_event_time: string;
}

/**
 * Reads messages from the newest to the oldest.
 *
 * SendGrid gives the newest 1000 and has no pages: each further question goes only up to the oldest
 * second that was seen.
 *
 * @throws NodeOperationError where a single second has more messages than SendGrid gives
 */
export async function readMessages(
	context: IExecuteFunctions,
	filter: ActivityFilter,
	{ since, until }: TimeRange,
	wanted: number,
): Promise<IDataObject[]> {
	const isUnbounded = activityQuery(filter, { since, until }) === '';
	const from = isUnbounded ? Math.floor(Date.now() / 1000) - KEPT_SECONDS : since;
	const found = new Map<string, Message>();
	for (let to = until; ;) {
		// A later question repeats the messages of the second at which the one before ended.
		const limit = found.size === 0 ? Math.min(MOST_AT_ONCE, wanted) : MOST_AT_ONCE;
		const { body } = await sendGridRequest<{ messages?: Message[] }>(context, {
			method: 'GET',
			path: MESSAGES,
			query: { query: activityQuery(filter, { since: from, until: to }), limit },
		});
		const messages = body.messages ?? [];
		for (const message of messages) found.set(message.msg_id, message);
		if (messages.length < limit || found.size >= wanted) break;
		const oldest = messages.reduce((time, message) => Math.min(time, secondsOf(message)), Infinity);
		if (oldest === to) throw crowdedSecond(context, oldest);
		to = oldest;
	}
	return [...found.values()]
		.sort((a, b) => secondsOf(b) - secondsOf(a))
		.slice(0, wanted)
		.map(shownMessage);
}

function secondsOf({ last_event_time: time }: Message): number {
	return Math.floor(Date.parse(time) / 1000);
}

function crowdedSecond(context: IExecuteFunctions, seconds: number): NodeOperationError {
	return new NodeOperationError(
		context.getNode(),
		`Narrow the filters, or set a Limit instead of Return All: more than ${MOST_AT_ONCE} messages had their last event at ${new Date(seconds * 1000).toISOString()}`,
		{
			description:
				'Filter by status or subject, for example. SendGrid gives no more than that of one second.',
		},
	);
}

/**
 * A message with the names that the trigger has for the same things: `messageId` is the one that
 * Send puts out, `sgMessageId` the longer one that tells the recipients of a mail apart.
 */
export function shownMessage({ msg_id, unique_args, ...message }: Message): IDataObject {
	return {
		messageId: msg_id.split('.', 1)[0]!,
		sgMessageId: msg_id,
		...inCamelCase(message),
		...customArgs(unique_args),
	};
}

/** SendGrid has them as JSON text, and the trigger as an object. */
function customArgs(text: unknown): IDataObject {
	if (typeof text !== 'string' || text === '') return {};
	try {
		return { customArgs: JSON.parse(text) as IDataObject };
	} catch {
		return { customArgs: text };
	}
}

/**
 * A message with everything that happened to it, and how often it was opened and clicked;
 * `undefined` if SendGrid has none.
 */
export async function readMessage(
	context: IExecuteFunctions,
	sgMessageId: string,
): Promise<IDataObject | undefined> {
	const path = pathOf(MESSAGES, sgMessageId);
	const response = await ifFound(
		sendGridRequest<Message & { events?: IDataObject[] }>(context, { method: 'GET', path }),
	);
	if (response === undefined) return undefined;
	const { body } = response;
	const count = (name: string) =>
		(body.events ?? []).filter(({ event_name }) => event_name === name).length;
	return { ...shownMessage(body), opensCount: count('opened'), clicksCount: count('clicked') };
}

/** @throws NodeOperationError for EU subusers, of whose mail SendGrid keeps no activity */
export async function mustHaveActivity(context: IExecuteFunctions): Promise<void> {
	const { region } = await context.getCredentials<SendGridCredentials>('sendGridEventsApi');
	if (region !== 'eu') return;
	throw new NodeOperationError(
		context.getNode(),
		'Use the SendGrid Email Trigger instead: SendGrid has no email activity in the region EU',
		{
			description:
				'It keeps none of the mail of EU subusers. The trigger gets the same events as they happen.',
		},
	);
}
