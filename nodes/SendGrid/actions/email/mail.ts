import type { MailDataRequired } from '@sendgrid/mail';
import type { IDataObject } from 'n8n-workflow';
import type { Address } from '../../fields/addresses';

/** A file that travels with the mail; with a content id it is an image inside the HTML part. */
export interface Attachment {
	filename: string;
	/** The MIME type, with its parameters. */
	type: string;
	/** What the HTML part calls it: `<img src="cid:logo">` shows the one with the id `logo`. */
	contentId?: string;
	/** Equal for the same file, however many items bring it. */
	source: string;
	/** The length of its content in Base64. */
	base64Length: number;
	/** Reads the content, in Base64; late, so that waiting mail does not fill the memory. */
	load(): Promise<string>;
}

/** What all recipients of a request share. Empty text, lists and objects are left out. */
export interface Message {
	from: Address;
	replyTo: Address[];
	text: string;
	html: string;
	/** Further forms of the same content, such as AMP or a calendar invitation. */
	moreContent: Array<{ type: string; value: string }>;
	templateId: string;
	attachments: Attachment[];
	categories: string[];
	/** Unix seconds. */
	sendAt?: number;
	/** Under this id scheduled mail can be paused and cancelled. */
	batchId?: string;
	/** The unsubscribe group. */
	asm?: { groupId: number; groupsToDisplay?: number[] };
	ipPool: string;
	/** Sandbox, footer and bypass settings, named as SendGrid names them, in camelCase. */
	mailSettings: Record<string, object>;
	/** Open, click, subscription and analytics tracking, named likewise. */
	trackingSettings: Record<string, object>;
}

/** One personalization: the people in it see each other, except for `bcc`, and nobody else. */
export interface Personalization {
	to: Address[];
	cc: Address[];
	bcc: Address[];
	/** Where it is not the message's. */
	from?: Address;
	/** Unix seconds, where it is not the message's. */
	sendAt?: number;
	subject: string;
	headers: Record<string, string>;
	customArgs: Record<string, string>;
	/** Fills a dynamic template; any JSON. */
	templateData: IDataObject;
	/** Replaced in the subject, the content or a legacy template: what stands there, and by what. */
	substitutions: Record<string, string>;
}

/** Dynamic templates take nested data; those of the older kind ("legacy") only substitutions. */
export function isDynamicTemplate(templateId: string): boolean {
	return templateId.startsWith('d-');
}

/**
 * Puts a message and its personalizations into the form that `@sendgrid/mail` sends, and reads the
 * attachments.
 *
 * Custom args and headers stay with each personalization, where SendGrid documents them as objects; a
 * subject that all share stands once, in the message.
 */
export async function toMailData(
	message: Message,
	personalizations: Personalization[],
): Promise<MailDataRequired> {
	const [first] = personalizations;
	const sharedSubject = personalizations.every(({ subject }) => subject === first?.subject)
		? first?.subject
		: undefined;
	const { replyTo, text, html, moreContent, templateId, attachments, ipPool, ...rest } = message;
	const content = [
		{ type: 'text/plain', value: text },
		{ type: 'text/html', value: html },
		...moreContent,
	].filter(({ value }) => value !== '');
	const data = {
		...rest,
		replyTo: replyTo.length === 1 ? replyTo[0] : undefined,
		replyToList: replyTo.length > 1 ? replyTo : undefined,
		subject: sharedSubject || undefined,
		// In the order that SendGrid asks for: the library would put HTML last.
		content: content.length > 0 ? content : undefined,
		templateId: templateId || undefined,
		ipPoolName: ipPool || undefined,
		attachments: await Promise.all(attachments.map(toAttachmentData)),
		personalizations: personalizations.map(({ subject, templateData, ...rest }) => ({
			...rest,
			to: rest.to.map(asRecipient),
			cc: rest.cc.map(asRecipient),
			bcc: rest.bcc.map(asRecipient),
			subject: (sharedSubject === undefined && subject) || undefined,
			dynamicTemplateData: templateData,
		})),
		// The keys of `substitutions` are already what stands in the content, braces included.
		substitutionWrappers: ['', ''],
		// It would warn on the console about characters that Handlebars escapes.
		hideWarnings: true,
	};
	return data as MailDataRequired;
}

/**
 * SendGrid writes the name of a recipient before the address as it is, without quotes, and reads what
 * it wrote: `Doe, Bob <bob@example.com>` would go to "doe" and to nobody else, and the smiley in
 * `Bob :(` would hide the address. So what would be read in another way becomes a space. Commas and
 * semicolons are documented; of the others SendGrid's support knows. Quotes around the name would be
 * shown to the recipient. Names in From and Reply To are taken as they are.
 *
 * @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
 * @see https://github.com/sendgrid/sendgrid-ruby/issues/394
 */
function asRecipient({ email, name = '' }: Address): Address {
	const misread = PAIRED.test(name) ? /[,;:<>@[\]\\]/g : /[,;:<>@[\]\\()"]/g;
	const readable = name
		.replace(misread, ' ')
		.replace(/\s{2,}/g, ' ')
		.trim();
	return readable === '' ? { email } : { email, name: readable };
}

/** Round brackets and double quotes, if there are any, each with its other half. */
const PAIRED = /^[^()"]*(?:(?:\([^()"]*\)|"[^()"]*")[^()"]*)*$/;

/** The library leaves the keys inside lists as they are, so `content_id` has to be SendGrid's. */
async function toAttachmentData({ filename, type, contentId, load }: Attachment) {
	return {
		content: await load(),
		filename,
		type,
		disposition: contentId === undefined ? 'attachment' : 'inline',
		content_id: contentId,
	};
}
