import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { BatchOperation } from '../operation';
import { acceptedMail } from './acceptedMail';
import { DeliveryReport } from './deliveryReport';
import { sendProperties } from './properties';
import {
	checkMessage,
	checkPersonalization,
	checkRequestBytes,
	messageBytes,
	personalizationBytes,
} from './limits';
import { Mailer } from './mailer';
import { readForm, readTemplateData } from './readForm';

const DATA_FIELD = 'Template Data';

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
		const mailer = new Mailer(context);
		const report = new DeliveryReport(context);
		for (const item of report.openItems) {
			if (report.stopped) break;
			try {
				report.accept(item, await sendItem(context, mailer, item));
			} catch (error) {
				report.fail(item, error);
			}
		}
		return report.finish();
	},
};

async function sendItem(
	context: IExecuteFunctions,
	mailer: Mailer,
	item: number,
): Promise<IDataObject> {
	const { message, envelope, data } = await readForm(context, item);
	const { templateId } = message;
	const personalization = {
		...envelope,
		...(templateId === ''
			? { templateData: {}, substitutions: {} }
			: readTemplateData(data, templateId, DATA_FIELD)),
	};
	const now = Date.now() / 1000;
	checkMessage(message, now);
	checkPersonalization(personalization, message, DATA_FIELD);
	checkRequestBytes(messageBytes(message) + personalizationBytes(personalization));

	if (message.sendAt !== undefined) message.batchId ??= await mailer.createBatchId();
	const receipt = await mailer.send(message, [personalization]);
	return acceptedMail(receipt, message, [personalization]);
}
