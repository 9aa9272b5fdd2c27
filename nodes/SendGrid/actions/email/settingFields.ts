import type { INodeProperties } from 'n8n-workflow';
import { UNSUBSCRIBE_GROUP_MODES } from '../../fields/locators';

/** How many requests of Send Many are under way at once unless the user says otherwise. */
export const DEFAULT_PARALLEL_REQUESTS = 3;

const enable = (description: string): INodeProperties => ({
	displayName: 'Enable',
	name: 'enable',
	type: 'boolean',
	default: true,
	description,
});

/** One of SendGrid's settings that consist of several values, named as SendGrid names them. */
const settingGroup = (
	{ displayName, name, description }: Pick<INodeProperties, 'displayName' | 'name' | 'description'>,
	values: INodeProperties[],
): INodeProperties => ({
	displayName,
	name,
	type: 'fixedCollection',
	default: {},
	description,
	options: [{ displayName, name: 'values', values }],
});

const text = (
	displayName: string,
	name: string,
	description: string,
	placeholder: string,
): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	default: '',
	description,
	placeholder,
});

const settings: INodeProperties[] = [
	{
		displayName: 'Bypass Suppressions',
		name: 'bypassSuppressions',
		type: 'multiOptions',
		default: [],
		description:
			'Send also to addresses that are on these lists. Use it only where you have to, for example for a password reset.',
		options: [
			{
				name: 'All Lists',
				value: 'bypassListManagement',
				description: 'Every list, unsubscribe groups included; choose no other beside it',
			},
			{
				name: 'Bounces',
				value: 'bypassBounceManagement',
				description: 'Who bounced before, for example because the mailbox was full',
			},
			{
				name: 'Global Unsubscribes',
				value: 'bypassUnsubscribeManagement',
				description: 'Who unsubscribed from all your mail',
			},
			{
				name: 'Spam Reports',
				value: 'bypassSpamManagement',
				description: 'Who marked a mail of yours as spam',
			},
		],
	},
	{
		displayName: 'Click Tracking',
		name: 'clickTracking',
		type: 'options',
		default: 'html',
		description: 'Whether and where SendGrid replaces links to see who clicks them',
		options: [
			{
				name: 'HTML and Text',
				value: 'htmlAndText',
				description: 'All links; those in the text become long and unreadable',
			},
			{ name: 'HTML Only', value: 'html', description: 'Links in the HTML' },
			{ name: 'Off', value: 'off', description: 'No links, for example those of a password reset' },
		],
	},
	settingGroup(
		{ displayName: 'Footer', name: 'footer', description: 'What SendGrid adds below the mail' },
		[
			enable('Whether SendGrid adds a footer'),
			text('HTML', 'html', 'The footer of the HTML part', 'e.g. <p>Example Inc., Springfield</p>'),
			text('Text', 'text', 'The footer of the text part', 'e.g. Example Inc., Springfield'),
		],
	),
	settingGroup(
		{
			displayName: 'Google Analytics',
			name: 'ganalytics',
			description:
				'What SendGrid adds to links, so that Google Analytics knows where visits came from',
		},
		[
			text('Campaign', 'utmCampaign', 'The name of the campaign', 'e.g. spring-sale'),
			text('Content', 'utmContent', 'Tells your campaign from advertisements', 'e.g. header-link'),
			enable('Whether SendGrid adds these values to links'),
			text('Medium', 'utmMedium', 'The marketing medium', 'e.g. email'),
			text('Source', 'utmSource', 'Where the visitor came from', 'e.g. newsletter'),
			text('Term', 'utmTerm', 'Paid keywords', 'e.g. running shoes'),
		],
	),
	{
		displayName: 'Groups to Display Names or IDs',
		name: 'groupsToDisplay',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getUnsubscribeGroups' },
		default: [],
		description:
			'Up to 25 unsubscribe groups that the page shows on which the recipient chooses what to unsubscribe from. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'IP Pool',
		name: 'ipPool',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		description: 'The pool of your dedicated IP addresses from which the mail is sent',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'Choose an IP pool',
				typeOptions: { searchListMethod: 'searchIpPools', searchable: true },
			},
			{ displayName: 'Name', name: 'name', type: 'string', placeholder: 'e.g. marketing' },
		],
	},
	settingGroup(
		{
			displayName: 'Open Tracking',
			name: 'openTracking',
			description: 'Whether SendGrid adds an invisible image to see who opens the mail',
		},
		[
			enable('Whether opens are tracked'),
			text(
				'Substitution Tag',
				'substitutionTag',
				'What the image replaces in the HTML, instead of standing at its end',
				'e.g. %open-track%',
			),
		],
	),
	{
		displayName: 'Sandbox Mode',
		name: 'sandboxMode',
		type: 'boolean',
		default: true,
		description:
			'Whether SendGrid only checks the mail and does not send it; then there is no messageId',
	},
	settingGroup(
		{
			displayName: 'Subscription Tracking',
			name: 'subscriptionTracking',
			description: 'The link with which recipients unsubscribe from all your mail',
		},
		[
			enable('Whether SendGrid adds the link'),
			text(
				'HTML',
				'html',
				'What is added to the HTML part; the link replaces &lt;% %&gt;',
				'e.g. <p><% Unsubscribe %></p>',
			),
			text(
				'Substitution Tag',
				'substitutionTag',
				'What the address of the link replaces in the mail; then Text and HTML do not count',
				'e.g. [unsubscribe]',
			),
			text(
				'Text',
				'text',
				'What is added to the text part; the link replaces &lt;% %&gt;',
				'e.g. Unsubscribe: <% %>',
			),
		],
	),
	{
		displayName: 'Unsubscribe Group',
		name: 'unsubscribeGroup',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		description:
			'The kind of mail this is. Who unsubscribes from the group does not get the mail, and the links in the mail unsubscribe from this group.',
		...UNSUBSCRIBE_GROUP_MODES,
	},
];

const parallelRequests: INodeProperties = {
	displayName: 'Parallel Requests',
	name: 'parallelRequests',
	type: 'number',
	typeOptions: { minValue: 1, maxValue: 20 },
	default: DEFAULT_PARALLEL_REQUESTS,
	description:
		'How many requests, of up to 1000 recipients each, are under way at the same time, for example 10 for a large list',
};

const collection = (options: INodeProperties[]): INodeProperties => ({
	displayName: 'Settings',
	name: 'settings',
	type: 'collection',
	default: {},
	placeholder: 'Add Setting',
	description: 'How SendGrid handles the mail; what is not set here is as in your account',
	options: options.toSorted((a, b) => a.displayName.localeCompare(b.displayName)),
});

/** How SendGrid handles a mail. */
export const sendSettings = collection(settings);

export const sendManySettings = collection([...settings, parallelRequests]);
