import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { UNSUBSCRIBE_GROUP_MODES } from '../../fields/locators';
import { fieldGroup, optionValue, wholeNumber } from '../../fields/values';

const enable = (displayName: string, description: string): INodeProperties => ({
	displayName,
	name: 'enable',
	type: 'boolean',
	default: true,
	description,
});

interface SettingGroup {
	displayName: string;
	description: string;
	values: INodeProperties[];
}

const settingGroup = (
	name: string,
	{ displayName, description, values }: SettingGroup,
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

/**
 * SendGrid's settings that consist of several values, named as SendGrid names them, in camelCase.
 * No two fields have the same label: n8n makes the names of a tool's arguments from the labels.
 */
export const SETTING_GROUPS = {
	footer: {
		displayName: 'Footer',
		description: 'What SendGrid adds below the mail',
		values: [
			enable('Add Footer', 'Whether SendGrid adds a footer'),
			text(
				'Footer HTML',
				'html',
				'The footer of the HTML part',
				'e.g. <p>Example Inc., Springfield</p>',
			),
			text('Footer Text', 'text', 'The footer of the text part', 'e.g. Example Inc., Springfield'),
		],
	},
	ganalytics: {
		displayName: 'Google Analytics',
		description: 'What SendGrid adds to links for Google Analytics',
		values: [
			enable('Add UTM Values', 'Whether SendGrid adds these values to links'),
			text('UTM Campaign', 'utmCampaign', 'The name of the campaign', 'e.g. spring-sale'),
			text('UTM Content', 'utmContent', 'Tells links of one campaign apart', 'e.g. header-link'),
			text('UTM Medium', 'utmMedium', 'The marketing medium', 'e.g. email'),
			text('UTM Source', 'utmSource', 'Where the visitor came from', 'e.g. newsletter'),
			text('UTM Term', 'utmTerm', 'Paid keywords', 'e.g. running shoes'),
		],
	},
	openTracking: {
		displayName: 'Open Tracking',
		description: 'Whether SendGrid adds an invisible image to see who opens the mail',
		values: [
			text(
				'Open Tracking Tag',
				'substitutionTag',
				'A tag in the HTML that the image replaces; without one, the image is at the end',
				'e.g. %open-track%',
			),
			enable('Track Opens', 'Whether opens are tracked'),
		],
	},
	subscriptionTracking: {
		displayName: 'Subscription Tracking',
		description: 'The link with which recipients unsubscribe from all your mail',
		values: [
			enable('Add Unsubscribe Link', 'Whether SendGrid adds the link'),
			text(
				'Unsubscribe HTML',
				'html',
				'What is added to the HTML part; the link replaces &lt;% %&gt;',
				'e.g. <p><% Unsubscribe %></p>',
			),
			text(
				'Unsubscribe Tag',
				'substitutionTag',
				'A tag in the mail that the link replaces, instead of Unsubscribe HTML and Text',
				'e.g. [unsubscribe]',
			),
			text(
				'Unsubscribe Text',
				'text',
				'What is added to the text part; the link replaces &lt;% %&gt;',
				'e.g. Unsubscribe: <% %>',
			),
		],
	},
} satisfies Record<string, SettingGroup>;

/** The lists that a mail can pass over, named as SendGrid names the settings, in camelCase. */
export const BYPASSES = [
	'bypassListManagement',
	'bypassBounceManagement',
	'bypassUnsubscribeManagement',
	'bypassSpamManagement',
] as const;

/** What to do about a mail whose template shows more than the data has. */
export const MISSING_DATA = ['stop', 'sendAnyway'] as const;

/** Where SendGrid replaces links. */
export const CLICK_TRACKING = ['htmlAndText', 'html', 'off'] as const;

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
				description: 'Addresses that bounced before, for example because the mailbox was full',
			},
			{
				name: 'Global Unsubscribes',
				value: 'bypassUnsubscribeManagement',
				description: 'People who unsubscribed from all your mail',
			},
			{
				name: 'Spam Reports',
				value: 'bypassSpamManagement',
				description: 'People who marked a mail of yours as spam',
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
			{ name: 'Off', value: 'off', description: 'No links: for example in a password reset' },
		],
	},
	...Object.entries(SETTING_GROUPS).map(([name, group]) => settingGroup(name, group)),
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
		displayName: 'If Template Data Is Missing',
		name: 'ifTemplateDataIsMissing',
		type: 'options',
		default: 'sendAnyway',
		description:
			'What to do if a dynamic template shows a variable that the data lacks. Unless you add this option, the mail is not sent. To see what the template shows, it is read, at most once a minute and again before a mail is stopped, if the API key may read templates.',
		options: [
			{
				name: 'Send Anyway',
				value: 'sendAnyway',
				description: 'Send the mail with a gap; the template is not read',
			},
			{
				name: 'Stop',
				value: 'stop',
				description: 'Fail with the names of what is missing; the mail is not sent',
			},
		],
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
	{
		displayName: 'Sandbox Mode',
		name: 'sandboxMode',
		type: 'boolean',
		default: true,
		description:
			'Whether SendGrid only checks the mail and does not send it; then there is no messageId',
	},
	{
		displayName: 'Unsubscribe Group',
		name: 'unsubscribeGroup',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		description:
			'The kind of mail this is. People who unsubscribed from the group do not get the mail, and the links in the mail unsubscribe from this group.',
		...UNSUBSCRIBE_GROUP_MODES,
	},
];

/** What to do about a mail of which nobody knows whether SendGrid took it. */
export const LOST_ANSWERS = ['report', 'sendAgain'] as const;

/** What is about the calls themselves, and so the same for all items. */
const calls: INodeProperties[] = [
	{
		displayName: "If SendGrid's Answer Is Lost",
		name: 'ifAnswerIsLost',
		type: 'options',
		default: 'report',
		description:
			'What to do if the connection breaks before SendGrid answered: the mail may have been sent or not. This also applies to Retry On Fail and to retried executions.',
		options: [
			{
				name: 'Report',
				value: 'report',
				description: 'Fail, and do not send the mail again: nobody gets it twice',
			},
			{
				name: 'Send Again',
				value: 'sendAgain',
				description: 'Send it again: somebody may get it twice',
			},
		],
	},
	{
		displayName: 'Parallel Requests',
		name: 'parallelRequests',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 20 },
		default: 5,
		description: 'How many requests are under way at the same time, from 1 to 20, for example 10',
	},
];

/** How SendGrid handles a mail. */
export const sendSettings: INodeProperties = {
	displayName: 'Sending Options',
	name: 'settings',
	type: 'collection',
	default: {},
	placeholder: 'Add option',
	description: 'How SendGrid handles the mail; what is not set here is as in your account',
	options: [...settings, ...calls].toSorted((a, b) => a.displayName.localeCompare(b.displayName)),
};

/** How the calls of one run are made. */
export interface CallSettings {
	/** Whether a mail goes again when nobody knows whether SendGrid took it. */
	sendAgain: boolean;
	/** How many requests may be under way at once. */
	parallelRequests: number;
}

/** @throws InvalidFieldError on a value that cannot be read */
export function readCallSettings(context: IExecuteFunctions): CallSettings {
	const [lost, parallel] = calls as [INodeProperties, INodeProperties];
	const given = fieldGroup(context.getNodeParameter('settings', 0, {}), 'Sending Options');
	const ifLost = lost.name in given ? given[lost.name] : lost.default;
	const requests = parallel.name in given ? given[parallel.name] : parallel.default;
	return {
		sendAgain: optionValue(ifLost, lost.displayName, LOST_ANSWERS) === 'sendAgain',
		parallelRequests: wholeNumber(requests, parallel.displayName, parallel.typeOptions),
	};
}
