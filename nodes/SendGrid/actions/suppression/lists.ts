import {
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type INodePropertyOptions,
} from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import { isoFromUnix } from '../../fields/moment';

/** One of SendGrid's lists of addresses. */
export interface SuppressionList {
	/** The list's name in parameters and output. */
	value: string;
	name: string;
	description: string;
	/**
	 * What being on the list means for mail to the address: SendGrid drops all of it, drops what is
	 * sent with the unsubscribe group, or goes on delivering.
	 */
	stops: 'allMail' | 'groupMail' | 'nothing';
	/** Where the whole list is. */
	path: string;
	/** Where one address of it is: a slash and the address follow. */
	addressPath: string;
	/**
	 * Takes the entries of one address out of the answer of `addressPath`; `undefined` if the answer
	 * is not what SendGrid documents.
	 */
	entriesOf(body: unknown): IDataObject[] | undefined;
}

/** `[{ created, email, reason, status }]`, or `[]` for an address that is not on the list. */
function listedEntries(body: unknown): IDataObject[] | undefined {
	return Array.isArray(body) ? (body as IDataObject[]) : undefined;
}

/** `{ recipient_email }`, or `{}` for an address that is not on the list. */
function globalEntry(body: unknown): IDataObject[] | undefined {
	if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
	if ('recipient_email' in body) return [{ email: body.recipient_email as string }];
	return Object.keys(body).length === 0 ? [] : undefined;
}

/** `{ suppressions: [{ id, name, description, is_default, suppressed }] }`: every group there is. */
function groupEntries(body: unknown): IDataObject[] | undefined {
	const groups = (body as { suppressions?: IDataObject[] } | null)?.suppressions;
	if (!Array.isArray(groups)) return undefined;
	return groups
		.filter(({ suppressed }) => suppressed)
		.map(({ id, name }) => ({ groupId: id, groupName: name }));
}

/**
 * All of SendGrid's lists.
 *
 * @see https://www.twilio.com/docs/sendgrid/ui/sending-email/blocks for why blocks stop nothing
 */
export const SUPPRESSION_LISTS: readonly SuppressionList[] = [
	{
		value: 'blocks',
		name: 'Blocks',
		description: 'Refused for the message or the sender; SendGrid goes on delivering',
		stops: 'nothing',
		path: '/v3/suppression/blocks',
		addressPath: '/v3/suppression/blocks',
		entriesOf: listedEntries,
	},
	{
		value: 'bounces',
		name: 'Bounces',
		description: 'The address does not take mail',
		stops: 'allMail',
		path: '/v3/suppression/bounces',
		addressPath: '/v3/suppression/bounces',
		entriesOf: listedEntries,
	},
	{
		value: 'globalUnsubscribes',
		name: 'Global Unsubscribes',
		description: 'The recipient wants no mail at all',
		stops: 'allMail',
		path: '/v3/suppression/unsubscribes',
		addressPath: '/v3/asm/suppressions/global',
		entriesOf: globalEntry,
	},
	{
		value: 'groupUnsubscribes',
		name: 'Group Unsubscribes',
		description: 'The recipient wants no mail of an unsubscribe group',
		stops: 'groupMail',
		path: '/v3/asm/suppressions',
		addressPath: '/v3/asm/suppressions',
		entriesOf: groupEntries,
	},
	{
		value: 'invalidEmails',
		name: 'Invalid Emails',
		description: 'The address is malformed or its domain has no mail server',
		stops: 'allMail',
		path: '/v3/suppression/invalid_emails',
		addressPath: '/v3/suppression/invalid_emails',
		entriesOf: listedEntries,
	},
	{
		value: 'spamReports',
		name: 'Spam Reports',
		description: 'The recipient marked mail as spam',
		stops: 'allMail',
		path: '/v3/suppression/spam_reports',
		addressPath: '/v3/suppression/spam_reports',
		entriesOf: listedEntries,
	},
];

/** The lists as entries of a list parameter. */
export const LIST_OPTIONS: INodePropertyOptions[] = SUPPRESSION_LISTS.map(
	({ name, value, description }) => ({ name, value, description }),
);

/** The list behind a value of a list parameter. */
export function suppressionList(value: string): SuppressionList {
	return SUPPRESSION_LISTS.find((candidate) => candidate.value === value)!;
}

/** For an answer that is not what SendGrid documents: something else answered in its place. */
export function unreadableList(
	context: IExecuteFunctions,
	{ name }: SuppressionList,
	path: string,
): NodeOperationError {
	return new NodeOperationError(
		context.getNode(),
		`Check the base URL in the credential: what answers GET ${path} is not SendGrid's list ${name}`,
		{
			description:
				'With a custom region, see whether the base URL in the SendGrid Events API credential is right. Nothing was read from the list.',
		},
	);
}

/**
 * An entry of a list as the node puts it out: SendGrid's fields, with the time of its creation
 * under one name for all lists (group unsubscribes call it `created_at`) and as ISO 8601.
 */
export function toEntry(
	{ value }: SuppressionList,
	{ created, created_at, ...entry }: IDataObject,
): IDataObject {
	const seconds = created ?? created_at;
	return {
		list: value,
		...inCamelCase(entry),
		...(typeof seconds === 'number' && { created: seconds, createdAt: isoFromUnix(seconds) }),
	};
}
