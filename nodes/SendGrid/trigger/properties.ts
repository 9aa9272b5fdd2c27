import type { INodeParameters, INodeProperties } from 'n8n-workflow';
import { DEFAULT_EVENTS, EVENT_TYPES } from '../events/eventTypes';

/** SendGrid repeats a post for 24 hours; half an hour more allows for clocks and queues. */
export const DEFAULT_MAX_AGE_MINUTES = 24 * 60 + 30;

/** The output, after those of the chosen types, for types this package does not know. */
export const OTHER_OUTPUT = 'Other';

const LABELS = Object.fromEntries(EVENT_TYPES.map(({ name, label }) => [name, label]));

/**
 * Lists the outputs of the node. n8n evaluates it in the editor as well, from its source text: it
 * must use nothing but its arguments.
 */
const configuredOutputs = (
	parameters: INodeParameters,
	labels: Record<string, string>,
	other: string,
) => {
	if (parameters.output !== 'perEvent' || !Array.isArray(parameters.events)) return ['main'];
	const names = parameters.events.map((event) => labels[String(event)] ?? String(event));
	return [...names, other].map((displayName) => ({ type: 'main', displayName }));
};

/** The `outputs` of the node's description: one, or one per chosen event type. */
export const OUTPUTS_EXPRESSION = `={{(${configuredOutputs.toString()})($parameter, ${JSON.stringify(LABELS)}, ${JSON.stringify(OTHER_OUTPUT)})}}`;

export const triggerProperties: INodeProperties[] = [
	{
		displayName: 'Setup',
		name: 'setup',
		type: 'options',
		options: [
			{
				name: 'Automatic',
				value: 'automatic',
				description:
					'Create the Event Webhook in SendGrid, sign it and remove it again, with your API key',
			},
			{
				name: 'Manual',
				value: 'manual',
				description:
					'You create the Event Webhook in SendGrid yourself and enter its verification key here',
			},
		],
		default: 'automatic',
		description: 'Who looks after the Event Webhook in SendGrid',
	},
	{
		displayName:
			'Open <b>Webhook URLs</b> above and copy the Production URL. In SendGrid, open <b>Settings > Mail Settings > Event Webhooks</b> and click <b>Create new webhook</b>. Paste the URL as Post URL, choose the same events as here, switch on <b>Signed Event Webhook Requests</b> and save. Then open the webhook again and copy its Verification Key to the field below.',
		name: 'manualSetupNotice',
		type: 'notice',
		default: '',
		displayOptions: { show: { setup: ['manual'] } },
	},
	{
		displayName: 'Verification Keys',
		name: 'verificationKeys',
		type: 'string',
		typeOptions: { rows: 3 },
		default: '',
		required: true,
		placeholder: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…',
		description:
			'The Verification Key that SendGrid shows for the webhook. Enter several, one per line, while you change keys or when several accounts post here.',
		displayOptions: { show: { setup: ['manual'] } },
	},
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		options: EVENT_TYPES.map(({ name: value, label, description }) => ({
			name: label,
			value,
			description,
		})),
		default: [...DEFAULT_EVENTS],
		description:
			'What starts the workflow, for example Open, Click and Bounce. Opens and clicks need Open Tracking and Click Tracking, in SendGrid under Settings > Tracking.',
	},
	{
		displayName: 'Output',
		name: 'output',
		type: 'options',
		options: [
			{
				name: 'All Events Together',
				value: 'single',
				description: 'One output for all events',
			},
			{
				name: 'One per Event Type',
				value: 'perEvent',
				description:
					'A separate output for each of the chosen event types, so that each can be wired on its own',
			},
		],
		default: 'single',
		description: 'Where the events come out',
	},
	{
		displayName: 'Acknowledge',
		name: 'acknowledge',
		type: 'options',
		options: [
			{
				name: 'When Received',
				value: 'onReceived',
				description:
					'Tell SendGrid that all is well as soon as n8n has stored the events. Each event starts the workflow once.',
			},
			{
				name: 'When the Workflow Succeeds',
				value: 'lastNode',
				description:
					'Tell SendGrid that all is well when the workflow has ended without an error. If it fails, SendGrid sends the events again for up to 24 hours.',
			},
		],
		default: 'onReceived',
		description: 'When SendGrid is told that it need not send the events again',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Categories',
				name: 'categories',
				type: 'string',
				default: '',
				placeholder: 'e.g. welcome, invoice',
				description:
					'Only events of mails in one of these categories, for example "welcome, invoice"; separate them by commas',
			},
			{
				displayName: 'Custom Args',
				name: 'customArgs',
				type: 'fixedCollection',
				typeOptions: { multipleValues: true },
				placeholder: 'Add Custom Arg',
				default: {},
				description:
					'Only events of mails that carry all of these custom args, for example "tenant" with the value "acme"',
				options: [
					{
						name: 'args',
						displayName: 'Custom Arg',
						values: [
							{
								displayName: 'Name',
								name: 'name',
								type: 'string',
								default: '',
								placeholder: 'e.g. tenant',
								description: 'The name of the custom arg',
							},
							{
								displayName: 'Value',
								name: 'value',
								type: 'string',
								default: '',
								placeholder: 'e.g. acme',
								description: 'The value it must have; leave empty to accept any value',
							},
						],
					},
				],
			},
			{
				displayName: 'Exclude Machine Opens',
				name: 'excludeMachineOpens',
				type: 'boolean',
				default: false,
				description:
					'Whether to leave out opens that a mail program made by itself, for example Mail Privacy Protection of Apple Mail. SendGrid marks no others.',
			},
			{
				displayName: 'Friendly Name',
				name: 'friendlyName',
				type: 'string',
				default: '',
				placeholder: 'e.g. Newsletter events',
				description:
					'What SendGrid calls the webhook in its list. Empty: the names of workflow and node.',
			},
			{
				displayName: 'Maximum Age of a Post (Min)',
				name: 'maxAgeMinutes',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: DEFAULT_MAX_AGE_MINUTES,
				description:
					'Refuse posts that SendGrid signed longer ago than this, in minutes. The default, 1470, covers the 24 hours for which SendGrid tries again; a lower one such as 10 is stricter but can lose events after an outage.',
			},
			{
				displayName: 'OAuth',
				name: 'oauth',
				type: 'fixedCollection',
				placeholder: 'Add OAuth',
				default: {},
				description: 'For a gateway in front of n8n that demands a token of SendGrid',
				options: [
					{
						name: 'client',
						displayName: 'OAuth Client',
						values: [
							{
								displayName: 'Client ID',
								name: 'id',
								type: 'string',
								default: '',
								placeholder: 'e.g. sendgrid-events',
								description: 'What SendGrid calls itself when it asks for a token',
							},
							{
								displayName: 'Client Secret',
								name: 'secret',
								type: 'string',
								typeOptions: { password: true },
								default: '',
								placeholder: 'e.g. 335a9b0c65324fd2',
								description: 'What SendGrid proves it with. SendGrid never shows it again.',
							},
							{
								displayName: 'Token URL',
								name: 'url',
								type: 'string',
								typeOptions: { password: true },
								default: '',
								placeholder: 'e.g. https://auth.example.com/oauth/token',
								description: 'Where SendGrid asks for a token',
							},
						],
					},
				],
			},
			{
				displayName: 'Recipients',
				name: 'recipients',
				type: 'string',
				default: '',
				placeholder: 'e.g. ann@example.com, example.org',
				description:
					'Only events of mails to one of these addresses or domains, for example "ann@example.com, example.org"; separate them by commas',
			},
			{
				displayName: 'Sample Events When Testing',
				name: 'sendSampleEvents',
				type: 'boolean',
				default: true,
				description:
					'Whether SendGrid is asked to post its sample events when you listen for a test event, so that you see data at once. Switch it off to wait for a real event. Automatic setup only.',
			},
		],
	},
];

/**
 * `responseMode` follows the parameter "Acknowledge". n8n evaluates the template, which costs a
 * sandbox at every post; from 2.41 on it takes the function instead, stored under this symbol.
 */
const acknowledgeField = {
	template: '={{$parameter["acknowledge"]}}',
	resolve: (parameters: INodeParameters) => parameters.acknowledge,
};

/** The part of the webhook's description that says when n8n answers. */
export const responseModeField = {
	responseMode: acknowledgeField.template,
	[Symbol.for('n8n.webhookDescriptionResolvers')]: { responseMode: acknowledgeField },
};
