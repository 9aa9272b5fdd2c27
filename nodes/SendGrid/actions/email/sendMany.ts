import { NodeApiError, sleep, type IExecuteFunctions } from 'n8n-workflow';
import { sendGridErrors } from '../../api/sendGridRequest';
import type { BatchOperation } from '../operation';
import { acceptedMail } from './acceptedMail';
import { Batcher, type ItemMail, type MailRequest } from './batching';
import { SendReport } from './sendReport';
import { DuplicateFilter } from './duplicates';
import { checkMessage, checkPersonalization } from './limits';
import type { Message, Personalization } from './mail';
import { Mailer } from './mailer';
import { inParallel } from './parallel';
import { fillPlaceholders, PlaceholderCompiler } from './placeholders';
import { sendManyProperties } from './properties';
import { fillTemplate, readForm, type ItemForm } from './readForm';
import { DEFAULT_PARALLEL_REQUESTS } from './settingFields';

/** How many items are read before n8n gets a turn: some tens of milliseconds. */
const ITEMS_AT_A_STRETCH = 200;

/** One mail for each recipient, as many as possible to a request. */
export const sendMany: BatchOperation = {
	option: {
		name: 'Send Many',
		value: 'sendMany',
		action: 'Send an email to each of many recipients',
		description:
			'Send an email to each of many recipients, up to 1000 in one call; nobody sees anybody else',
	},
	properties: sendManyProperties,
	async executeAll(context) {
		const report = new SendReport(context);
		const { requests, duplicates } = await plan(context, report);
		if (!report.stopped) {
			await sendRequests(context, report, requests);
			for (const [item, sender] of duplicates) report.copy(sender, item);
		}
		return report.finish();
	},
};

/** Reads and checks the mail of all items, before any of it is sent. */
async function plan(
	context: IExecuteFunctions,
	report: SendReport,
): Promise<{ requests: MailRequest[]; duplicates: Map<number, number> }> {
	const once = context.getNodeParameter('duplicates', 0) === 'sendOnce';
	const filter = new DuplicateFilter();
	const duplicates = new Map<number, number>();
	const batcher = new Batcher();
	const compiler = new PlaceholderCompiler();
	for (const [count, item] of report.openItems.entries()) {
		// n8n evaluates expressions on the thread that also answers webhooks.
		if (count % ITEMS_AT_A_STRETCH === 0) await sleep(0);
		try {
			const { message, personalizations } = await readItem(context, item, compiler);
			const [first] = personalizations;
			const fresh = once ? filter.withoutDuplicates(personalizations) : personalizations;
			if (fresh.length > 0) {
				batcher.add(message, { item, personalizations: fresh });
				filter.remember(item, fresh);
			} else if (first !== undefined) {
				duplicates.set(item, filter.senderOf(first)!);
			}
		} catch (error) {
			report.fail(item, error);
		}
	}
	return { requests: batcher.requests, duplicates };
}

/** An item's mail: one envelope for each address in its To. */
async function readItem(
	context: IExecuteFunctions,
	item: number,
	compiler: PlaceholderCompiler,
): Promise<{ message: Message; personalizations: Personalization[] }> {
	const form = await readForm(context, item);
	const { message, personalization } =
		form.message.templateId === ''
			? fillMessage(form, compiler)
			: { message: form.message, personalization: fillTemplate(form) };

	checkMessage(message, Date.now() / 1000);
	const { to } = personalization;
	// All envelopes of the item are alike, and an address may come twice: they are separate mails.
	checkPersonalization({ ...personalization, to: to.slice(0, 1) }, message);
	return {
		message,
		personalizations: to.map((address) => ({ ...personalization, to: [address] })),
	};
}

/** Puts the recipient's values beside the placeholders of the content. */
function fillMessage(
	{ message, envelope, data }: ItemForm,
	compiler: PlaceholderCompiler,
): { message: Message; personalization: Personalization } {
	const subject = compiler.compile(envelope.subject, 'text');
	const text = compiler.compile(message.text, 'text');
	const html = compiler.compile(message.html, 'html');
	const substitutions = fillPlaceholders([subject, text, html], data);
	return {
		message: { ...message, text: text.content, html: html.content },
		personalization: { ...envelope, subject: subject.content, templateData: {}, substitutions },
	};
}

async function sendRequests(
	context: IExecuteFunctions,
	report: SendReport,
	requests: MailRequest[],
): Promise<void> {
	const mailer = new Mailer(context);
	const wanted = Number(context.getNodeParameter('settings.parallelRequests', 0, ''));
	const limit = wanted >= 1 ? wanted : DEFAULT_PARALLEL_REQUESTS;
	// One id for the whole run, so that all of it can be cancelled at once.
	let batchId: Promise<string> | undefined;
	const withBatchId = async (message: Message): Promise<Message> =>
		message.sendAt === undefined || message.batchId !== undefined
			? message
			: { ...message, batchId: await (batchId ??= mailer.createBatchId()) };

	await inParallel(requests, limit, async ({ message, mails }) => {
		if (report.stopped) return;
		try {
			const sent = await withBatchId(message);
			const receipt = await mailer.send(
				sent,
				mails.flatMap(({ personalizations }) => personalizations),
			);
			for (const { item, personalizations } of mails) {
				report.accept(item, acceptedMail(receipt, sent, personalizations));
			}
		} catch (error) {
			nameItems(error, mails);
			for (const { item } of mails) report.fail(item, error);
		}
	});
}

/** SendGrid names an envelope by its place in the request; the user knows it by its item. */
function nameItems(error: unknown, mails: ItemMail[]): void {
	if (!(error instanceof NodeApiError)) return;
	const itemOf = mails.flatMap(({ item, personalizations }) => personalizations.map(() => item));
	const named = sendGridErrors(error).flatMap(({ field }) => {
		const place = /^personalizations\.(\d+)\b/.exec(field ?? '');
		const item = place && itemOf[Number(place[1])];
		return typeof item === 'number' ? [`${place![0]} is item ${item}.`] : [];
	});
	error.description = [error.description, ...new Set(named)].filter(Boolean).join(' ');
}
