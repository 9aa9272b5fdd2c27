import type { INodeParameters, INodeProperties } from 'n8n-workflow';
import { DEFAULT_EVENTS, EVENT_TYPES } from '../events/eventTypes';
import { oauthField } from '../fields/oauth';

/** SendGrid repeats a post for 24 hours; half an hour more allows for clocks and queues. */
export const DEFAULT_MAX_AGE_MINUTES = 24 * 60 + 30;

/** SendGrid's labels as of 2026. Of HTML, n8n's notices show lists and links only. */
const MANUAL_SETUP_STEPS = [
	'Open Webhook URLs above and copy the Production URL. (SendGrid cannot use the Test URL: it only works while you listen.)',
	'In SendGrid, open Settings > Mail Settings > Event Webhooks and click Create new webhook. Paste the URL as Post URL and choose the same events as here.',
	'Under Security features, switch on Enable Signed Event Webhook, and save.',
	'Open the webhook again and copy its Verification Key to the field below. (Saving it with signing off and on again makes a new key.)',
	'Publish this workflow.',
	'In SendGrid, click Test Integration: the sample events are listed here under Executions.',
]
	.map((step, index) => `<li>${index + 1}. ${step}</li>`)
	.join('');

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
					'The trigger makes the Event Webhook in SendGrid, and removes it when you unpublish',
			},
			{
				name: 'Manual',
				value: 'manual',
				description: 'You make the Event Webhook in SendGrid and enter its verification key here',
			},
		],
		default: 'automatic',
		description: 'Who looks after the Event Webhook in SendGrid',
	},
	{
		displayName: `<ul>${MANUAL_SETUP_STEPS}</ul>`,
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
			'What starts the workflow, for example Open, Click and Bounce. Opens and clicks need Open Tracking and Click Tracking: switch them on in SendGrid under Settings > Tracking.',
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
				description: 'An output for each of the chosen types, each at its own fixed place',
			},
		],
		default: 'single',
		description:
			'Where the events come out. With One per Event Type each type has its fixed place: adding or removing types moves no wire. A type that is not chosen shows as "off" if one below it is chosen.',
	},
	{
		displayName: 'Simplify',
		name: 'simplify',
		type: 'boolean',
		default: true,
		description: 'Whether to return a simplified version of the response instead of the raw data',
	},
	{
		displayName: 'If the Workflow Fails',
		name: 'acknowledge',
		type: 'options',
		options: [
			{
				name: 'Do Nothing',
				value: 'onReceived',
				description: 'Each event starts the workflow once; retry failed runs under Executions',
			},
			{
				name: 'Have SendGrid Send Again',
				value: 'lastNode',
				description: 'SendGrid repeats the events for up to 24 hours, until a run succeeds',
			},
		],
		default: 'onReceived',
		description:
			'What happens to the events of a failed run. With Do Nothing, SendGrid gets its answer as soon as n8n has stored the events; with Have SendGrid Send Again, when the workflow has ended.',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Exclude Machine Opens',
				name: 'excludeMachineOpens',
				type: 'boolean',
				default: true,
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
			oauthField('For a gateway in front of n8n that demands a token from SendGrid'),
			{
				displayName: 'Only Categories',
				name: 'categories',
				type: 'string',
				default: '',
				placeholder: 'e.g. welcome, invoice',
				description:
					'Only events of mails in one of these categories, for example "welcome, invoice"; separate them by commas',
			},
			{
				displayName: 'Only Custom Args',
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
				displayName: 'Only Links',
				name: 'links',
				type: 'string',
				default: '',
				placeholder: 'e.g. /pricing, /signup',
				description:
					'Only clicks on links that contain one of these texts, for example "/pricing, /signup"; separate them by commas',
			},
			{
				displayName: 'Only Recipients',
				name: 'recipients',
				type: 'string',
				default: '',
				placeholder: 'e.g. ann@example.com, example.org',
				description:
					'Only events of mails to one of these addresses or domains, for example "ann@example.com, example.org"; separate them by commas',
			},
			{
				displayName: 'Output for Other Events',
				name: 'otherEvents',
				type: 'boolean',
				default: true,
				description:
					'Whether types that this package does not know yet come out too, on an output called Other. Without it they are left out.',
				displayOptions: { show: { '/output': ['perEvent'] } },
			},
			{
				displayName: 'Recognize Repeats By',
				name: 'recognizeRepeatsBy',
				type: 'options',
				options: [
					{
						name: 'Event ID',
						value: 'eventId',
						description: "By SendGrid's ID of the event, which is the same when a post is repeated",
					},
					{
						name: 'Event ID or Content',
						value: 'eventIdOrContent',
						description: 'Also when event, address, message, second, link and reason are the same',
					},
				],
				default: 'eventId',
				description:
					'How the trigger knows that an event came before. SendGrid sometimes sends an event again under a new ID: choose Event ID or Content if you see that. It also merges what really happened twice in one second, such as two clicks on one link.',
			},
			{
				displayName: 'Report Problems',
				name: 'reportProblems',
				type: 'boolean',
				default: true,
				description:
					'Whether an output called Problems says when posts were refused or left out, how many, and what to do. Each kind starts the workflow once a minute at most.',
			},
			{
				displayName: 'Sample Events When Testing',
				name: 'sendSampleEvents',
				type: 'boolean',
				default: false,
				description:
					'Whether SendGrid is asked to post its sample events when you listen for a test event, so that you see data at once. Off, the trigger waits for a real event. Automatic setup only.',
			},
		],
	},
];

/**
 * `responseMode` follows "If the Workflow Fails". n8n evaluates the template, which costs a
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
