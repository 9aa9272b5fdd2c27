import type { IExecuteFunctions } from 'n8n-workflow';
import {
	fieldGroup,
	fieldRows,
	optionValue,
	requiredText,
	textValue,
} from '../../../fields/values';
import { encodeFormFields, readFormFields } from './formFields';
import { escapeHtml } from './page';
import type { AdjustMail } from './sendAndWait';

const APPROVAL_TYPES = ['single', 'double'] as const;

interface Button {
	label: string;
	url: string;
	isMain: boolean;
}

/** The page of a link shows the subject; a link should stay short enough for every mail program. */
const MAX_TITLE_LENGTH = 200;
const MAX_LABEL_LENGTH = 100;

const MAIN_BUTTON = 'background:#1a56c4;color:#ffffff';
const OTHER_BUTTON = 'background:#e6e9ef;color:#1f2430';

/**
 * Makes the mail ask, with a button for each answer.
 *
 * @param wait names this wait: a mail of an earlier round of a loop has another one
 * @throws InvalidFieldError
 */
export function askForAnswer(context: IExecuteFunctions, wait: string): AdjustMail {
	const asked = requiredText(
		context.getNodeParameter('message', 0, ''),
		'Message',
		'Write what you ask.',
	);
	const message = withToolInput(context, asked);
	return ({ message: mail, unfilled }) => {
		const title = unfilled.subject.slice(0, MAX_TITLE_LENGTH);
		const buttons = buttonsOf(context, { wait, title });
		mail.text = [message, ...buttons.map(({ label, url }) => `${label}: ${url}`)].join('\n\n');
		mail.html = `<p style="white-space:pre-line">${escapeHtml(message)}</p>\n<p>${buttons.map(toHtml).join('\n')}</p>`;
		// A link that SendGrid replaces leads over SendGrid, and its address is not ours any more.
		mail.trackingSettings = {
			...mail.trackingSettings,
			clickTracking: { enable: false, enableText: false },
		};
	};
}

/**
 * As a review of an agent's tool, the message is n8n's own expression, which prints the tool's input
 * (`$tool.parameters`) as "[object Object]" where it is an object. Who decides must see it.
 */
function withToolInput(context: IExecuteFunctions, message: string): string {
	const asObject = String({});
	if (!context.getNode().type.endsWith('HitlTool') || !message.includes(asObject)) return message;
	const input: unknown = context.evaluateExpression('{{ $tool.parameters }}', 0);
	return message.replace(asObject, () => JSON.stringify(input, undefined, 2) ?? asObject);
}

function buttonsOf(context: IExecuteFunctions, ofWait: { wait: string; title: string }): Button[] {
	const button = (answer: string, label: string, more: Partial<Button & { form: string }> = {}) => {
		const { isMain = true, form } = more;
		const query = { ...ofWait, answer, label, ...(form !== undefined && { form }) };
		return { label, url: context.getSignedResumeUrl(query), isMain };
	};
	const responseType = context.getNodeParameter('responseType', 0);
	if (responseType === 'approval') return approvalButtons(context, button);
	const label = textOfButton(context.getNodeParameter('buttonLabel', 0, ''), 'Button Label');
	if (responseType === 'freeText') return [button('text', label || 'Answer')];
	const rows = fieldRows(context.getNodeParameter('formFields', 0, {}), 'Form Fields');
	return [button('form', label || 'Answer', { form: encodeFormFields(readFormFields(rows)) })];
}

function approvalButtons(
	context: IExecuteFunctions,
	button: (answer: string, label: string, more?: Partial<Button>) => Button,
): Button[] {
	const group = context.getNodeParameter('approvalOptions', 0, {});
	const options = fieldGroup(fieldGroup(group, 'Approval Options').values, 'Approval Options');
	const type =
		'approvalType' in options
			? optionValue(options.approvalType, 'Type of Approval', APPROVAL_TYPES)
			: 'single';
	const approve = textOfButton(options.approveLabel, 'Approve Button Label') || 'Approve';
	if (type === 'single') return [button('approved', approve)];
	const decline = textOfButton(options.disapproveLabel, 'Disapprove Button Label') || 'Decline';
	return [button('approved', approve), button('declined', decline, { isMain: false })];
}

function textOfButton(value: unknown, field: string): string {
	return textValue(value, field).trim().slice(0, MAX_LABEL_LENGTH);
}

function toHtml({ label, url, isMain }: Button): string {
	const style = `display:inline-block;padding:12px 24px;margin:8px 8px 8px 0;border-radius:8px;text-decoration:none;font-family:sans-serif;${isMain ? MAIN_BUTTON : OTHER_BUTTON}`;
	return `<a href="${escapeHtml(url)}" clicktracking="off" style="${style}">${escapeHtml(label)}</a>`;
}
