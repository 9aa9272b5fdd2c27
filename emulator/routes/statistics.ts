import { ApiError } from '../apiError';
import { page, route } from '../router';
import type { Call, Reply, Route } from '../router';

const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_CATEGORIES = 10;
const MAX_PAGE = 500;
type Period = 'day' | 'week' | 'month';

/** Figures by day, week or month, for all mail or by category. */
export const statisticsRoutes: readonly Route[] = [
	route('GET', '/v3/stats', ['stats.read'], (call) => ({
		status: 200,
		body: page(call.request.query, periodsOf(call), MAX_PAGE).map(({ date, from, to }) => ({
			date,
			stats: [{ metrics: call.account.statistics.sum(from, to) }],
		})),
	})),
	route('GET', '/v3/categories/stats', ['categories.stats.read', 'stats.read'], categoryStats),
	route('GET', '/v3/categories', ['categories.read', 'stats.read'], categories),
];

function categoryStats(call: Call): Reply {
	const names = call.request.query.getAll('categories');
	if (names.length === 0) throw badRequest('categories', 'missing required parameter');
	if (names.length > MAX_CATEGORIES) {
		throw badRequest('categories', `no more than ${MAX_CATEGORIES} categories are allowed`);
	}
	return {
		status: 200,
		body: periodsOf(call).map(({ date, from, to }) => ({
			date,
			stats: names.map((name) => ({
				type: 'category',
				name,
				metrics: call.account.statistics.sum(from, to, name),
			})),
		})),
	};
}

function categories({ request: { query }, account }: Call): Reply {
	const prefix = query.get('category') ?? '';
	const names = account.statistics.categories().filter((name) => name.startsWith(prefix));
	const paged = new URLSearchParams(query);
	if (!paged.has('limit')) paged.set('limit', '50');
	return { status: 200, body: page(paged, names, MAX_PAGE).map((category) => ({ category })) };
}

/** The periods a query asks for, each under the date of its first day. */
function periodsOf({ request: { query }, account }: Call) {
	const start = dayOf(query, 'start_date') ?? missing('start_date');
	const end = dayOf(query, 'end_date') ?? isoDay(account.now());
	const period = (query.get('aggregated_by') ?? 'day') as Period;
	if (!['day', 'week', 'month'].includes(period)) {
		throw badRequest('aggregated_by', 'aggregated_by must be day, week or month');
	}
	const periods: Array<{ date: string; from: string; to: string }> = [];
	for (let time = Date.parse(start); time <= Date.parse(end); time += DAY_MS) {
		const day = isoDay(time);
		const date = firstDay(time, period);
		const last = periods.at(-1);
		if (last?.date === date) last.to = day;
		else periods.push({ date, from: day, to: day });
	}
	return periods;
}

/** Weeks begin on Monday. */
function firstDay(time: number, period: Period): string {
	if (period === 'month') return `${isoDay(time).slice(0, 8)}01`;
	const daysSinceMonday = (new Date(time).getUTCDay() + 6) % 7;
	return isoDay(period === 'week' ? time - daysSinceMonday * DAY_MS : time);
}

function dayOf(query: URLSearchParams, name: string): string | undefined {
	const text = query.get(name);
	if (text === null) return undefined;
	if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text))) {
		throw badRequest(name, 'invalid date, use YYYY-MM-DD');
	}
	return text;
}

function isoDay(time: number): string {
	return new Date(time).toISOString().slice(0, 10);
}

function missing(field: string): never {
	throw badRequest(field, 'missing required parameter');
}

function badRequest(field: string, message: string): ApiError {
	return new ApiError(400, [{ field, message }]);
}
