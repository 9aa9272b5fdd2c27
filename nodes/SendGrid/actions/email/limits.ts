import { addressKey, type Address } from '../../fields/addresses';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { checkVisible } from '../../fields/invisible';
import { unexpectedValue } from '../../fields/values';
import type { Message, Personalization } from './mail';

/**
 * What SendGrid documents for one request of `POST /v3/mail/send`.
 *
 * @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
 */
export const LIMITS = {
	/** Over to, cc and bcc of all personalizations. */
	recipients: 1000,
	/** The whole request, attachments in Base64 included: "less than 30MB", taken in its strict sense. */
	requestBytes: 30_000_000,
	categories: 10,
	categoryLength: 255,
	/** Per personalization. */
	customArgsBytes: 10_000,
	/** Per personalization. */
	substitutionsBytes: 10_000,
	groupsToDisplay: 25,
	scheduleSeconds: 72 * 3600,
} as const;

const RESERVED_HEADERS = new Set([
	'x-sg-id',
	'x-sg-eid',
	'received',
	'dkim-signature',
	'content-type',
	'content-transfer-encoding',
	'to',
	'from',
	'subject',
	'reply-to',
	'cc',
	'bcc',
	'x-smtpapi',
	'sender',
]);

/**
 * Checks what the recipients share.
 *
 * @param now Unix seconds
 * @throws InvalidFieldError on the first rule that is broken
 */
export function checkMessage(message: Message, now: number): void {
	const { categories, sendAt, asm, mailSettings, attachments, ipPool, templateId } = message;
	if (templateId === '' && message.text === '' && message.html === '') {
		throw new InvalidFieldError(
			'Content',
			'Enter text, HTML or both, or choose a template. The mail has no text or HTML.',
		);
	}
	if (categories.length > LIMITS.categories) {
		throw new InvalidFieldError(
			'Categories',
			`Give ${LIMITS.categories} at most, and put the rest into custom args. There are ${categories.length}.`,
		);
	}
	for (const [index, category] of categories.entries()) {
		if (category.length > LIMITS.categoryLength || !/^[\x20-\x7e]+$/.test(category)) {
			throw new InvalidFieldError(
				'Categories',
				`Use up to ${LIMITS.categoryLength} characters, without accents or emoji. "${category}" is not possible.`,
			);
		}
		if (categories.indexOf(category) < index) {
			throw new InvalidFieldError(
				'Categories',
				`Name each category once. "${category}" is there twice.`,
			);
		}
	}
	if (sendAt !== undefined && sendAt > now + LIMITS.scheduleSeconds) {
		throw new InvalidFieldError(
			'Send At',
			`Use a time up to 72 hours ahead, or a Wait node to send later. ${new Date(sendAt * 1000).toISOString()} is more than 72 hours ahead.`,
		);
	}
	checkUnique({ 'Reply To': message.replyTo });
	if ((asm?.groupsToDisplay?.length ?? 0) > LIMITS.groupsToDisplay) {
		throw new InvalidFieldError(
			'Groups to Display',
			`Choose up to ${LIMITS.groupsToDisplay} groups. There are ${asm?.groupsToDisplay?.length}.`,
		);
	}
	if (ipPool !== '' && (ipPool.length < 2 || ipPool.length > 64)) {
		throw new InvalidFieldError(
			'IP Pool',
			`Enter a name of 2 to 64 characters. "${ipPool}" is not one.`,
		);
	}
	if ('bypassListManagement' in mailSettings && bypasses(mailSettings) > 1) {
		throw new InvalidFieldError(
			'Bypass Suppressions',
			'Choose either "All Lists" or some lists. Both together are not possible.',
		);
	}
	for (const { filename, base64Length } of attachments) {
		if (base64Length === 0) {
			throw new InvalidFieldError(
				'Attachments',
				`Give a file that is not empty. "${filename}" has no content.`,
			);
		}
	}
}

function bypasses(mailSettings: Message['mailSettings']): number {
	return Object.keys(mailSettings).filter((setting) => setting.startsWith('bypass')).length;
}

/**
 * Checks one personalization.
 *
 * @throws InvalidFieldError on the first rule that is broken
 */
export function checkPersonalization(
	personalization: Personalization,
	{ templateId }: Pick<Message, 'templateId'>,
): void {
	const { to, cc, bcc, subject, headers, customArgs, substitutions } = personalization;
	if (to.length === 0) {
		throw unexpectedValue('', 'To', 'Enter at least one address.');
	}
	checkRequestRecipients(to.length + cc.length + bcc.length);
	checkUnique({ To: to, CC: cc, BCC: bcc });
	if (subject === '' && templateId === '') {
		throw unexpectedValue('', 'Subject', 'Enter a subject; only a template can bring its own.');
	}
	checkVisible(subject, templateId === '' ? 'Subject' : 'Template Subject', 'subject');
	const headerNames = new Set<string>();
	for (const [header, value] of Object.entries(headers)) {
		if (headerNames.has(header.toLowerCase())) {
			throw new InvalidFieldError('Headers', `Use each name once. "${header}" is there twice.`);
		}
		headerNames.add(header.toLowerCase());
		if (RESERVED_HEADERS.has(header.toLowerCase()) || /^resent-/i.test(header)) {
			throw new InvalidFieldError(
				'Headers',
				`Take "${header}" out: it is reserved. For addresses and the subject use their own fields.`,
			);
		}
		if (!/^[\x21-\x39\x3b-\x7e]+$/.test(header)) {
			throw new InvalidFieldError(
				'Headers',
				`Use letters, digits and hyphens in a name. "${header}" is not a name of a header.`,
			);
		}
		checkVisible(value, 'Headers', `value of "${header}"`);
	}
	checkBytes('Custom Args', customArgs, LIMITS.customArgsBytes);
	const dataField = templateId === '' ? 'Placeholder Data' : 'Template Data';
	checkBytes(dataField, substitutions, LIMITS.substitutionsBytes);
}

/** The bytes that a message adds to each request, attachments included. */
export function messageBytes(message: Message): number {
	const withoutSources = JSON.stringify(message, (key, value: unknown) =>
		key === 'source' ? undefined : value,
	);
	const attachments = message.attachments.reduce((sum, { base64Length }) => sum + base64Length, 0);
	return Buffer.byteLength(withoutSources) + attachments;
}

/** The bytes that a personalization adds to its request. */
export function personalizationBytes(personalization: Personalization): number {
	return Buffer.byteLength(JSON.stringify(personalization));
}

/** @throws InvalidFieldError if a request to that many is not possible */
export function checkRequestRecipients(recipients: number): void {
	if (recipients > LIMITS.recipients) {
		throw new InvalidFieldError(
			'To',
			`Make an item of each recipient, for example with a Split Out node, and use Send Many. SendGrid accepts ${LIMITS.recipients} in one call, and the item has ${recipients}.`,
		);
	}
}

/** @throws InvalidFieldError if a request of that size is not possible */
export function checkRequestBytes(bytes: number): void {
	if (bytes >= LIMITS.requestBytes) {
		throw new InvalidFieldError(
			'Attachments',
			`Link to large files instead. SendGrid accepts 30 MB with all attachments, which grow by a third on their way, and the mail has ${(bytes / 1e6).toFixed(1)} MB.`,
		);
	}
}

function checkUnique(lists: Record<string, Address[]>): void {
	const fieldOf = new Map<string, string>();
	for (const [field, addresses] of Object.entries(lists)) {
		for (const address of addresses) {
			const key = addressKey(address);
			const earlier = fieldOf.get(key);
			if (earlier !== undefined) {
				throw new InvalidFieldError(
					field,
					earlier === field
						? `Name each address once. ${address.email} is there twice.`
						: `Name each address once over To, CC and BCC. ${address.email} is in ${earlier} as well.`,
				);
			}
			fieldOf.set(key, field);
		}
	}
}

function checkBytes(field: string, values: Record<string, string>, limit: number): void {
	const bytes = Buffer.byteLength(JSON.stringify(values));
	if (bytes >= limit) {
		throw new InvalidFieldError(
			field,
			`Use less: for one recipient SendGrid accepts less than ${limit} bytes, and there are ${bytes}.`,
		);
	}
}
