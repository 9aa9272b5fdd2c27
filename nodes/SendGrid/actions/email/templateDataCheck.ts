import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { errorStatus } from '../../api/apiError';
import { baseUrlOfCalls, cancelSignalOf, CREDENTIAL } from '../../api/sendGridRequest';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { TemplatesOfRun } from './activeVersion';
import type { TemplateError } from './handlebars';
import { isDynamicTemplate } from './mail';
import type { ItemForm } from './readForm';
import { RecentTemplates, type TemplateReading } from './recentTemplates';

/** Milliseconds: a mail should not wait long for what it can do without. */
const LIMITS = { patience: 10_000, timeout: 10_000 };

const FORBIDDEN = 403;

const recentTemplates = new RecentTemplates();

/**
 * Stops mail whose template shows a variable that the data lacks: SendGrid would send it with a gap.
 *
 * To see what a template shows it has to be read: once in a run, and not at all if that was done
 * within the last minute. But no mail is stopped because of how a template was: it is read anew
 * before. Sending does not depend on all that: if the key may not read templates, or it fails
 * otherwise, the mail goes unchecked and the log says so.
 */
export class TemplateDataCheck {
	private readonly templates: TemplatesOfRun;
	/** What was read in this run, by the id of the template. */
	private readonly readings = new Map<string, Promise<TemplateReading>>();
	private whose?: Promise<string>;
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
		const missingIn = (reading: TemplateReading) =>
			this.missingIn(templateId, reading, unfilled.subject, data);
		let missing = missingIn(await this.recentReading(templateId));
		if (missing.length > 0) missing = missingIn(await this.reading(templateId));
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

	private missingIn(
		templateId: string,
		reading: TemplateReading,
		subject: string,
		data: IDataObject,
	): string[] {
		if ('refusal' in reading) {
			this.warn(templateId, `it cannot be read. ${reading.refusal.message}`);
			return [];
		}
		// Whether SendGrid has anything to send without an active version is for SendGrid to say.
		if (reading.version === undefined) return [];
		try {
			const texts = this.templates.textsOf(reading.version, subject);
			return [...new Set(texts.flatMap((text) => text.missingIn(data)))];
		} catch (error) {
			this.warn(templateId, `it has something unknown. ${(error as TemplateError).message}`);
			return [];
		}
	}

	/** What was read in this run or, by any run, within the last minute. */
	private async recentReading(templateId: string): Promise<TemplateReading> {
		const ofThisRun = this.readings.get(templateId);
		if (ofThisRun !== undefined) return await ofThisRun;
		const recent = recentTemplates.get(await this.keyOf(templateId), Date.now());
		return recent ?? (await this.reading(templateId));
	}

	/** What is read in this run. */
	private async reading(templateId: string): Promise<TemplateReading> {
		let reading = this.readings.get(templateId);
		if (reading === undefined) this.readings.set(templateId, (reading = this.read(templateId)));
		return await reading;
	}

	private async read(templateId: string): Promise<TemplateReading> {
		const reading = await this.templates.activeVersion(templateId).then(
			(version) => ({ version }),
			(refusal: Error) => ({ refusal }),
		);
		if ('version' in reading || errorStatus(reading.refusal) === FORBIDDEN) {
			recentTemplates.set(await this.keyOf(templateId), reading, Date.now());
		} else if (cancelSignalOf(this.context)?.aborted) {
			// The user stopped the execution: nothing more may be sent.
			throw reading.refusal;
		}
		return reading;
	}

	/** Another credential may see other templates, or none. */
	private async keyOf(templateId: string): Promise<string> {
		this.whose ??= this.readWhose();
		return `${await this.whose} ${templateId}`;
	}

	private async readWhose(): Promise<string> {
		const { credentials } = this.context.getNode();
		return `${await baseUrlOfCalls(this.context)} ${credentials?.[CREDENTIAL]?.id}`;
	}

	private warn(templateId: string, reason: string): void {
		if (this.hasWarned) return;
		this.hasWarned = true;
		this.context.logger.warn(
			`SendGrid: mail with the template "${templateId}" is sent without looking for missing data, because ${reason}`,
		);
	}
}
