import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { TEMPLATE_MODES } from '../../fields/locators';
import { momentValue } from '../../fields/moment';
import { RETURN_ALL_OR_LIMIT, wantedResults } from '../../fields/returnAll';
import { chosenValue, fieldGroup, optionValue, textValue } from '../../fields/values';
import type { ItemOperation } from '../operation';
import { addOnNotice } from './addOnNotice';
import { mustHaveActivity, readMessages } from './messages';

const STATUSES = [
	{ name: 'Delivered', value: 'delivered', description: 'The receiving server took it' },
	{ name: 'Not Delivered', value: 'not_delivered', description: 'Bounced, blocked or dropped' },
	{ name: 'Processed', value: 'processed', description: 'On its way, perhaps deferred' },
];

const EVENTS = [
	{ name: 'Bounced', value: 'bounced', description: 'The receiving server refused it' },
	{ name: 'Clicked', value: 'clicked', description: 'A link in it was clicked' },
	{ name: 'Deferred', value: 'deferred', description: 'The receiving server asked to wait' },
	{ name: 'Delivered', value: 'delivered', description: 'The receiving server took it' },
	{ name: 'Dropped', value: 'dropped', description: 'SendGrid did not even try' },
	{ name: 'Group Resubscribe', value: 'group_resubscribe', description: 'Back in a group' },
	{ name: 'Group Unsubscribe', value: 'group_unsubscribe', description: 'Left a group' },
	{ name: 'Opened', value: 'opened', description: 'It was opened, by a person or a program' },
	{ name: 'Processed', value: 'processed', description: 'SendGrid accepted it' },
	{ name: 'Spam Report', value: 'spam_report', description: 'It was marked as spam' },
	{
		name: 'Unsubscribe',
		value: 'unsubscribe',
		description: 'The recipient unsubscribed from all mail',
	},
];

const fields = {
	event: {
		displayName: 'Event',
		name: 'event',
		type: 'options',
		options: EVENTS,
		default: 'bounced',
		description: 'Only messages that had this event',
	},
	fromEmail: {
		displayName: 'From',
		name: 'fromEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. news@example.com',
		description: 'The whole address of the sender, without a name',
	},
	messageId: {
		displayName: 'Message ID',
		name: 'messageId',
		type: 'string',
		default: '',
		placeholder: 'e.g. lQd2hPfLQ0-0YjCqGgV1gA',
		description: 'The "messageId" that Send and the trigger put out: all recipients of that mail',
	},
	query: {
		displayName: 'Query',
		name: 'query',
		type: 'string',
		default: '',
		placeholder: 'e.g. clicks > 0 OR unique_args["contactId"] = "42"',
		description:
			"A condition of your own in SendGrid's query language; the other filters hold as well",
	},
	since: {
		displayName: 'Since',
		name: 'since',
		type: 'dateTime',
		default: '',
		description:
			'Only messages whose last event was at this time or later, for example 2026-11-20T10:15:00Z',
	},
	status: {
		displayName: 'Status',
		name: 'status',
		type: 'options',
		options: STATUSES,
		default: 'not_delivered',
		description: 'What became of the delivery',
	},
	subject: {
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. Your receipt',
		description: 'The whole subject',
	},
	templateId: {
		displayName: 'Template',
		name: 'templateId',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		description: 'The template that the mail was made with',
		...TEMPLATE_MODES,
	},
	toEmail: {
		displayName: 'To',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. ann@example.com',
		description: 'The whole address of the recipient, without a name',
	},
	until: {
		displayName: 'Until',
		name: 'until',
		type: 'dateTime',
		default: '',
		description:
			'Only messages whose last event was at this time or before, for example 2026-11-30T23:59:59Z',
	},
} satisfies Record<string, INodeProperties>;

const filtersParameter: INodeProperties = {
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add Filter',
	default: {},
	options: Object.values(fields),
	description: 'Which messages to find; all of the filters have to fit. None: the newest messages.',
};

export const getAll: ItemOperation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many messages with their activity',
		description: 'Find messages with their status and counts of opens and clicks',
	},
	properties: [addOnNotice, filtersParameter, ...RETURN_ALL_OR_LIMIT],
	async executeItem(context, itemIndex) {
		await mustHaveActivity(context);
		const filter = readFilters(context, itemIndex);
		const range = { since: filter.moment('since'), until: filter.moment('until') };
		return await readMessages(
			context,
			{
				fromEmail: filter.text('fromEmail'),
				toEmail: filter.text('toEmail'),
				subject: filter.text('subject'),
				templateId: filter.text('templateId'),
				messageId: filter.text('messageId'),
				query: filter.text('query'),
				status: filter.option('status'),
				event: filter.option('event'),
			},
			range,
			wantedResults(context, itemIndex),
		);
	},
};

type FilterName = keyof typeof fields;

/** Reads the filters that were added; the others are empty. */
function readFilters(context: IExecuteFunctions, itemIndex: number) {
	const { name, displayName } = filtersParameter;
	const group = fieldGroup(context.getNodeParameter(name, itemIndex, {}), displayName);
	const labelOf = (field: FilterName) => `${displayName} > ${fields[field].displayName}`;
	const text = (field: FilterName) => textValue(chosenValue(group[field]), labelOf(field)).trim();
	return {
		text,
		option(field: 'status' | 'event'): string | undefined {
			if (text(field) === '') return undefined;
			const choice = fields[field].options.map(({ value }: IDataObject) => String(value));
			return optionValue(group[field], labelOf(field), choice);
		},
		moment(field: 'since' | 'until'): number | undefined {
			const moment = momentValue(group[field], labelOf(field), context.getTimezone());
			return moment?.toUnixInteger();
		},
	};
}
