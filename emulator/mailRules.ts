import type { MailBody, Personalization } from './mail';
import type { MailContext, Report } from './mailSchema';

// SendGrid's limits, written down here again on purpose: what the nodes send is held against them.
const MAX_PERSONALIZATIONS = 1000;
const MAX_RECIPIENTS = 1000;
const MAX_CATEGORIES = 10;
const MAX_CATEGORY_LENGTH = 255;
const MAX_CUSTOM_ARGS_BYTES = 10_000;
const MAX_SUBSTITUTIONS = 150;
const MAX_GROUPS_TO_DISPLAY = 25;
const MAX_SECONDS_AHEAD = 72 * 60 * 60;
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
 * The rules of `POST /v3/mail/send` that look at more than the shape of one field.
 *
 * @param mail a body whose fields have the right shapes
 */
export function checkMail(mail: MailBody, report: Report, context?: MailContext): void {
	checkRecipients(mail, report);
	checkTexts(mail, report);
	checkReplyTo(mail, report);
	checkCategories(mail, report);
	checkMailSettings(mail, report);
	checkHeaders(mail.headers, 'headers', report);
	checkSendAt(mail.send_at, 'send_at', report, context);
	mail.personalizations.forEach((personalization, index) =>
		checkPersonalization(mail, personalization, `personalizations.${index}`, report, context),
	);
	if (context) checkNames(mail, report, context);
}

function checkRecipients({ personalizations }: MailBody, report: Report): void {
	const count = personalizations.length;
	if (count > MAX_PERSONALIZATIONS) {
		report(
			'personalizations',
			`The personalization block is limited to ${MAX_PERSONALIZATIONS} personalizations per API request. You have provided ${count} personalizations. Please consider splitting this into multiple requests and resending your request.`,
		);
	}
	const recipients = personalizations.flatMap(({ to, cc = [], bcc = [] }) => [
		...to,
		...cc,
		...bcc,
	]);
	if (recipients.length > MAX_RECIPIENTS) {
		report(
			'personalizations',
			`There is a limit of ${MAX_RECIPIENTS} total recipients (to + cc + bcc) per request.`,
		);
	}
}

function checkPersonalization(
	mail: MailBody,
	personalization: Personalization,
	path: string,
	report: Report,
	context: MailContext | undefined,
): void {
	checkDuplicates(personalization, path, report);
	checkHeaders(personalization.headers, `${path}.headers`, report);
	checkSendAt(personalization.send_at, `${path}.send_at`, report, context);
	const args = { ...mail.custom_args, ...personalization.custom_args };
	if (Buffer.byteLength(JSON.stringify(args)) >= MAX_CUSTOM_ARGS_BYTES) {
		report(
			personalization.custom_args ? `${path}.custom_args` : 'custom_args',
			'The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per personalization.',
		);
	}
	const { substitutions } = personalization;
	if (!substitutions) return;
	if (mail.template_id?.startsWith('d-')) {
		report(`${path}.substitutions`, 'Substitutions may not be used with dynamic templating');
	}
	if (Object.keys(substitutions).length > MAX_SUBSTITUTIONS) {
		report(
			`${path}.substitutions`,
			`Substitutions are limited to ${MAX_SUBSTITUTIONS} items per personalization block.`,
		);
	}
}

function checkDuplicates(personalization: Personalization, path: string, report: Report): void {
	const seen = new Set<string>();
	for (const field of ['to', 'cc', 'bcc'] as const) {
		for (const { email } of personalization[field] ?? []) {
			const address = email.toLowerCase();
			if (seen.has(address)) {
				return report(
					path,
					`Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [${email}] in the ${path}.${field} field.`,
				);
			}
			seen.add(address);
		}
	}
}

function checkTexts(mail: MailBody, report: Report): void {
	const everyHasSubject = mail.personalizations.every(({ subject }) => subject);
	if (!mail.template_id && !mail.subject && !everyHasSubject) {
		report(
			'subject',
			'The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.',
		);
	}
	if (!mail.template_id && !mail.content?.length) {
		report(
			'content',
			'Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block. We typically suggest both text/plain and text/html blocks are included, but only one block is required.',
		);
	}
	checkContentOrder(mail, report);
}

function checkContentOrder({ content = [] }: MailBody, report: Report): void {
	const standard = ['text/plain', 'text/html'];
	const types = content.map(({ type }) => type.toLowerCase());
	const used = types.filter((type) => standard.includes(type));
	if (new Set(used).size < used.length) {
		return report('content', 'If present, text/plain and text/html may only be provided once.');
	}
	const expected = [
		...standard.filter((type) => types.includes(type)),
		...types.filter((type) => !standard.includes(type)),
	];
	if (types.some((type, index) => type !== expected[index])) {
		report(
			'content',
			'Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: text/plain needs to be first, followed by text/html, followed by any other content.',
		);
	}
}

function checkReplyTo({ reply_to, reply_to_list }: MailBody, report: Report): void {
	if (reply_to && reply_to_list) {
		report('reply_to_list', 'You may use either reply_to or reply_to_list, but not both.');
	}
	if (reply_to_list && reply_to_list.length > MAX_RECIPIENTS) {
		report('reply_to_list', `There is a limit of ${MAX_RECIPIENTS} reply_to_list entries.`);
	}
}

function checkCategories({ categories = [] }: MailBody, report: Report): void {
	if (categories.length > MAX_CATEGORIES) {
		report(
			'categories',
			`There is a limit of ${MAX_CATEGORIES} categories for each email that is sent. You provided ${categories.length} categories.`,
		);
	}
	const repeated = categories.find((category, index) => categories.indexOf(category) < index);
	if (repeated !== undefined) {
		report(
			'categories',
			`The categories must be a unique list, and you have included ${repeated} more than once.`,
		);
	}
	categories.forEach((category, index) => {
		if (category.length > MAX_CATEGORY_LENGTH) {
			report(
				`categories.${index}`,
				`Each category must not be longer than ${MAX_CATEGORY_LENGTH} characters. ${category} exceeds this limit.`,
			);
		}
		if (!isAscii(category)) {
			report(`categories.${index}`, 'Categories can not contain non-ASCII characters.');
		}
	});
}

function checkMailSettings({ mail_settings: settings = {} }: MailBody, report: Report): void {
	const others = [
		settings.bypass_spam_management,
		settings.bypass_bounce_management,
		settings.bypass_unsubscribe_management,
	];
	if (settings.bypass_list_management?.enable && others.some((other) => other?.enable)) {
		report(
			'mail_settings.bypass_list_management',
			'bypass_list_management cannot be combined with any other bypass options.',
		);
	}
}

function checkHeaders(
	headers: Readonly<Record<string, string>> = {},
	path: string,
	report: Report,
): void {
	const names = Object.keys(headers).map((name) => name.toLowerCase());
	if (new Set(names).size < names.length) {
		report(path, 'The headers cannot contain duplicate keys.');
	}
	for (const name of names) {
		if (RESERVED_HEADERS.has(name)) report(path, 'Header cannot be one of the reserved keys.');
		if (!isAscii(name) || /\s/.test(name)) {
			report(path, 'Header keys cannot contain non-ASCII characters or empty spaces.');
		}
	}
}

function checkSendAt(
	sendAt: number | undefined,
	path: string,
	report: Report,
	context: MailContext | undefined,
): void {
	const now = context?.seconds() ?? Math.floor(Date.now() / 1000);
	if (sendAt !== undefined && sendAt > now + MAX_SECONDS_AHEAD) {
		report(path, 'Scheduling more than 72 hours in advance is forbidden.');
	}
}

/** Whatever a mail names must exist in the account. */
function checkNames(mail: MailBody, report: Report, context: MailContext): void {
	const { template_id, ip_pool_name, batch_id, asm } = mail;
	const groupIds = context.groups.map(({ id }) => id);
	if (template_id !== undefined && !context.templates.some(({ id }) => id === template_id)) {
		report(
			'template_id',
			`The Template ID must be a valid template id for your account. You provided ${template_id}.`,
		);
	}
	if (ip_pool_name !== undefined && !context.ipPools.includes(ip_pool_name)) {
		report(
			'ip_pool_name',
			`The IP Pool name must be a valid pool name for your account. You provided ${ip_pool_name}.`,
		);
	}
	if (batch_id !== undefined && !context.batchIds.has(batch_id)) {
		report('batch_id', 'invalid batch id');
	}
	if (!asm) return;
	if (!groupIds.includes(asm.group_id)) {
		report(
			'asm.group_id',
			`The ASM group ID must be a valid Group ID on your account. You provided ${asm.group_id}.`,
		);
	}
	const shown = asm.groups_to_display ?? [];
	const unknown = shown.filter((id) => !groupIds.includes(id));
	if (unknown.length > 0) {
		report(
			'asm.groups_to_display',
			`All ASM groups to display must be valid ASM groups IDs on your account. You provided ${unknown.join(', ')}.`,
		);
	}
	if (shown.length > MAX_GROUPS_TO_DISPLAY) {
		report(
			'asm.groups_to_display',
			`There is a limit of ${MAX_GROUPS_TO_DISPLAY} unsubscribe groups that can be displayed to a user at a time.`,
		);
	}
}

function isAscii(value: string): boolean {
	return Buffer.byteLength(value) === value.length;
}
