import { ApiError } from '../apiError';
import type { ActivityMessage } from '../emailActivity';
import { parseQuery } from '../queryLanguage';
import { integerOf, route } from '../router';
import type { Call, Reply, Route } from '../router';

const READ = ['messages.read'];
const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 1000;

const FIELDS = new Set([
	'msg_id',
	'from_email',
	'to_email',
	'subject',
	'status',
	'template_id',
	'asm_group_id',
	'categories',
	'unique_args',
	'last_event_time',
	'events',
	'clicks',
	'opens',
]);

/** What happened to each message. There are no pages: the newest that fit, as many as asked for. */
export const emailActivityRoutes: readonly Route[] = [
	route('GET', '/v3/messages', READ, search),
	route('GET', '/v3/messages/:id', READ, readOne),
];

function search({ request: { query }, account }: Call): Reply {
	const text = query.get('query');
	if (text === null || text === '') throw new ApiError(400, [{ message: 'query is required' }]);
	const limit = integerOf(query, 'limit', DEFAULT_LIMIT);
	if (limit < 1 || limit > MAX_LIMIT) {
		throw new ApiError(400, [{ message: `limit must be between 1 and ${MAX_LIMIT}` }]);
	}
	const matches = queryOf(text);
	const messages = [...account.emailActivity.messages.values()]
		.filter((message) =>
			matches({
				...message,
				events: message.events.map(({ event_name }) => event_name),
				clicks: countOf(message, 'clicked'),
				opens: countOf(message, 'opened'),
			}),
		)
		.sort((a, b) => (a.last_event_time < b.last_event_time ? 1 : -1))
		.slice(0, limit);
	return { status: 200, body: { messages: messages.map(summary) } };
}

function queryOf(text: string) {
	try {
		return parseQuery(text, FIELDS);
	} catch (error) {
		throw new ApiError(400, [{ message: (error as Error).message }]);
	}
}

function readOne({ account, params }: Call): Reply {
	const message = account.emailActivity.messages.get(params['id']!);
	if (message === undefined) {
		throw new ApiError(404, [{ message: 'not found', field: 'message_id' }]);
	}
	const { from_email, msg_id, subject, to_email, status, template_id, asm_group_id } = message;
	return {
		status: 200,
		body: {
			from_email,
			msg_id,
			subject,
			to_email,
			status,
			template_id,
			asm_group_id,
			teammate: '',
			api_key_id: 'emulator',
			events: message.events,
			originating_ip: '192.0.2.1',
			categories: message.categories,
			unique_args: JSON.stringify(message.unique_args),
			outbound_ip: '192.0.2.2',
			outbound_ip_type: 'shared',
		},
	};
}

function summary(message: ActivityMessage) {
	const { from_email, msg_id, subject, to_email, status, last_event_time } = message;
	return {
		from_email,
		msg_id,
		subject,
		to_email,
		status,
		opens_count: countOf(message, 'opened'),
		clicks_count: countOf(message, 'clicked'),
		last_event_time,
	};
}

function countOf({ events }: ActivityMessage, name: string): number {
	return events.filter(({ event_name }) => event_name === name).length;
}
