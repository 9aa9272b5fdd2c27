import type { IDataObject, IWebhookFunctions } from 'n8n-workflow';
import { decodeFormFields, FREE_TEXT, readFormAnswer } from './formFields';
import { page } from './page';

/** What is answered, and, if the wait is over with it, what the output gains. */
export interface PageAnswer {
	statusCode: number;
	body: string;
	headers?: Record<string, string>;
	result?: IDataObject;
}

/** Nothing but what the page itself holds, and nobody may keep it or find it. */
const HEADERS = {
	'Content-Type': 'text/html; charset=utf-8',
	'Content-Security-Policy':
		"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	'Cache-Control': 'no-store',
	'Referrer-Policy': 'no-referrer',
	'X-Robots-Tag': 'noindex',
};

/**
 * Answers the recipient. A link only shows a page; its button answers, because what checks mail for
 * dangerous links follows links but presses no buttons.
 *
 * @param query of the address, signed: `answer` is what the link stands for, `title` the subject of
 * the mail, `label` the words of the button, `form` the fields to fill in
 */
export function answerPage(
	context: IWebhookFunctions,
	query: Record<string, string | undefined>,
	isOpen: boolean,
): PageAnswer {
	const { title = '', label = '', answer } = query;
	const show = (content: Parameters<typeof page>[0], statusCode = 200): PageAnswer => ({
		statusCode,
		headers: HEADERS,
		body: page({ title, ...content }),
	});
	if (!isOpen) {
		return show({ text: 'This has been answered, or its time is over. You can close this page.' });
	}
	const isAnswering = context.getRequestObject().method === 'POST';
	const respondedAt = new Date().toISOString();
	const thanks = show({ text: 'Thank you. Your answer has arrived, you can close this page.' });
	if (answer === 'approved' || answer === 'declined') {
		if (!isAnswering) return show({ text: 'Please confirm your answer.', button: label });
		const approved = answer === 'approved';
		return { ...thanks, result: { outcome: answer, approved, respondedAt } };
	}

	const fields = query.form === undefined ? FREE_TEXT : decodeFormFields(query.form);
	if (!isAnswering) return show({ button: label, fields });
	const body = context.getBodyData();
	const read = readFormAnswer(fields, body);
	if ('problem' in read) {
		return show({ text: read.problem, button: label, fields, entered: body }, 422);
	}
	const given =
		query.form === undefined ? { text: read.values[FREE_TEXT[0]!.label] } : { form: read.values };
	return { ...thanks, result: { outcome: 'answered', ...given, respondedAt } };
}
