import type { Account } from './account';
import type { ApiErrorEntry } from './apiError';
import { checkMail } from './mailRules';
import type { MailBody } from './mail';

/** One objection to a mail, as in the `errors` of a 400. */
export type MailError = Required<Pick<ApiErrorEntry, 'message' | 'field' | 'help'>>;

/** Notes an objection; `field` is a path such as `personalizations.0.to.0.email`. */
export type Report = (field: string, message: string) => void;

/** What the rules look up in the account; without it, ids and names are taken as known. */
export type MailContext = Pick<
	Account,
	'seconds' | 'templates' | 'groups' | 'ipPools' | 'batchIds'
>;

type JsonType = 'string' | 'integer' | 'boolean' | 'object' | 'array';

/** The shape of one field. */
interface Field {
	type: JsonType;
	/** What SendGrid says when the field is missing; optional fields have none. */
	missing?: string;
	/** What SendGrid says when the text or the list is empty; it may be without this. */
	empty?: string;
	/** The members of an object; others are refused. Without it, any member may be there. */
	fields?: Readonly<Record<string, Field>>;
	/** What SendGrid says when a member of an open object is not text. */
	textsOnly?: string;
	items?: Field;
	allowed?: { values: readonly string[]; message: (value: string) => string };
	/** For texts with a form of their own. */
	form?: { test: (value: string) => boolean; message: string };
}

const EXAMPLES =
	'e.g. {"email" : "example@example.com"}  or {"email" : "example@example.com", "name" : "Example Recipient"}.';
const text: Field = { type: 'string' };
const toggle: Field = { type: 'boolean' };
const integer: Field = { type: 'integer' };
const object = (fields: Readonly<Record<string, Field>>): Field => ({ type: 'object', fields });
const list = (items: Field): Field => ({ type: 'array', items });
const texts = (textsOnly: string): Field => ({ type: 'object', textsOnly });
const setting = (fields: Readonly<Record<string, Field>> = {}): Field =>
	object({ enable: toggle, ...fields });

function address(what: string, missing = `The ${what} email parameter is required.`): Field {
	const message =
		what === 'to'
			? 'Does not contain a valid address.'
			: `The ${what} email does not contain a valid address.`;
	return object({ email: { ...text, missing, form: { test: isAddress, message } }, name: text });
}

const FROM_MISSING = `The from object must be provided for every email send. It is an object that requires the email parameter, but may also contain a name parameter.  ${EXAMPLES}`;
const TO_MISSING =
	'The to array is required for all personalization objects, and must have at least one email object with a valid email address.';
const PERSONALIZATIONS_MISSING =
	'The personalizations field is required and must have at least one personalization.';
const SUBJECT: Field = {
	...text,
	empty: 'The subject of your email must be a string at least one character in length.',
};
const HEADERS = texts('All values of the headers object must be strings.');
const CUSTOM_ARGS = texts('All values of custom arguments object must be strings');

const singleLine = (message: string): Field => ({
	...text,
	form: { test: (value) => !/[;\r\n]/.test(value), message },
});

/**
 * Documented as without ';', but known to be taken with parameters such as `method=REQUEST`; what
 * is refused is a charset.
 *
 * @see https://github.com/sendgrid/sendgrid-nodejs/issues/1313
 */
const mimeType = (message: string): Field => ({
	...text,
	form: { test: (value) => !/[\r\n]|;\s*charset\s*=/i.test(value), message },
});

const PERSONALIZATION = object({
	from: address('from'),
	to: { ...list(address('to')), missing: TO_MISSING, empty: TO_MISSING },
	cc: list(address('cc')),
	bcc: list(address('bcc')),
	subject: SUBJECT,
	headers: HEADERS,
	substitutions: texts(
		'The substitution values must be an object of key/value pairs, where the values are all strings.',
	),
	dynamic_template_data: { type: 'object' },
	custom_args: CUSTOM_ARGS,
	send_at: integer,
});

const CONTENT = object({
	type: {
		...mimeType("Cannot contain ';', or CRLF characters."),
		missing: 'A content type is required, this tells email clients how to display the email.',
		empty: 'Your content type must be a string with length of at least one character.',
	},
	value: {
		...text,
		missing: 'A content value is required, this is the content of the email you are sending.',
		empty: 'The content value must be a string at least one character in length.',
	},
});

const ATTACHMENT = object({
	content: {
		...text,
		missing: 'The attachment content must be a string at least one character in length.',
		empty: 'The attachment content must be a string at least one character in length.',
		form: { test: isBase64, message: 'The attachment content must be base64 encoded.' },
	},
	filename: {
		...singleLine('The filename of your attachment cannot contain CRLF characters.'),
		missing: 'filename is required.',
		empty: 'filename is required.',
	},
	type: {
		...mimeType("The type cannot contain ';', or CRLF characters."),
		empty: 'The attachment type must be a string and at least one character in length.',
	},
	disposition: {
		...text,
		allowed: {
			values: ['inline', 'attachment'],
			message: (value) =>
				`The disposition of your attachment can be either "inline" or "attachment". You provided ${value}.`,
		},
	},
	content_id: singleLine('The content ID of your attachment cannot contain CRLF characters.'),
});

/** The body of `POST /v3/mail/send`, field by field. */
const MAIL: Field = object({
	personalizations: {
		...list(PERSONALIZATION),
		missing: PERSONALIZATIONS_MISSING,
		empty: PERSONALIZATIONS_MISSING,
	},
	from: { ...address('from', FROM_MISSING), missing: FROM_MISSING },
	reply_to: address('reply_to'),
	reply_to_list: list(address('reply_to_list')),
	subject: SUBJECT,
	content: list(CONTENT),
	attachments: list(ATTACHMENT),
	template_id: text,
	sections: texts('The section values must be strings.'),
	headers: HEADERS,
	categories: list(text),
	custom_args: CUSTOM_ARGS,
	send_at: integer,
	batch_id: text,
	asm: object({
		group_id: { ...integer, missing: 'The ASM group ID must be an integer.' },
		groups_to_display: list(integer),
	}),
	ip_pool_name: text,
	mail_settings: object({
		bcc: setting({ email: text }),
		bypass_list_management: setting(),
		bypass_spam_management: setting(),
		bypass_bounce_management: setting(),
		bypass_unsubscribe_management: setting(),
		footer: setting({ text, html: text }),
		sandbox_mode: setting(),
		spam_check: setting({ threshold: integer, post_to_url: text }),
	}),
	tracking_settings: object({
		click_tracking: setting({ enable_text: toggle }),
		open_tracking: setting({ substitution_tag: text }),
		subscription_tracking: setting({ text, html: text, substitution_tag: text }),
		ganalytics: setting({
			utm_source: text,
			utm_medium: text,
			utm_term: text,
			utm_content: text,
			utm_campaign: text,
		}),
	}),
});

/**
 * Checks the body of `POST /v3/mail/send` as SendGrid does: first the shape of every field, then,
 * if all shapes are right, the rules that go across fields.
 *
 * @param body the parsed JSON
 * @param context the account whose templates, groups, pools and batches the mail may name
 * @returns the objections in SendGrid's words; an empty list for a mail it would accept
 * @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
 */
export function validateMail(body: unknown, context?: MailContext): MailError[] {
	if (typeOf(body) !== 'object') return [{ message: 'Bad Request', field: null, help: null }];
	const errors: MailError[] = [];
	const report: Report = (field, message) => errors.push({ message, field, help: helpFor(field) });
	checkShape(MAIL, body, '', report);
	if (errors.length === 0) checkMail(body as MailBody, report, context);
	return errors;
}

function checkShape(field: Field, value: unknown, path: string, report: Report): void {
	const given = typeOf(value);
	if (given !== field.type) {
		return report(path, `Invalid type. Expected: ${field.type}, given: ${given}.`);
	}
	switch (given) {
		case 'object':
			return checkObject(field, value as Record<string, unknown>, path, report);
		case 'array':
			return checkArray(field, value as unknown[], path, report);
		case 'string':
			return checkText(field, value as string, path, report);
	}
}

function checkObject(
	{ fields, textsOnly }: Field,
	value: Record<string, unknown>,
	path: string,
	report: Report,
): void {
	for (const [name, member] of Object.entries(value)) {
		const field = fields && Object.hasOwn(fields, name) ? fields[name] : undefined;
		if (field) checkShape(field, member, join(path, name), report);
		else if (fields) report(join(path, name), `Additional property ${name} is not allowed.`);
		else if (textsOnly && typeof member !== 'string') report(join(path, name), textsOnly);
	}
	for (const [name, { missing }] of Object.entries(fields ?? {})) {
		if (missing && !(name in value)) report(join(path, name), missing);
	}
}

function checkArray({ items, empty }: Field, value: unknown[], path: string, report: Report): void {
	if (empty && value.length === 0) report(path, empty);
	if (items) value.forEach((item, index) => checkShape(items, item, join(path, index), report));
}

function checkText({ empty, allowed, form }: Field, value: string, path: string, report: Report) {
	if (empty && value === '') report(path, empty);
	else if (allowed && !allowed.values.includes(value)) report(path, allowed.message(value));
	else if (form && !form.test(value)) report(path, form.message);
}

function join(path: string, name: string | number): string {
	return path === '' ? String(name) : `${path}.${name}`;
}

/** The names of types in SendGrid's messages. */
function typeOf(value: unknown): string {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'array';
	if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
	return typeof value;
}

/** Where SendGrid explains a field; list entries of the first level have no page. */
function helpFor(field: string): string | null {
	if (/^\w+\.\d+$/.test(field)) return null;
	const page = 'http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html';
	if (field === 'personalizations') return `${page}#-Personalizations-Errors`;
	const name = field.replace(/\.\d+/g, '').replace(/\.email$/, '');
	return `${page}#message.${name}`;
}

function isAddress(value: string): boolean {
	return /^[\x21-\x3f\x41-\x7e]+@[^\s@]+\.[^\s@.]+$/.test(value) && value.length <= 320;
}

function isBase64(value: string): boolean {
	return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
		value.replace(/[\r\n]/g, ''),
	);
}
