import type { INodeProperties } from 'n8n-workflow';
import { sendFields, sendManyFields } from './additionalFields';
import { sendSettings } from './settingFields';
import { templateFields } from './templateFields';
import { TEMPLATE_MODES } from '../../fields/locators';

const forMessage: INodeProperties['displayOptions'] = { show: { content: ['message'] } };
const forTemplate: INodeProperties['displayOptions'] = { show: { content: ['template'] } };
const forTemplateFilledWith = (filling: string): INodeProperties['displayOptions'] => ({
	show: { content: ['template'], fillTemplateWith: [filling] },
});

const from: INodeProperties = {
	displayName: 'From',
	name: 'from',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'address', value: '' },
	description:
		'Who sends the mail: an address, or a name with an address such as "Ann &lt;ann@example.com&gt;". SendGrid has to know the address or its domain, under Settings > Sender Authentication.',
	modes: [
		{
			displayName: 'Address',
			name: 'address',
			type: 'string',
			placeholder: 'e.g. Ann <ann@example.com>',
		},
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose a verified sender',
			typeOptions: { searchListMethod: 'searchVerifiedSenders', searchable: true },
		},
	],
};

const to = (description: string, initially = ''): INodeProperties => ({
	displayName: 'To',
	name: 'to',
	type: 'string',
	required: true,
	default: initially,
	placeholder: 'e.g. Ann <ann@example.com>, bob@example.com',
	description,
});

const content: INodeProperties = {
	displayName: 'Content',
	name: 'content',
	type: 'options',
	noDataExpression: true,
	default: 'message',
	description: 'Where the content of the mail comes from',
	options: [
		{
			name: 'Message',
			value: 'message',
			description: 'Write subject, text and HTML here',
		},
		{
			name: 'Template',
			value: 'template',
			description: 'Use a template from SendGrid, filled with your data',
		},
	],
};

/**
 * @param salutation how the examples address the recipient
 * @param hint what has to be known before one writes
 */
const message = (salutation: string, hint?: string): INodeProperties[] => [
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		required: true,
		displayOptions: forMessage,
		default: '',
		placeholder: `e.g. ${salutation}, your order has shipped`,
		description: 'The subject line',
		hint,
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		typeOptions: { rows: 4 },
		displayOptions: forMessage,
		default: '',
		placeholder: `e.g. Hello ${salutation}, your order is on its way.`,
		description:
			'The mail as plain text, for mail programs that show no HTML. Give text, HTML or, best, both.',
	},
	{
		displayName: 'HTML',
		name: 'html',
		type: 'string',
		typeOptions: { rows: 6 },
		displayOptions: forMessage,
		default: '',
		placeholder: `e.g. <p>Hello ${salutation}, your order is on its way.</p>`,
		description: 'The mail as HTML. Give text, HTML or, best, both.',
	},
];

const template: INodeProperties[] = [
	{
		displayName: 'Template',
		name: 'templateId',
		type: 'resourceLocator',
		required: true,
		displayOptions: forTemplate,
		default: { mode: 'list', value: '' },
		description:
			'The template, in SendGrid under Email API > Dynamic Templates. The ID of a dynamic template starts with "d-".',
		...TEMPLATE_MODES,
	},
	{
		displayName: 'Template Subject',
		// Not `subject`: n8n keeps the value when Content is switched, and would send that of a message.
		name: 'templateSubject',
		type: 'string',
		displayOptions: forTemplate,
		default: '',
		placeholder: 'e.g. Your order has shipped',
		hint: 'Leave empty to use the subject of the template',
		description: 'Only needed for a template without a subject of its own',
	},
	{
		displayName: 'Fill In Template With',
		name: 'fillTemplateWith',
		type: 'options',
		noDataExpression: true,
		displayOptions: forTemplate,
		default: 'json',
		description: 'How you give the data that the template shows',
		options: [
			{
				name: 'Template Data (JSON)',
				value: 'json',
				description: 'All of the data as one JSON object, for example the whole input item',
			},
			{
				name: 'Template Fields',
				value: 'fields',
				description: 'A field for each variable that the chosen template has',
			},
		],
	},
	{ ...templateFields, displayOptions: forTemplateFilledWith('fields') },
];

const customArgs: INodeProperties = {
	displayName: 'Custom Args',
	name: 'customArgs',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	default: {},
	placeholder: 'Add Custom Arg',
	description:
		'Your own values that come back with every event of this mail, for example "contactId" with the value "42". With them an event finds its record. Recipients do not see them. Names that events use themselves, such as "email" or "event", do not come back.',
	options: [
		{
			displayName: 'Custom Arg',
			name: 'values',
			values: [
				{
					displayName: 'Arg Name',
					name: 'name',
					type: 'string',
					default: '',
					placeholder: 'e.g. contactId',
					description: 'The name under which SendGrid Email Trigger has the value in customArgs',
				},
				{
					displayName: 'Arg Value',
					name: 'value',
					type: 'string',
					default: '',
					placeholder: 'e.g. 42',
					description: 'The value; numbers become text',
				},
			],
		},
	],
};

const categories: INodeProperties = {
	displayName: 'Categories',
	name: 'categories',
	type: 'string',
	default: '',
	placeholder: 'e.g. welcome, onboarding',
	description:
		'Up to 10 names for this kind of mail, separated by commas. SendGrid counts statistics for each, and events carry them.',
};

const duplicates: INodeProperties = {
	displayName: 'Duplicates',
	name: 'duplicates',
	type: 'options',
	default: 'sendEach',
	description: 'What happens when several items have the same address',
	options: [
		{ name: 'Send Each', value: 'sendEach', description: 'Every item is sent' },
		{
			name: 'Send Once',
			value: 'sendOnce',
			description: 'Only the first item of an address is sent; the others say so in duplicateOf',
		},
	],
};

/** The form of Send. */
export const sendProperties: INodeProperties[] = [
	from,
	to(
		'Who gets the mail: an address, or a name with an address such as "Ann &lt;ann@example.com&gt;"; several are separated by commas and see each other. A list from an expression works as well.',
	),
	content,
	...message('Ann'),
	...template,
	{
		displayName: 'Template Data',
		name: 'templateData',
		type: 'json',
		displayOptions: forTemplateFilledWith('json'),
		default: '{}',
		description:
			'What the template shows, as JSON of any depth, for example { "name": "Ann", "items": [{ "title": "Lamp" }] }',
	},
	customArgs,
	categories,
	sendFields,
	sendSettings,
];

/** The form of Send Many. */
export const sendManyProperties: INodeProperties[] = [
	from,
	to(
		'Who gets a mail: for each item an address, or a name with an address such as "Ann &lt;ann@example.com&gt;". Several addresses in one item are separated by commas; each gets a mail of its own, and nobody sees anybody else.',
		'={{ $json.email }}',
	),
	content,
	...message(
		'{{name}}',
		'{{name}} stands for the "name" in Placeholder Data below. Keep subject, text and HTML on "Fixed": with an expression in them, each mail needs a call of its own.',
	),
	{
		displayName: 'Placeholder Data',
		name: 'templateData',
		type: 'json',
		displayOptions: forMessage,
		default: '={{ $json }}',
		description:
			'The values of one recipient for the placeholders, as JSON, for example { "name": "Ann", "address": { "city": "Rome" } } for {{name}} and {{address.city}}. In HTML, {{name}} is escaped and {{{name}}} is not.',
	},
	...template,
	{
		displayName: 'Template Data',
		name: 'templateData',
		type: 'json',
		displayOptions: forTemplateFilledWith('json'),
		default: '={{ $json }}',
		description:
			'What the template shows to one recipient, as JSON of any depth, for example { "name": "Ann", "items": [{ "title": "Lamp" }] }',
	},
	customArgs,
	categories,
	duplicates,
	sendManyFields,
	sendSettings,
];
