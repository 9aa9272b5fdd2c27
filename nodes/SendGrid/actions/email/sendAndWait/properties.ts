import type { INodeProperties } from 'n8n-workflow';
import { EVENT_TYPES } from '../../../events/eventTypes';
import { sendProperties } from '../properties';
import { FIELD_TYPES } from './formFields';
import { AWAITABLE_EVENTS } from './outcomes';

/** The names of parameters that n8n's own nodes have here are the same, for its human review. */
const forEvent: INodeProperties['displayOptions'] = { show: { responseType: ['event'] } };
const forApproval: INodeProperties['displayOptions'] = { show: { responseType: ['approval'] } };
const forAnswer: INodeProperties['displayOptions'] = {
	show: { responseType: ['approval', 'freeText', 'form'] },
};

const addressees = ['from', 'to'];
const ofEveryMail = ['customArgs', 'categories', 'additionalFields', 'settings'];

/** It sends one mail. */
const needless = ['parallelRequests'];

const [from, to] = addressees.map((name) => fieldOfSend(name));

function fieldOfSend(wanted: string): INodeProperties {
	const field = sendProperties.find(({ name }) => name === wanted) as INodeProperties;
	if (field.type !== 'collection') return field;
	return { ...field, options: field.options?.filter(({ name }) => !needless.includes(name)) };
}

/** What the mail says while an event of it is waited for: all that Send has. */
const contentForEvent = sendProperties
	.filter(({ name }) => ![...addressees, ...ofEveryMail].includes(name))
	.map((property) => ({
		...property,
		displayOptions: { show: { ...forEvent.show, ...property.displayOptions?.show } },
	}));

const responseType: INodeProperties = {
	displayName: 'Wait For',
	name: 'responseType',
	type: 'options',
	noDataExpression: true,
	default: 'event',
	description: 'What the workflow waits for after sending',
	options: [
		{
			name: 'Approval',
			value: 'approval',
			description: 'The recipient clicks a button in the mail, for example Approve',
		},
		{
			name: 'Custom Form',
			// Not "customForm", as in nodes of n8n: for that, n8n 2 takes multipart forms only.
			value: 'form',
			description: 'The recipient opens a page from the mail and fills in your fields',
		},
		{
			name: 'Event',
			value: 'event',
			description: 'Something happens to the mail: a click, an open, a bounce, …',
		},
		{
			name: 'Free Text',
			value: 'freeText',
			description: 'The recipient opens a page from the mail and writes an answer',
		},
	],
};

const events: INodeProperties = {
	displayName: 'Events',
	name: 'waitFor',
	type: 'multiOptions',
	noDataExpression: true,
	required: true,
	displayOptions: forEvent,
	default: ['click', 'bounce', 'dropped'],
	options: AWAITABLE_EVENTS.map((value) => {
		const { label, description } = EVENT_TYPES.find(({ name }) => name === value)!;
		return { name: label, value, description };
	}),
	description:
		'The first of these ends the wait. A published workflow of this n8n must have a SendGrid Email Trigger that receives them.',
};

const question: INodeProperties[] = [
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		required: true,
		displayOptions: forAnswer,
		default: '',
		placeholder: 'e.g. Please approve order 42',
		description: 'The subject line; the page that the mail leads to shows it as well',
	},
	{
		displayName: 'Message',
		name: 'message',
		type: 'string',
		required: true,
		typeOptions: { rows: 4 },
		displayOptions: forAnswer,
		default: '',
		placeholder: 'e.g. Order 42 costs 1,200 EUR. May we go ahead?',
		description: 'What you ask, as plain text; the buttons follow it',
	},
];

const label = (displayName: string, name: string, value: string): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	default: value,
	placeholder: `e.g. ${value}`,
	description: 'What the button says',
});

const buttonLabel: INodeProperties = {
	...label('Button Label', 'buttonLabel', 'Answer'),
	displayOptions: { show: { responseType: ['freeText', 'form'] } },
	description: 'What the button in the mail says, and the one on the page that it opens',
};

const approvalOptions: INodeProperties = {
	displayName: 'Approval Options',
	name: 'approvalOptions',
	type: 'fixedCollection',
	placeholder: 'Add option',
	displayOptions: forApproval,
	default: {},
	description: 'Which buttons the mail has; without this, only Approve',
	options: [
		{
			displayName: 'Buttons',
			name: 'values',
			values: [
				{
					displayName: 'Type of Approval',
					name: 'approvalType',
					type: 'options',
					default: 'double',
					description: 'Whether the recipient can also say no',
					options: [
						{
							name: 'Approve and Disapprove',
							value: 'double',
							description: 'Two buttons: one for yes, one for no',
						},
						{
							name: 'Approve Only',
							value: 'single',
							description: 'One button; no click until the time limit means no',
						},
					],
				},
				label('Approve Button Label', 'approveLabel', 'Approve'),
				{
					...label('Disapprove Button Label', 'disapproveLabel', 'Decline'),
					displayOptions: { show: { approvalType: ['double'] } },
				},
			],
		},
	],
};

const formFields: INodeProperties = {
	displayName: 'Form Fields',
	name: 'formFields',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true, sortable: true },
	placeholder: 'Add Field',
	displayOptions: { show: { responseType: ['form'] } },
	default: {},
	description: 'What the recipient fills in, from top to bottom',
	options: [
		{
			displayName: 'Field',
			name: 'values',
			values: [
				{
					displayName: 'Label',
					name: 'fieldLabel',
					type: 'string',
					default: '',
					placeholder: 'e.g. Cost centre',
					description: 'What stands above the field; the output has the value under this name',
				},
				{
					displayName: 'Type',
					name: 'fieldType',
					type: 'options',
					default: 'text',
					description: 'What can be entered',
					options: FIELD_TYPES.toSorted((a, b) => a.name.localeCompare(b.name)),
				},
				{
					displayName: 'Choices',
					name: 'choices',
					type: 'string',
					displayOptions: { show: { fieldType: ['dropdown'] } },
					default: '',
					placeholder: 'e.g. Small, Medium, Large',
					description: 'What the dropdown offers, separated by commas',
				},
				{
					displayName: 'Required',
					name: 'requiredField',
					type: 'boolean',
					default: false,
					description: 'Whether the recipient has to fill it in',
				},
			],
		},
	],
};

const timeLimit: INodeProperties[] = [
	{
		displayName: 'Wait at Most',
		name: 'waitAmount',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 3,
		description:
			'Then the workflow goes on with the outcome "timeout", for example after 3 days. Enter 0 to wait without a limit.',
	},
	{
		displayName: 'Unit',
		name: 'waitUnit',
		type: 'options',
		default: 'days',
		description: 'The unit of Wait at Most',
		options: [
			{ name: 'Days', value: 'days', description: 'Days of 24 hours' },
			{ name: 'Hours', value: 'hours', description: 'Hours of 60 minutes' },
			{ name: 'Minutes', value: 'minutes', description: 'For a short wait or a try' },
		],
	},
];

const output: INodeProperties = {
	displayName: 'Output',
	name: 'output',
	type: 'options',
	noDataExpression: true,
	// As a review of an agent's tool, the node has the one output that goes to the agent.
	displayOptions: { hide: { '@tool': [true] } },
	default: 'single',
	description: 'Where the workflow goes on',
	options: [
		{
			name: 'All Outcomes Together',
			value: 'single',
			description: 'One output; the field "outcome" says how the wait ended',
		},
		{
			name: 'One per Outcome',
			value: 'perOutcome',
			description: 'An output for each outcome, Timeout first, to be wired on its own',
		},
	],
};

const eventOptions: INodeProperties = {
	displayName: 'Options',
	name: 'waitOptions',
	type: 'collection',
	placeholder: 'Add option',
	displayOptions: forEvent,
	default: {},
	description: 'Which clicks and opens count, and what is checked before sending',
	options: [
		{
			displayName: 'Check Before Sending',
			name: 'checkBeforeSending',
			type: 'boolean',
			default: true,
			description:
				'Whether to stop with an error if no published trigger of this n8n would receive the events, or if n8n cannot reach its own address. Switch it off if a trigger receives them at another address.',
		},
		{
			displayName: 'Only Links That Contain',
			name: 'linkContains',
			type: 'string',
			default: '',
			placeholder: 'e.g. example.com/offer',
			description: 'Clicks on other links, for example Unsubscribe, do not end the wait',
		},
		{
			displayName: 'Only Opens by People',
			name: 'peopleOnly',
			type: 'boolean',
			default: true,
			description:
				'Whether opens that a mail program made by itself do not end the wait. SendGrid marks those of Apple Mail, no others.',
		},
	],
};

/** The form of Send and Wait. */
export const sendAndWaitProperties: INodeProperties[] = [
	from as INodeProperties,
	to as INodeProperties,
	responseType,
	events,
	...contentForEvent,
	...question,
	approvalOptions,
	formFields,
	buttonLabel,
	...timeLimit,
	output,
	eventOptions,
	...ofEveryMail.map(fieldOfSend),
];
