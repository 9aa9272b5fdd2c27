import type { INodeProperties } from 'n8n-workflow';

const headers: INodeProperties = {
	displayName: 'Headers',
	name: 'headers',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	default: {},
	placeholder: 'Add Header',
	description: 'Headers of the mail itself, for example "X-Order" with the value "42"',
	options: [
		{
			displayName: 'Header',
			name: 'values',
			values: [
				{
					displayName: 'Header Name',
					name: 'name',
					type: 'string',
					default: '',
					placeholder: 'e.g. X-Order',
					description: 'The name of the header; addresses and the subject have their own fields',
				},
				{
					displayName: 'Header Value',
					name: 'value',
					type: 'string',
					default: '',
					placeholder: 'e.g. 42',
					description: 'The value of the header, in one line',
				},
			],
		},
	],
};

const inlineImages: INodeProperties = {
	displayName: 'Inline Images',
	name: 'inlineImages',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	default: {},
	placeholder: 'Add Image',
	description: 'Images that the HTML shows, for example with &lt;img src="cid:logo"&gt;',
	options: [
		{
			displayName: 'Image',
			name: 'values',
			values: [
				{
					displayName: 'Image Field',
					name: 'binaryPropertyName',
					type: 'string',
					default: 'data',
					placeholder: 'e.g. data',
					description: 'The name of the input binary field that holds the image',
				},
				{
					displayName: 'Content ID',
					name: 'contentId',
					type: 'string',
					default: '',
					placeholder: 'e.g. logo',
					description: 'What the HTML calls the image: "logo" for &lt;img src="cid:logo"&gt;',
				},
			],
		},
	],
};

const moreContent: INodeProperties = {
	displayName: 'Further Content',
	name: 'moreContent',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	default: {},
	placeholder: 'Add Content',
	description: 'Further forms of the content beside text and HTML, such as AMP or an invitation',
	options: [
		{
			displayName: 'Content',
			name: 'values',
			values: [
				{
					displayName: 'Content Type',
					name: 'type',
					type: 'string',
					default: '',
					placeholder: 'e.g. text/calendar; method=REQUEST',
					description: 'The MIME type, such as text/x-amp-html or text/calendar; method=REQUEST',
				},
				{
					displayName: 'Content Value',
					name: 'value',
					type: 'string',
					typeOptions: { rows: 4 },
					default: '',
					placeholder: 'e.g. BEGIN:VCALENDAR…',
					description: 'The content itself, as text',
				},
			],
		},
	],
};

const replyTo: INodeProperties = {
	displayName: 'Reply To',
	name: 'replyTo',
	type: 'string',
	default: '',
	placeholder: 'e.g. Support <support@example.com>',
	description: 'Where answers go, if not to From: one address or several, separated by commas',
};

const schedule: INodeProperties[] = [
	{
		displayName: 'Send At',
		name: 'sendAt',
		type: 'dateTime',
		default: '',
		description:
			'When SendGrid sends the mail, up to 72 hours ahead, in the time zone of the workflow unless the text names another, for example 2026-11-20T10:15:00Z. The output has a batchId, with which the mail can be paused or cancelled until then.',
	},
	{
		displayName: 'Batch ID',
		name: 'batchId',
		type: 'string',
		default: '',
		placeholder: 'e.g. HkJ5yLYULb7Rj8GKSx7u025ouWVlMgAi',
		description:
			'An existing batch that scheduled mail joins, to be paused or cancelled together. Without one, scheduled mail gets a new batch.',
	},
];

const attachments: INodeProperties = {
	displayName: 'Attachments',
	name: 'attachments',
	type: 'string',
	default: '',
	placeholder: 'e.g. data, invoice',
	description:
		'The names of the input binary fields to attach, separated by commas. For all of them use the expression {{ Object.keys($binary) }}.',
};

const copies: INodeProperties[] = [
	{
		displayName: 'CC',
		name: 'cc',
		type: 'string',
		default: '',
		placeholder: 'e.g. carl@example.com, dora@example.com',
		description: 'Who gets a copy that everybody sees; separate several by commas',
	},
	{
		displayName: 'BCC',
		name: 'bcc',
		type: 'string',
		default: '',
		placeholder: 'e.g. archive@example.com',
		description: 'Who gets a copy that nobody else sees; separate several by commas',
	},
];

const collection = (options: INodeProperties[]): INodeProperties => ({
	displayName: 'Additional Fields',
	name: 'additionalFields',
	type: 'collection',
	default: {},
	placeholder: 'Add Field',
	options: options.toSorted((a, b) => a.displayName.localeCompare(b.displayName)),
});

const forEveryone = [attachments, headers, inlineImages, moreContent, replyTo, ...schedule];

/** What a mail may have besides. */
export const sendFields = collection([...forEveryone, ...copies]);

/** Without copies: in a mail to many, a copy would show who got it, and come once per recipient. */
export const sendManyFields = collection(forEveryone);
