import { NodeOperationError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { jsonObject } from '../../fields/values';
import { ItemResults } from '../itemResults';
import type { BatchOperation } from '../operation';
import { TemplatesOfRun } from './activeVersion';
import { checkMessage, checkPersonalization } from './limits';
import { isDynamicTemplate } from './mail';
import { compilePlaceholders, fillPlaceholders } from './placeholders';
import { sendManyProperties } from './properties';
import { FormReader, type ItemForm } from './readForm';

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
export const preview: BatchOperation = {
	option: {
		name: 'Preview',
		value: 'preview',
		action: 'Preview an email',
		description: 'Show the subject, text and HTML filled with your data; nothing is sent',
	},
	properties,
	async executeAll(context) {
		const results = new ItemResults(context);
		const forms = new FormReader(context);
		const templates = new TemplatesOfRun(context);
		for (const [item] of context.getInputData().entries()) {
			try {
				results.add(item, await previewForm(context, templates, await forms.read(item)));
			} catch (error) {
				results.fail(item, error);
			}
		}
		return results.finish();
	},
};

async function previewForm(
	context: IExecuteFunctions,
	templates: TemplatesOfRun,
	form: ItemForm,
): Promise<IDataObject> {
	const { message, unfilled } = form;
	checkMessage(message, Date.now() / 1000);
	checkPersonalization(
		{ ...unfilled, to: unfilled.to.slice(0, 1), templateData: {}, substitutions: {} },
		message,
	);
	const { missing, ...content } =
		message.templateId === ''
			? { ...fillMessage(form), missing: [] }
			: await fillTemplate(context, templates, form);
	return {
		...content,
		...(missing.length > 0 && { missingVariables: missing }),
		from: message.from as unknown as IDataObject,
		to: unfilled.to.map(({ email }) => email),
		sent: false,
	};
}

function fillMessage({ message, unfilled, data }: ItemForm): Content {
	const filled = (text: string, part: 'html' | 'text') => {
		const compiled = compilePlaceholders(text, part, 'preview');
		const values = fillPlaceholders([compiled], data);
		return replaceTags(compiled.content, values);
	};
	return {
		subject: filled(unfilled.subject, 'text'),
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
	templates: TemplatesOfRun,
	{ message: { templateId }, unfilled, data, dataField }: ItemForm,
): Promise<Content & { missing: string[] }> {
	const values = jsonObject(data, dataField);
	const version = await templates.activeVersion(templateId);
	if (version === undefined) {
		throw new NodeOperationError(
			context.getNode(),
			`Activate a version of the template "${templateId}" in SendGrid. None is active, so there is nothing to send`,
		);
	}
	if (!isDynamicTemplate(templateId)) {
		const texts = Object.fromEntries(
			Object.entries(values).map(([tag, value]) => [tag, String(value)]),
		);
		return {
			subject: replaceTags(version.subject || unfilled.subject, texts),
			text: replaceTags(version.text, texts),
			html: replaceTags(version.html, texts),
			missing: [],
		};
	}
	const texts = templates.textsOf(version, unfilled.subject);
	const [subject, text, html] = texts.map((part) => part.fill(values)) as [string, string, string];
	const missing = new Set(texts.flatMap((part) => part.missingIn(values)));
	return { subject, text, html, missing: [...missing] };
}
