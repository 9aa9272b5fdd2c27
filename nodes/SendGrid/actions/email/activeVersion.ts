import type { IDataObject } from 'n8n-workflow';
import { pathOf } from '../../api/pathOf';
import {
	sendGridRequest,
	type SendGridApiContext,
	type SendGridRequest,
} from '../../api/sendGridRequest';
import { HandlebarsText } from './handlebars';

/** The version of a template that SendGrid sends. */
export interface ActiveVersion {
	subject: string;
	text: string;
	html: string;
	/** What its author tried it with: JSON, if anything. */
	testData: string;
}

/** How long to wait for a template. */
type Limits = Pick<SendGridRequest, 'patience' | 'timeout'>;

/**
 * @returns `undefined` if no version of the template is active
 * @throws NodeApiError if the template cannot be read
 */
export async function readActiveVersion(
	context: SendGridApiContext,
	templateId: string,
	limits: Limits = {},
): Promise<ActiveVersion | undefined> {
	const { body } = await sendGridRequest<{ versions?: IDataObject[] }>(context, {
		method: 'GET',
		path: pathOf('/v3/templates', templateId),
		...limits,
	});
	const version = body.versions?.find(({ active }) => active === 1);
	if (version === undefined) return undefined;
	const { subject, plain_content, html_content, test_data } = version as Record<string, string>;
	return {
		subject: subject ?? '',
		text: plain_content ?? '',
		html: html_content ?? '',
		testData: test_data ?? '',
	};
}

/** The templates that the items of one run use; each is read and parsed once. */
export class TemplatesOfRun {
	private readonly versions = new Map<string, Promise<ActiveVersion | undefined>>();
	private readonly parsed = new Map<string, HandlebarsText>();

	constructor(
		private readonly context: SendGridApiContext,
		private readonly limits: Limits = {},
	) {}

	/** See `readActiveVersion`. */
	async activeVersion(templateId: string): Promise<ActiveVersion | undefined> {
		let version = this.versions.get(templateId);
		if (version === undefined) {
			version = readActiveVersion(this.context, templateId, this.limits);
			this.versions.set(templateId, version);
		}
		return await version;
	}

	/**
	 * The texts of a dynamic template as its recipients see them: subject, plain text and HTML.
	 *
	 * @param subject the subject that the mail brings, for a template without one
	 * @throws TemplateError on what SendGrid does not document
	 */
	textsOf(
		version: ActiveVersion,
		subject: string,
	): [HandlebarsText, HandlebarsText, HandlebarsText] {
		return [
			// The subject of the mail may be another for each item: too many to remember.
			version.subject === '' ? new HandlebarsText(subject) : this.parse(version.subject),
			this.parse(version.text),
			this.parse(version.html),
		];
	}

	private parse(text: string): HandlebarsText {
		let parsed = this.parsed.get(text);
		if (parsed === undefined) this.parsed.set(text, (parsed = new HandlebarsText(text)));
		return parsed;
	}
}
