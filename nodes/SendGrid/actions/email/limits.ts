import { addressKey, type Address } from '../../fields/addresses';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import type { Message, Personalization } from './mail';

/**
 * What SendGrid documents for one request of `POST /v3/mail/send`.
 *
 * @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
 */
export const LIMITS = {
	/** Over to, cc and bcc of all envelopes. */
	recipients: 1000,
	/** The whole request, attachments in Base64 included. */
	requestBytes: 30 * 1024 * 1024,
	categories: 10,
	categoryLength: 255,
	/** Per envelope. */
	customArgsBytes: 10_000,
	/** Per envelope. */
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
		throw new InvalidFieldError('Content', 'is empty. Enter a text, HTML or both, or a template.');
	}
	if (categories.length > LIMITS.categories) {
		throw new InvalidFieldError(
			'Categories',
			`${categories.length} are given, but a mail can have ${LIMITS.categories}. Custom args have no such limit.`,
		);
	}
	for (const [index, category] of categories.entries()) {
		if (category.length > LIMITS.categoryLength || !/^[\x20-\x7e]+$/.test(category)) {
			throw new InvalidFieldError(
				'Categories',
				`"${category}" is not possible. A category has up to ${LIMITS.categoryLength} characters, without accents or emoji.`,
			);
		}
		if (categories.indexOf(category) < index) {
			throw new InvalidFieldError('Categories', `"${category}" is given twice.`);
		}
	}
	if (sendAt !== undefined && sendAt > now + LIMITS.scheduleSeconds) {
		throw new InvalidFieldError(
			'Send At',
			`${new Date(sendAt * 1000).toISOString()} is more than 72 hours ahead, which SendGrid does not accept. Use a Wait node to send later.`,
		);
	}
	checkUnique({ 'Reply To': message.replyTo });
	if ((asm?.groupsToDisplay?.length ?? 0) > LIMITS.groupsToDisplay) {
		throw new InvalidFieldError(
			'Groups to Display',
			`holds ${asm?.groupsToDisplay?.length} groups, but ${LIMITS.groupsToDisplay} are possible.`,
		);
	}
	if (ipPool !== '' && (ipPool.length < 2 || ipPool.length > 64)) {
		throw new InvalidFieldError('IP Pool', `"${ipPool}" has to have 2 to 64 characters.`);
	}
	if ('bypassListManagement' in mailSettings && bypasses(mailSettings) > 1) {
		throw new InvalidFieldError(
			'Bypass Suppressions',
			'"All Lists" cannot be combined with another list. Choose either all or some.',
		);
	}
	for (const { filename, base64Length } of attachments) {
		if (base64Length === 0) {
			throw new InvalidFieldError('Attachments', `the file "${filename}" is empty.`);
		}
	}
}

function bypasses(mailSettings: Message['mailSettings']): number {
	return Object.keys(mailSettings).filter((setting) => setting.startsWith('bypass')).length;
}

/**
 * Checks one envelope.
 *
 * @throws InvalidFieldError on the first rule that is broken
 */
export function checkPersonalization(
	personalization: Personalization,
	{ templateId }: Pick<Message, 'templateId'>,
): void {
	const { to, cc, bcc, subject, headers, customArgs, substitutions } = personalization;
	if (to.length === 0) {
		throw new InvalidFieldError('To', 'is empty. Enter at least one address.');
	}
	checkRequestRecipients(to.length + cc.length + bcc.length);
	checkUnique({ To: to, CC: cc, BCC: bcc });
	if (subject === '' && templateId === '') {
		throw new InvalidFieldError('Subject', 'is empty. Only a template can bring its own subject.');
	}
	const headerNames = new Set<string>();
	for (const [header, value] of Object.entries(headers)) {
		if (headerNames.has(header.toLowerCase())) {
			throw new InvalidFieldError('Headers', `"${header}" is given twice.`);
		}
		headerNames.add(header.toLowerCase());
		if (RESERVED_HEADERS.has(header.toLowerCase())) {
			throw new InvalidFieldError(
				'Headers',
				`"${header}" is reserved for SendGrid. For addresses and the subject use their own fields.`,
			);
		}
		if (!/^[\x21-\x39\x3b-\x7e]+$/.test(header)) {
			throw new InvalidFieldError('Headers', `"${header}" is not a name of a header.`);
		}
		if (/[\r\n]/.test(value)) {
			throw new InvalidFieldError('Headers', `the value of "${header}" has more than one line.`);
		}
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

/** The bytes that an envelope adds to its request. */
export function personalizationBytes(personalization: Personalization): number {
	return Buffer.byteLength(JSON.stringify(personalization));
}

/** @throws InvalidFieldError if a request to that many is not possible */
export function checkRequestRecipients(recipients: number): void {
	if (recipients > LIMITS.recipients) {
		throw new InvalidFieldError(
			'To',
			`${recipients} recipients for one item, but SendGrid accepts ${LIMITS.recipients} in one call. Make an item of each recipient, for example with a Split Out node, and use Send Many.`,
		);
	}
}

/** @throws InvalidFieldError if a request of that size is not possible */
export function checkRequestBytes(bytes: number): void {
	if (bytes > LIMITS.requestBytes) {
		throw new InvalidFieldError(
			'Attachments',
			`the mail has ${(bytes / 1024 / 1024).toFixed(1)} MB, but SendGrid accepts 30 MB with all attachments, which grow by a third on their way. Link to large files instead.`,
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
						? `${address.email} is given twice. SendGrid accepts an address once per mail.`
						: `${address.email} stands in ${earlier} as well. SendGrid accepts an address once over To, CC and BCC.`,
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
			`${bytes} bytes in all, but for one recipient SendGrid accepts less than ${limit}.`,
		);
	}
}
