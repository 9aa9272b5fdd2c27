import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { byOffset, listItems } from '../../api/paging';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { readMoment } from '../../fields/moment';
import { readOptions } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { RETURN_ALL_OR_LIMIT, wantedResults } from '../../fields/returnAll';
import {
	LIST_OPTIONS,
	suppressionList,
	toEntry,
	unreadableList,
	type SuppressionList,
} from './lists';

/** The most that SendGrid gives at once. */
const PAGE_SIZE = 500;

const listsParameter: INodeProperties = {
	displayName: 'Lists',
	name: 'lists',
	type: 'multiOptions',
	options: LIST_OPTIONS,
	default: [
		'blocks',
		'bounces',
		'globalUnsubscribes',
		'groupUnsubscribes',
		'invalidEmails',
		'spamReports',
	],
	description: 'The suppression lists to read',
};

const sinceParameter: INodeProperties = {
	displayName: 'Since',
	name: 'since',
	type: 'dateTime',
	default: '',
	description:
		'Only addresses added at this time or later, for example since the last run. A date and time such as 2026-11-20T10:15:00Z, or a Unix time. Empty for all.',
};

const untilParameter: INodeProperties = {
	displayName: 'Until',
	name: 'until',
	type: 'dateTime',
	default: '',
	description:
		'Only addresses added at this time or before, for example 2026-11-30T23:59:59Z. Empty for all up to now.',
};

/** Reads lists entry by entry: what happened in a time range, also while nobody listened. */
export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many suppressed addresses',
		description: 'List bounces, blocks, spam reports and unsubscribes, for example after an outage',
	},
	properties: [listsParameter, sinceParameter, untilParameter, ...RETURN_ALL_OR_LIMIT],
	async executeItem(context, itemIndex) {
		const lists = readOptions(context, itemIndex, listsParameter).map(suppressionList);
		if (lists.length === 0) {
			throw new InvalidFieldError(listsParameter.displayName, 'Choose at least one.');
		}
		const range = {
			since: readMoment(context, itemIndex, sinceParameter)?.toUnixInteger(),
			until: readMoment(context, itemIndex, untilParameter)?.toUnixInteger(),
		};
		const wanted = wantedResults(context, itemIndex);

		// Addresses added while the pages are read push others on to the next page, a second time.
		const entries = new Map<string, IDataObject>();
		for await (const entry of readLists(context, lists, range, Math.min(PAGE_SIZE, wanted))) {
			entries.set(JSON.stringify(entry), entry);
			if (entries.size >= wanted) break;
		}
		return [...entries.values()];
	},
};

/** Unix seconds; both ends are included. */
interface TimeRange {
	since?: number;
	until?: number;
}

async function* readLists(
	context: IExecuteFunctions,
	lists: SuppressionList[],
	{ since, until }: TimeRange,
	pageSize: number,
): AsyncGenerator<IDataObject> {
	const query: IDataObject = {
		limit: pageSize,
		...(since !== undefined && { start_time: since }),
		...(until !== undefined && { end_time: until }),
	};
	for (const list of lists) {
		const entries = listItems<IDataObject>(context, {
			path: list.path,
			query,
			items: (body) => {
				if (!Array.isArray(body)) throw unreadableList(context, list, list.path);
				return body as IDataObject[];
			},
			// Undocumented for group unsubscribes: https://github.com/sendgrid/docs/issues/5178
			paging: byOffset,
		});
		for await (const raw of entries) {
			const entry = toEntry(list, raw);
			if (isWithin({ since, until }, entry)) yield entry;
		}
	}
}

/** SendGrid applies the time range itself, except to group unsubscribes. Both ends are included. */
function isWithin(
	{ since = -Infinity, until = Infinity }: TimeRange,
	{ created }: IDataObject,
): boolean {
	return typeof created !== 'number' || (created >= since && created <= until);
}
