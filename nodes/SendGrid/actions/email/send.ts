import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { BatchOperation } from '../operation';
import { acceptedMail } from './acceptedMail';
import { SendReport } from './sendReport';
import { sendProperties } from './properties';
import {
	checkMessage,
	checkPersonalization,
	checkRequestBytes,
	messageBytes,
	personalizationBytes,
} from './limits';
import { Mailer } from './mailer';
import { fillTemplate, FormReader, type ItemForm } from './readForm';
import { readCallSettings, type CallSettings } from './settingFields';
import { TemplateDataCheck } from './templateDataCheck';

/** One mail for each input item, to everyone in its To, CC and BCC together. */
export const send: BatchOperation = {
	option: {
		name: 'Send',
		value: 'send',
		action: 'Send an email',
		description: 'Send one email; all its recipients get the same one and see each other',
	},
	properties: sendProperties,
	async executeAll(context) {
		const settings = readCallSettings(context);
		const run = new SendRun(context, settings);
		const report = new SendReport(context, settings);
		await run.mailer.pace.workThrough(report.openItems, async (item) => {
			if (report.stopped) return;
			try {
				const begin = () => report.begin([item]);
				report.accept(item, await sendItem(run, item, undefined, begin));
			} catch (error) {
				report.fail(item, error);
			}
		});
		return report.finish();
	},
};

/** What the items of one run share. */
export class SendRun {
	readonly forms: FormReader;
	readonly mailer: Mailer;
	readonly templateDataCheck: TemplateDataCheck;

	constructor(context: IExecuteFunctions, settings: CallSettings) {
		this.forms = new FormReader(context);
		this.mailer = new Mailer(context, settings);
		this.templateDataCheck = new TemplateDataCheck(context);
	}
}

/**
 * Sends the mail of one item.
 *
 * @param adjust changes the mail that the form describes
 * @param begin called when everything is found right, just before the mail goes out
 * @returns the item's output
 * @throws InvalidFieldError, NodeApiError
 */
export async function sendItem(
	{ forms, mailer, templateDataCheck }: SendRun,
	item: number,
	adjust: (form: ItemForm) => void = () => {},
	begin: () => void = () => {},
): Promise<IDataObject> {
	const form = await forms.read(item);
	adjust(form);
	const { message, unfilled } = form;
	const personalization =
		message.templateId === ''
			? { ...unfilled, templateData: {}, substitutions: {} }
			: fillTemplate(form);
	checkMessage(message, Date.now() / 1000);
	checkPersonalization(personalization, message);
	checkRequestBytes(messageBytes(message) + personalizationBytes(personalization));
	await templateDataCheck.check(form, personalization.templateData);

	if (message.sendAt !== undefined) message.batchId ??= await mailer.createBatchId();
	begin();
	const receipt = await mailer.send(message, [personalization]);
	return acceptedMail(receipt, message, [personalization]);
}
