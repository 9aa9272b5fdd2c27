import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';
import { jsonObject } from '../../fields/values';
import type { ItemOperation } from '../operation';
import { fillHandlebars } from './handlebars';
import { checkMessage, checkPersonalization } from './limits';
import { isDynamicTemplate } from './mail';
import { compilePlaceholders, fillPlaceholders } from './placeholders';
import { sendManyProperties } from './properties';
import { readForm, type ItemForm } from './readForm';

/** What the recipient would see. */
interface Content {
	subject: string;
	text: string;
	html: string;
}

/** Fields that change how a mail travels, but not what it says. */
const NOT_SHOWN = ['duplicates', 'settings'];

const properties: INodeProperties[] = sendManyProperties.filter(
	({ name }) => !NOT_SHOWN.includes(name),
);

/** Shows what Send Many would send, with the item's own data; mail send is not called. */
export const preview: ItemOperation = {
	option: {
		name: 'Preview',
		value: 'preview',
		action: 'Preview an email',
		description: 'Show the subject, text and HTML filled with your data; nothing is sent',
	},
	properties,
	async executeItem(context, itemIndex) {
		const form = await readForm(context, itemIndex);
		const { message, envelope } = form;
		checkMessage(message, Date.now() / 1000);
		checkPersonalization(
			{ ...envelope, to: envelope.to.slice(0, 1), templateData: {}, substitutions: {} },
			message,
		);
		const { missing, ...content } =
			message.templateId === ''
				? { ...fillMessage(form), missing: [] }
				: await fillTemplate(context, itemIndex, form);
		return {
			from: message.from as unknown as IDataObject,
			to: envelope.to.map(({ email }) => email),
			...content,
			...(missing.length > 0 && { missingVariables: missing }),
			sent: false,
		};
	},
};

function fillMessage({ message, envelope, data }: ItemForm): Content {
	const filled = (text: string, part: 'html' | 'text') => {
		const compiled = compilePlaceholders(text, part, 'preview');
		const values = fillPlaceholders([compiled], data);
		return replaceTags(compiled.content, values);
	};
	return {
		subject: filled(envelope.subject, 'text'),
		text: filled(message.text, 'text'),
		html: filled(message.html, 'html'),
	};
}

/** Replaces all tags in one pass, so that no value is taken for a tag. */
function replaceTags(content: string, values: Record<string, string>): string {
	const tags = Object.keys(values).map((tag) => tag.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
	if (tags.length === 0) return content;
	return content.replace(new RegExp(tags.join('|'), 'g'), (tag) => values[tag]!);
}

async function fillTemplate(
	context: IExecuteFunctions,
	itemIndex: number,
	{ message: { templateId }, envelope, data }: ItemForm,
): Promise<Content & { missing: string[] }> {
	const values = jsonObject(data, 'Template Data');
	const path = pathOf('/v3/templates', templateId);
	const { body } = await sendGridRequest<{ versions?: IDataObject[] }>(context, {
		method: 'GET',
		path,
	});
	const version = body.versions?.find(({ active }) => active === 1);
	if (version === undefined) {
		throw new NodeOperationError(
			context.getNode(),
			`Activate a version of the template "${templateId}" in SendGrid. None is active, so there is nothing to send`,
			{ itemIndex },
		);
	}
	const written = [
		(version.subject as string) || envelope.subject,
		(version.plain_content as string) ?? '',
		(version.html_content as string) ?? '',
	];
	if (!isDynamicTemplate(templateId)) {
		const texts = Object.fromEntries(
			Object.entries(values).map(([tag, value]) => [tag, String(value)]),
		);
		const [subject = '', text = '', html = ''] = written.map((part) => replaceTags(part, texts));
		return { subject, text, html, missing: [] };
	}
	const filled = written.map((part) => fillHandlebars(part, values));
	const [subject = '', text = '', html = ''] = filled.map(({ text: shown }) => shown);
	return { subject, text, html, missing: [...new Set(filled.flatMap(({ missing }) => missing))] };
}
