import { sleep, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import { parseAddress, parseAddresses } from '../../fields/addresses';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { momentValue } from '../../fields/moment';
import { RunParameters } from '../../fields/runParameters';
import {
	booleanValue,
	chosenValue,
	fieldGroup,
	fieldRows,
	groupId,
	jsonObject,
	optionList,
	optionValue,
	requiredText,
	textList,
	textTable,
	textValue,
} from '../../fields/values';
import { readAttachments } from './attachments';
import { isDynamicTemplate, type Message, type Personalization } from './mail';
import { escapeHtml } from './placeholders';
import { readTemplateFields, templateFields } from './templateFields';
import { BYPASSES, CLICK_TRACKING, MISSING_DATA, SETTING_GROUPS } from './settingFields';

/** An item's mail as the form has it. Items may share parts of it, which nobody may change. */
export interface ItemForm {
	message: Message;
	/** Everything about its own recipients, except for the data that fills the content. */
	unfilled: Omit<Personalization, 'templateData' | 'substitutions'>;
	/** That data, still to be read. */
	data: unknown;
	/** Where the data of a template comes from, as the form calls it. */
	dataField: string;
	/** What to do if a template shows more than the data has. */
	ifDataIsMissing: (typeof MISSING_DATA)[number];
}

/** How a template can be filled. */
const FILLINGS = ['json', 'fields'] as const;

/** How many items are read before n8n gets a turn: some tens of milliseconds. */
const ITEMS_AT_A_STRETCH = 200;

/** Reads the mail of one item after the other. */
export class FormReader {
	private readonly parameters: RunParameters;
	private count = 0;

	constructor(private readonly context: IExecuteFunctions) {
		this.parameters = new RunParameters(context);
	}

	/** @throws InvalidFieldError on a value that cannot be read */
	async read(item: number): Promise<ItemForm> {
		// n8n evaluates expressions on the thread that also answers webhooks.
		if (++this.count % ITEMS_AT_A_STRETCH === 0) await sleep(0);
		const { parameters } = this;
		const text = (name: string, label: string) =>
			parameters.read(name, item, (value) => textValue(value, label));
		const isTemplate = parameters.valueOf('content', item) === 'template';

		const from = parameters.read('from', item, (value) => parseAddress(chosenValue(value), 'From'));
		const timeZone = this.context.getTimezone();
		const { attachments, inlineImages, replyTo, moreContent, sendAt, batchId, ...ofRecipients } =
			parameters.read('additionalFields', item, (value) => readAdditionalFields(value, timeZone));
		if (isTemplate && moreContent.length > 0) {
			throw new InvalidFieldError(
				'Further Content',
				'Take it out, or choose Message as the content: SendGrid sends only what the template has.',
			);
		}
		const { ifDataIsMissing, ...settings } = parameters.read('settings', item, readSettings);
		const message: Message = {
			from,
			replyTo,
			text: isTemplate ? '' : text('text', 'Text'),
			html: isTemplate ? '' : text('html', 'HTML'),
			moreContent,
			templateId: isTemplate ? parameters.read('templateId', item, readTemplateId) : '',
			attachments: await readAttachments(this.context, item, { attachments, inlineImages }),
			categories: parameters.read('categories', item, (value) => textList(value, 'Categories')),
			sendAt,
			batchId,
			...settings,
		};
		const subject = isTemplate
			? text('templateSubject', 'Template Subject')
			: text('subject', 'Subject');
		const unfilled: ItemForm['unfilled'] = {
			to: parameters.read('to', item, (value) => parseAddresses(value, 'To')),
			...ofRecipients,
			subject: subject.trim(),
			customArgs: parameters.read('customArgs', item, (value) =>
				textTable(fieldRows(value, 'Custom Args'), 'Custom Args'),
			),
		};
		return { message, unfilled, ...this.readData(item, isTemplate), ifDataIsMissing };
	}

	/** The values of a template or of placeholders, and where they come from. */
	private readData(item: number, isTemplate: boolean): Pick<ItemForm, 'data' | 'dataField'> {
		if (isTemplate && this.parameters.read('fillTemplateWith', item, readFilling) === 'fields') {
			const { name, displayName } = templateFields;
			// As a tool of an agent, a node has no items.
			const json = this.context.getInputData()[item]?.json ?? {};
			return {
				data: readTemplateFields(this.parameters.valueOf(name, item), json),
				dataField: displayName,
			};
		}
		return {
			data: this.parameters.valueOf('templateData', item),
			dataField: 'Template Data',
		};
	}
}

function readFilling(value: unknown): (typeof FILLINGS)[number] {
	return optionValue(value || 'json', 'Fill In Template With', FILLINGS);
}

function readTemplateId(value: unknown): string {
	return requiredText(
		value,
		'Template',
		'Choose one from the list, or enter its ID, for example d-0123456789abcdef0123456789abcdef.',
	);
}

function readAdditionalFields(value: unknown, timeZone: string) {
	const fields = fieldGroup(value, 'Additional Fields');
	return {
		attachments: fields.attachments,
		inlineImages: fields.inlineImages,
		replyTo: parseAddresses(fields.replyTo, 'Reply To'),
		moreContent: readMoreContent(fields.moreContent),
		sendAt: readSendAt(fields.sendAt, timeZone),
		batchId: textValue(fields.batchId, 'Batch ID').trim() || undefined,
		cc: parseAddresses(fields.cc, 'CC'),
		bcc: parseAddresses(fields.bcc, 'BCC'),
		headers: textTable(fieldRows(fields.headers, 'Headers'), 'Headers'),
	};
}

function readSettings(value: unknown) {
	const settings = fieldGroup(value, 'Sending Options');
	return {
		asm: readUnsubscribeGroup(settings),
		ipPool: textValue(chosenValue(settings.ipPool), 'IP Pool').trim(),
		mailSettings: readMailSettings(settings),
		trackingSettings: readTrackingSettings(settings),
		ifDataIsMissing: readIfDataIsMissing(settings),
	};
}

function readIfDataIsMissing(settings: Record<string, unknown>): ItemForm['ifDataIsMissing'] {
	if (!('ifTemplateDataIsMissing' in settings)) return 'stop';
	const chosen = settings.ifTemplateDataIsMissing;
	return optionValue(chosen, 'If Template Data Is Missing', MISSING_DATA);
}

/**
 * Puts the recipient's data beside a template, in the form that its kind takes.
 *
 * @throws InvalidFieldError on data that cannot be read
 */
export function fillTemplate({ message, unfilled, data, dataField }: ItemForm): Personalization {
	const values = jsonObject(data, dataField);
	if (isDynamicTemplate(message.templateId)) {
		return { ...unfilled, templateData: values, substitutions: {} };
	}
	return { ...unfilled, templateData: {}, substitutions: legacySubstitutions(values, dataField) };
}

/**
 * The values of a legacy template: each key is a tag as it stands in the template, such as `-name-`.
 * SendGrid does not escape them, so they are escaped for HTML here, and replaces one tag after the
 * other.
 *
 * @throws InvalidFieldError where the order of replacement would decide
 */
function legacySubstitutions(values: IDataObject, field: string): Record<string, string> {
	const rows = Object.entries(values).map(([name, value]) => ({ name, value }));
	// Escaped first: that may write what is a tag, such as the "amp" of "&amp;".
	const substitutions = Object.entries(textTable(rows, field)).map(
		([tag, text]) => [tag, escapeHtml(text)] as const,
	);
	const tags = substitutions.map(([tag]) => tag);
	for (const [tag, value] of substitutions) {
		const inside = tags.find((other) => value.includes(other));
		const part = tags.find((other) => other !== tag && tag.includes(other));
		if (inside === undefined && part === undefined) continue;
		throw new InvalidFieldError(
			field,
			inside !== undefined
				? `Take the tag "${inside}" out of the value of "${tag}": SendGrid would replace it there as well.`
				: `Use another name for "${part}": it is a part of "${tag}", and SendGrid would replace it there as well.`,
		);
	}
	return Object.fromEntries(substitutions);
}

function readMoreContent(value: unknown): Message['moreContent'] {
	return fieldRows(value, 'Further Content').map((row) => {
		const type = requiredText(
			row.type,
			'Further Content',
			'Enter a type such as text/x-amp-html or text/calendar; method=REQUEST.',
		);
		if (
			/^text\/(?:plain|html)\b/i.test(type) ||
			!/^[\w.+-]+\/[\w.+-]+(?:\s*;[^\r\n;]+)*$/.test(type)
		) {
			throw new InvalidFieldError(
				'Further Content',
				`Enter a type such as text/x-amp-html or text/calendar; method=REQUEST. Text and HTML have fields of their own. The type is "${type}".`,
			);
		}
		const content = textValue(row.value, 'Further Content');
		if (content.trim() === '') {
			throw new InvalidFieldError(
				'Further Content',
				`Enter the content for "${type}". It is empty.`,
			);
		}
		return { type, value: content };
	});
}

/** Unix seconds. */
function readSendAt(value: unknown, timeZone: string): number | undefined {
	const moment = momentValue(value, 'Send At', timeZone);
	return moment && Math.floor(moment.toSeconds());
}

function readUnsubscribeGroup({
	unsubscribeGroup,
	groupsToDisplay,
}: Record<string, unknown>): Message['asm'] {
	const group = textValue(chosenValue(unsubscribeGroup), 'Unsubscribe Group').trim();
	const display = textList(groupsToDisplay, 'Groups to Display').map((id) =>
		groupId(id, 'Groups to Display'),
	);
	if (group === '') {
		if (display.length === 0) return undefined;
		throw new InvalidFieldError(
			'Groups to Display',
			'Add an Unsubscribe Group. The groups to display need one.',
		);
	}
	return {
		groupId: groupId(group, 'Unsubscribe Group'),
		...(display.length > 0 && { groupsToDisplay: display }),
	};
}

function readMailSettings(settings: Record<string, unknown>): Message['mailSettings'] {
	const bypasses = optionList(settings.bypassSuppressions, 'Bypass Suppressions', BYPASSES);
	const footer = readSettingGroup(settings, 'footer');
	return {
		...Object.fromEntries(bypasses.map((setting) => [setting, { enable: true }])),
		...(footer && { footer }),
		...('sandboxMode' in settings &&
			booleanValue(settings.sandboxMode, 'Sandbox Mode') && { sandboxMode: { enable: true } }),
	};
}

function readTrackingSettings(settings: Record<string, unknown>): Message['trackingSettings'] {
	const where =
		'clickTracking' in settings
			? optionValue(settings.clickTracking, 'Click Tracking', CLICK_TRACKING)
			: undefined;
	const groups = (['openTracking', 'subscriptionTracking', 'ganalytics'] as const).flatMap(
		(name) => {
			const group = readSettingGroup(settings, name);
			return group ? [[name, group] as const] : [];
		},
	);
	return {
		...(where !== undefined && {
			clickTracking: { enable: where !== 'off', enableText: where === 'htmlAndText' },
		}),
		...Object.fromEntries(groups),
	};
}

/** One of SendGrid's settings of several values; empty texts are left out. */
function readSettingGroup(
	settings: Record<string, unknown>,
	name: keyof typeof SETTING_GROUPS,
): IDataObject | undefined {
	const { displayName, values: fields } = SETTING_GROUPS[name];
	const group = fieldGroup(settings[name], displayName).values;
	if (group === undefined) return undefined;
	const given = fieldGroup(group, displayName);
	const read: IDataObject = {};
	for (const { name: field, displayName: label, type } of fields) {
		if (!(field in given)) continue;
		const value =
			type === 'boolean' ? booleanValue(given[field], label) : textValue(given[field], label);
		if (value !== '') read[field] = value;
	}
	return read;
}
