import { NodeApiError, type IExecuteFunctions } from 'n8n-workflow';
import { apiError, errorStatus, sendGridErrors } from '../../api/apiError';
import { quoteDetails, type SendGridErrorDetail } from '../../api/errorTexts';
import { checkVisible } from '../../fields/invisible';
import { optionValue } from '../../fields/values';
import type { BatchOperation } from '../operation';
import { acceptedMail } from './acceptedMail';
import { Batcher, type ItemMail, type MailRequest } from './batching';
import { SendReport } from './sendReport';
import { DuplicateFilter } from './duplicates';
import { checkMessage, checkPersonalization } from './limits';
import type { Message, Personalization } from './mail';
import { Mailer } from './mailer';
import { fillPlaceholders, PlaceholderCompiler } from './placeholders';
import { sendManyProperties } from './properties';
import { fillTemplate, FormReader, type ItemForm } from './readForm';
import { readCallSettings } from './settingFields';
import { TemplateDataCheck } from './templateDataCheck';

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
		const settings = readCallSettings(context);
		const report = new SendReport(context, settings);
		const { requests, duplicates } = await plan(context, report);
		if (!report.stopped) {
			await sendRequests(context, new Mailer(context, settings), report, requests);
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
	const duplicatesParameter: unknown = context.getNodeParameter('duplicates', 0, 'sendEach');
	const once =
		optionValue(duplicatesParameter, 'Duplicates', ['sendEach', 'sendOnce']) === 'sendOnce';
	const filter = new DuplicateFilter();
	const duplicates = new Map<number, number>();
	const batcher = new Batcher();
	const forms = new FormReader(context);
	const compiler = new PlaceholderCompiler();
	const templateDataCheck = new TemplateDataCheck(context);
	for (const item of report.openItems) {
		try {
			const form = await forms.read(item);
			const { message, personalizations } = await fillForm(form, compiler, templateDataCheck);
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

/** An item's mail: one personalization for each address in its To. */
async function fillForm(
	form: ItemForm,
	compiler: PlaceholderCompiler,
	templateDataCheck: TemplateDataCheck,
): Promise<{ message: Message; personalizations: Personalization[] }> {
	const { message, personalization } =
		form.message.templateId === ''
			? fillMessage(form, compiler)
			: { message: form.message, personalization: fillTemplate(form) };

	checkMessage(message, Date.now() / 1000);
	const { to } = personalization;
	// All personalizations of the item are alike, and an address may come twice: they are separate mails.
	checkPersonalization({ ...personalization, to: to.slice(0, 1) }, message);
	await templateDataCheck.check(form, personalization.templateData);
	return {
		message,
		personalizations: to.map((address) => ({ ...personalization, to: [address] })),
	};
}

/** Puts the recipient's values beside the placeholders of the content. */
function fillMessage(
	{ message, unfilled, data }: ItemForm,
	compiler: PlaceholderCompiler,
): { message: Message; personalization: Personalization } {
	const subject = compiler.compile(unfilled.subject, 'text');
	const text = compiler.compile(message.text, 'text');
	const html = compiler.compile(message.html, 'html');
	const substitutions = fillPlaceholders([subject, text, html], data);
	for (const { tag, name } of subject.tags) {
		checkVisible(substitutions[tag]!, 'Placeholder Data', `value of "${name}" in the subject`);
	}
	return {
		message: { ...message, text: text.content, html: html.content },
		personalization: { ...unfilled, subject: subject.content, templateData: {}, substitutions },
	};
}

async function sendRequests(
	context: IExecuteFunctions,
	mailer: Mailer,
	report: SendReport,
	requests: MailRequest[],
): Promise<void> {
	// One id for the whole run, so that all of it can be cancelled at once.
	let batchId: Promise<string> | undefined;
	const withBatchId = async (message: Message): Promise<Message> =>
		message.sendAt === undefined || message.batchId !== undefined
			? message
			: { ...message, batchId: await (batchId ??= mailer.createBatchId()) };

	await mailer.pace.workThrough(requests, async ({ message, mails }) => {
		if (report.stopped) return;
		try {
			await sendRequest(context, mailer, report, { message: await withBatchId(message), mails });
		} catch (error) {
			for (const { item } of mails) report.fail(item, error);
		}
	});
}

/** So often a request goes again without the recipients that SendGrid named. */
const MAX_ROUNDS = 10;

/**
 * Makes one call. A 400 means that nothing was sent: when SendGrid's objections are to some
 * recipients only, their items fail, and the others go again without them.
 */
async function sendRequest(
	context: IExecuteFunctions,
	mailer: Mailer,
	report: SendReport,
	{ message, mails }: MailRequest,
): Promise<void> {
	let left = mails;
	for (let round = 1; left.length > 0; round++) {
		report.begin(left.map(({ item }) => item));
		try {
			const receipt = await mailer.send(
				message,
				left.flatMap(({ personalizations }) => personalizations),
			);
			for (const { item, personalizations } of left) {
				report.accept(item, acceptedMail(receipt, message, personalizations));
			}
			return;
		} catch (error) {
			const refused = refusedItems(context, error, left);
			const failed = refused === undefined || round === MAX_ROUNDS ? left : [];
			for (const { item } of failed) report.fail(item, refused?.get(item) ?? error);
			if (failed.length > 0) return;
			for (const [item, reason] of refused!) report.fail(item, reason);
			left = left.filter(({ item }) => !refused!.has(item));
		}
	}
}

/**
 * The items that a refusal is about, each with an error of its own; `undefined` if it is about
 * something else, too. SendGrid names a personalization by its place in the request.
 */
function refusedItems(
	context: IExecuteFunctions,
	error: unknown,
	mails: ItemMail[],
): Map<number, NodeApiError> | undefined {
	if (!(error instanceof NodeApiError) || errorStatus(error) !== 400) return undefined;
	const itemAt = mails.flatMap(({ item, personalizations }) => personalizations.map(() => item));
	const details = new Map<number, SendGridErrorDetail[]>();
	for (const detail of sendGridErrors(error)) {
		const place = /^personalizations\.(\d+)\b/.exec(detail.field ?? '');
		const item = place === null ? undefined : itemAt[Number(place[1])];
		if (item === undefined) return undefined;
		details.set(item, [...(details.get(item) ?? []), detail]);
	}
	if (details.size === 0) return undefined;
	return new Map(
		[...details].map(([item, own]) => [
			item,
			apiError(context.getNode(), {
				message: `Correct the mail of item ${item}, which SendGrid refuses: ${quoteDetails(own)}`,
				description: 'Nobody got this mail.',
				status: 400,
				details: own,
			}),
		]),
	);
}
