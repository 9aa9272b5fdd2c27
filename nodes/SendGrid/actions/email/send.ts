import { sleep, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import type { BatchOperation } from '../operation';
import { acceptedMail } from './acceptedMail';
import type { Message, Personalization } from './mail';
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
		await run.mailer.pace.workThrough(prepareItems(run, report), async ({ item, mail }) => {
			if (report.stopped) return;
			try {
				report.accept(item, await sendMail(run, mail, () => report.begin([item])));
			} catch (error) {
				report.fail(item, error);
			}
		});
		return report.finish();
	},
};

/** An item's mail, found right. */
interface Mail {
	message: Message;
	personalization: Personalization;
}

/** While mail is under way, that of the next item is read: n8n takes its time for expressions. */
async function* prepareItems(
	run: SendRun,
	report: SendReport,
): AsyncGenerator<{ item: number; mail: Mail }> {
	for (const item of report.openItems) {
		if (report.stopped) return;
		try {
			yield { item, mail: await prepareMail(run, item) };
			// Nothing leaves while n8n computes: the mail gets on its way before the next one is read.
			await sleep(0);
		} catch (error) {
			report.fail(item, error);
		}
	}
}

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
 * Reads and checks the mail of one item.
 *
 * @param adjust changes the mail that the form describes
 * @throws InvalidFieldError
 */
export async function prepareMail(
	{ forms, templateDataCheck }: SendRun,
	item: number,
	adjust: (form: ItemForm) => void = () => {},
): Promise<Mail> {
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
	return { message, personalization };
}

/**
 * Sends a mail that was prepared.
 *
 * @param begin called just before the mail goes out
 * @returns the item's output
 * @throws NodeApiError
 */
export async function sendMail(
	{ mailer }: SendRun,
	{ message, personalization }: Mail,
	begin: () => void,
): Promise<IDataObject> {
	if (message.sendAt !== undefined) message.batchId ??= await mailer.createBatchId();
	begin();
	const receipt = await mailer.send(message, [personalization]);
	return acceptedMail(receipt, message, [personalization]);
}
