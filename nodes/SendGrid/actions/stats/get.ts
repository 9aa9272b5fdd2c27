import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { byOffset, listItems } from '../../api/paging';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { readMoment } from '../../fields/moment';
import { readOption, readTextList } from '../../fields/parameters';
import type { ItemOperation } from '../operation';

/** Days, weeks or months; each has its figures for the account, or for each category. */
interface Period extends IDataObject {
	/** YYYY-MM-DD, its first day. */
	date: string;
	stats: Array<{ type?: string; name?: string; metrics: IDataObject }>;
}

const PAGE_SIZE = 500;
/** SendGrid takes no more in one call. */
const MAX_CATEGORIES = 10;

const startDateParameter: INodeProperties = {
	displayName: 'Start Date',
	name: 'startDate',
	type: 'dateTime',
	required: true,
	default: '={{ $today.minus({ days: 7 }) }}',
	description: 'The first day, for example 2026-11-01. The time of day does not count.',
};

const endDateParameter: INodeProperties = {
	displayName: 'End Date',
	name: 'endDate',
	type: 'dateTime',
	default: '',
	description: 'The last day, for example 2026-11-30. Empty for today.',
};

const aggregatedByParameter: INodeProperties = {
	displayName: 'Group By',
	name: 'aggregatedBy',
	type: 'options',
	options: [
		{ name: 'Day', value: 'day', description: 'One result for each day' },
		{ name: 'Week', value: 'week', description: 'One result for each week' },
		{ name: 'Month', value: 'month', description: 'One result for each month' },
	],
	default: 'day',
	description: 'The period that each result sums up',
};

const categoriesParameter: INodeProperties = {
	displayName: 'Categories',
	name: 'categories',
	type: 'string',
	default: '',
	placeholder: 'e.g. newsletter, receipts',
	description:
		'Up to 10 categories, separated by commas, to get figures for each of them. Empty for the figures of the whole account.',
};

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get statistics',
		description: 'Count deliveries, opens, clicks, bounces and more by day, week or month',
	},
	properties: [startDateParameter, endDateParameter, aggregatedByParameter, categoriesParameter],
	async executeItem(context, itemIndex) {
		const startDate = readMoment(context, itemIndex, startDateParameter)?.toISODate();
		if (!startDate) {
			throw new InvalidFieldError(
				startDateParameter.displayName,
				'Enter the first day, for example 2026-11-01. The value is empty.',
			);
		}
		const endDate = readMoment(context, itemIndex, endDateParameter)?.toISODate();
		const query: IDataObject = {
			start_date: startDate,
			...(endDate && { end_date: endDate }),
			aggregated_by: readOption(context, itemIndex, aggregatedByParameter),
		};
		const categories = categoriesOf(context, itemIndex);
		const periods =
			categories.length > 0
				? listItems<Period>(context, {
						path: '/v3/categories/stats',
						query: { ...query, categories },
						items: (body) => body as Period[],
						paging: () => undefined,
					})
				: listItems<Period>(context, {
						path: '/v3/stats',
						query: { ...query, limit: PAGE_SIZE },
						items: (body) => body as Period[],
						paging: byOffset,
					});

		const results: IDataObject[] = [];
		for await (const { date, stats } of periods) {
			for (const { metrics, ...subject } of stats) {
				results.push({ date, ...subject, ...inCamelCase(metrics) });
			}
		}
		return results;
	},
};

function categoriesOf(context: IExecuteFunctions, itemIndex: number): string[] {
	const categories = readTextList(context, itemIndex, categoriesParameter);
	if (categories.length > MAX_CATEGORIES) {
		throw new InvalidFieldError(
			categoriesParameter.displayName,
			`Use several items, each with up to ${MAX_CATEGORIES} categories. SendGrid takes no more at once, and there are ${categories.length}.`,
		);
	}
	return categories;
}
