import type { PostedEvent } from './signing';

const METRICS = [
	'blocks',
	'bounce_drops',
	'bounces',
	'clicks',
	'deferred',
	'delivered',
	'invalid_emails',
	'opens',
	'processed',
	'requests',
	'spam_report_drops',
	'spam_reports',
	'unique_clicks',
	'unique_opens',
	'unsubscribe_drops',
	'unsubscribes',
] as const;

type Metric = (typeof METRICS)[number];
export type Metrics = Record<Metric, number>;

/** Counts what happened to mail, by day and category, as `/v3/stats` and its kin report it. */
export class Statistics {
	/** Day to category to figures; `undefined` stands for all categories together. */
	private readonly byDay = new Map<string, Map<string | undefined, Metrics>>();
	private readonly seen = new Set<string>();

	/** Counts one event, if it says when it was. Unique figures count a message to one recipient once. */
	count(event: PostedEvent): void {
		const time = Number(event['timestamp']) * 1000;
		if (Number.isNaN(time)) return;
		const metrics = metricsOf(event);
		for (const unique of ['opens', 'clicks'] as const) {
			const key = `${unique} ${event['sg_message_id']}`;
			if (metrics.includes(unique) && !this.seen.has(key)) {
				this.seen.add(key);
				metrics.push(`unique_${unique}`);
			}
		}
		const day = new Date(time).toISOString().slice(0, 10);
		for (const category of [undefined, ...categoriesOf(event)]) {
			const counts = this.countsFor(day, category);
			for (const metric of metrics) counts[metric] += 1;
		}
	}

	/** The figures of days `from` to `to` (YYYY-MM-DD, both included) together. */
	sum(from: string, to: string, category?: string): Metrics {
		const total = noMetrics();
		for (const [day, byCategory] of this.byDay) {
			if (day < from || day > to) continue;
			const counts = byCategory.get(category);
			if (counts) for (const metric of METRICS) total[metric] += counts[metric];
		}
		return total;
	}

	/** Every category that was used, in alphabetical order. */
	categories(): string[] {
		const names = [...this.byDay.values()].flatMap((byCategory) => [...byCategory.keys()]);
		return [...new Set(names.filter((name) => name !== undefined))].sort();
	}

	private countsFor(day: string, category: string | undefined): Metrics {
		const byCategory = this.byDay.get(day) ?? new Map<string | undefined, Metrics>();
		this.byDay.set(day, byCategory);
		const counts = byCategory.get(category) ?? noMetrics();
		byCategory.set(category, counts);
		return counts;
	}
}

function noMetrics(): Metrics {
	return Object.fromEntries(METRICS.map((metric) => [metric, 0])) as Metrics;
}

function categoriesOf({ category }: PostedEvent): string[] {
	if (typeof category === 'string') return [category];
	return Array.isArray(category) ? category.map(String) : [];
}

function metricsOf({ event, type, reason }: PostedEvent): Metric[] {
	switch (event) {
		case 'processed':
			return ['requests', 'processed'];
		case 'delivered':
			return ['delivered'];
		case 'deferred':
			return ['deferred'];
		case 'bounce':
			return [type === 'blocked' ? 'blocks' : 'bounces'];
		case 'dropped':
			return ['requests', DROP_METRICS[String(reason)] ?? 'invalid_emails'];
		case 'open':
			return ['opens'];
		case 'click':
			return ['clicks'];
		case 'spamreport':
			return ['spam_reports'];
		case 'unsubscribe':
		case 'group_unsubscribe':
			return ['unsubscribes'];
		default:
			return [];
	}
}

const DROP_METRICS: Readonly<Record<string, Metric>> = {
	'Bounced Address': 'bounce_drops',
	'Spam Reporting Address': 'spam_report_drops',
	'Unsubscribed Address': 'unsubscribe_drops',
};
