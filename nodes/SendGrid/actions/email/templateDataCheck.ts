import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { cancelSignalOf } from '../../api/sendGridRequest';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { TemplatesOfRun } from './activeVersion';
import type { TemplateError } from './handlebars';
import { isDynamicTemplate } from './mail';
import type { ItemForm } from './readForm';

/** Milliseconds: a mail should not wait long for what it can do without. */
const LIMITS = { patience: 10_000, timeout: 10_000 };

/**
 * Stops mail whose template shows a variable that the data lacks: SendGrid would send it with a gap.
 *
 * To see what a template shows it has to be read, once in a run. Sending does not depend on that: if
 * the key may not read templates, or it fails otherwise, the mail goes unchecked and the log says so.
 */
export class TemplateDataCheck {
	private readonly templates: TemplatesOfRun;
	private hasWarned = false;

	constructor(private readonly context: IExecuteFunctions) {
		this.templates = new TemplatesOfRun(context, LIMITS);
	}

	/**
	 * @param data what the template is filled with
	 * @throws InvalidFieldError that names the variables
	 */
	async check(
		{ message: { templateId }, unfilled, dataField, ifDataIsMissing }: ItemForm,
		data: IDataObject,
	): Promise<void> {
		if (!isDynamicTemplate(templateId) || ifDataIsMissing === 'sendAnyway') return;
		const missing = await this.missingIn(templateId, unfilled.subject, data);
		if (missing.length === 0) return;
		const [names, tags] = [
			missing.map((name) => `"${name}"`).join(', '),
			missing.map((name) => `{{${name}}}`).join(', '),
		];
		throw new InvalidFieldError(
			dataField,
			`Add ${names} to the data, or set "If Template Data Is Missing" under Sending Options to Send Anyway. The template shows ${tags}, and there is no value for ${missing.length === 1 ? 'it' : 'them'}.`,
		);
	}

	private async missingIn(
		templateId: string,
		subject: string,
		data: IDataObject,
	): Promise<string[]> {
		const version = await this.templates.activeVersion(templateId).catch((error: Error) => {
			// The user stopped the execution: nothing more may be sent.
			if (cancelSignalOf(this.context)?.aborted) throw error;
			this.warn(templateId, `it cannot be read. ${error.message}`);
			return undefined;
		});
		// Whether SendGrid has anything to send without an active version is for SendGrid to say.
		if (version === undefined) return [];
		try {
			const texts = this.templates.textsOf(version, subject);
			return [...new Set(texts.flatMap((text) => text.missingIn(data)))];
		} catch (error) {
			this.warn(templateId, `it has something unknown. ${(error as TemplateError).message}`);
			return [];
		}
	}

	private warn(templateId: string, reason: string): void {
		if (this.hasWarned) return;
		this.hasWarned = true;
		this.context.logger.warn(
			`SendGrid: mail with the template "${templateId}" is sent without looking for missing data, because ${reason}`,
		);
	}
}
