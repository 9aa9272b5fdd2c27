import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { parseMoment } from '../../fields/moment';
import { parseAddress, parseAddresses } from '../../fields/addresses';
import { readAttachments, type AttachmentFields } from './attachments';
import {
	chosenValue,
	groupId,
	jsonObject,
	requiredText,
	textList,
	textTable,
	textValue,
} from '../../fields/values';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { isDynamicTemplate, type Message, type Personalization } from './mail';

type Rows = Array<{ name: unknown; value: unknown }>;

/** The collection "Additional Fields". */
interface AdditionalFields extends AttachmentFields {
	batchId?: unknown;
	bcc?: unknown;
	cc?: unknown;
	headers?: { values?: Rows };
	replyTo?: unknown;
	sendAt?: unknown;
}

/** One of SendGrid's settings in a group of its own, named as SendGrid names it, in camelCase. */
interface SettingGroup {
	values?: IDataObject;
}

/** The collection "Settings". */
interface Settings {
	bypassSuppressions?: string[];
	clickTracking?: 'htmlAndText' | 'html' | 'off';
	footer?: SettingGroup;
	ganalytics?: SettingGroup;
	groupsToDisplay?: unknown;
	ipPool?: unknown;
	openTracking?: SettingGroup;
	sandboxMode?: boolean;
	subscriptionTracking?: SettingGroup;
	unsubscribeGroup?: unknown;
}

/** An item's mail as the form has it. */
export interface ItemForm {
	message: Message;
	/** Everything about its own recipients, except for the data that fills the content. */
	envelope: Omit<Personalization, 'templateData' | 'substitutions'>;
	/** That data, still to be read. */
	data: unknown;
}

/** @throws InvalidFieldError on a value that cannot be read */
export async function readForm(context: IExecuteFunctions, item: number): Promise<ItemForm> {
	const parameter = (name: string): unknown => context.getNodeParameter(name, item, '');
	const fields = context.getNodeParameter('additionalFields', item, {}) as AdditionalFields;
	const settings = context.getNodeParameter('settings', item, {}) as Settings;
	const customArgs = context.getNodeParameter('customArgs.values', item, []) as Rows;
	const isTemplate = parameter('content') === 'template';

	const message: Message = {
		from: parseAddress(chosenValue(parameter('from')), 'From'),
		replyTo: parseAddresses(fields.replyTo, 'Reply To'),
		text: isTemplate ? '' : textValue(parameter('text'), 'Text'),
		html: isTemplate ? '' : textValue(parameter('html'), 'HTML'),
		templateId: isTemplate
			? requiredText(
					parameter('templateId'),
					'Template',
					'Choose one from the list, or enter its ID, for example d-0123456789abcdef0123456789abcdef.',
				)
			: '',
		attachments: await readAttachments(context, item, fields),
		categories: textList(parameter('categories'), 'Categories'),
		sendAt: readSendAt(fields.sendAt, context.getTimezone()),
		batchId: textValue(fields.batchId, 'Batch ID').trim() || undefined,
		asm: readUnsubscribeGroup(settings),
		ipPool: textValue(chosenValue(settings.ipPool), 'IP Pool').trim(),
		mailSettings: readMailSettings(settings),
		trackingSettings: readTrackingSettings(settings),
	};
	const envelope: ItemForm['envelope'] = {
		to: parseAddresses(parameter('to'), 'To'),
		cc: parseAddresses(fields.cc, 'CC'),
		bcc: parseAddresses(fields.bcc, 'BCC'),
		subject: textValue(parameter('subject'), 'Subject').trim(),
		headers: textTable(fields.headers?.values ?? [], 'Headers'),
		customArgs: textTable(customArgs, 'Custom Args'),
	};
	return { message, envelope, data: parameter('templateData') };
}

/**
 * Puts the recipient's data beside a template, in the form that its kind takes.
 *
 * @throws InvalidFieldError on data that cannot be read
 */
export function fillTemplate({ message, envelope, data }: ItemForm): Personalization {
	const values = jsonObject(data, 'Template Data');
	if (isDynamicTemplate(message.templateId)) {
		return { ...envelope, templateData: values, substitutions: {} };
	}
	const rows = Object.entries(values).map(([name, value]) => ({ name, value }));
	return { ...envelope, templateData: {}, substitutions: textTable(rows, 'Template Data') };
}

/** Unix seconds. */
function readSendAt(value: unknown, timeZone: string): number | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	const seconds = unixSeconds(value, timeZone);
	if (seconds === undefined) {
		throw new InvalidFieldError(
			'Send At',
			`"${String(value)}" is not a date and time. Enter one such as 2026-11-20T10:15:00Z, or an expression such as {{ $now.plus({ hours: 2 }) }}.`,
		);
	}
	return seconds;
}

function unixSeconds(value: unknown, timeZone: string): number | undefined {
	try {
		return Math.floor(parseMoment(value, timeZone).toSeconds());
	} catch {
		return undefined;
	}
}

function readUnsubscribeGroup({ unsubscribeGroup, groupsToDisplay }: Settings): Message['asm'] {
	const group = textValue(chosenValue(unsubscribeGroup), 'Unsubscribe Group').trim();
	const display = textList(groupsToDisplay, 'Groups to Display').map((id) =>
		groupId(id, 'Groups to Display'),
	);
	if (group === '') {
		if (display.length === 0) return undefined;
		throw new InvalidFieldError('Groups to Display', 'needs an Unsubscribe Group. Add one.');
	}
	return {
		groupId: groupId(group, 'Unsubscribe Group'),
		...(display.length > 0 && { groupsToDisplay: display }),
	};
}

function readMailSettings(settings: Settings): Message['mailSettings'] {
	const { bypassSuppressions = [], footer, sandboxMode } = settings;
	return {
		...Object.fromEntries(bypassSuppressions.map((setting) => [setting, { enable: true }])),
		...(footer?.values && { footer: withoutEmptyText(footer.values) }),
		...(sandboxMode && { sandboxMode: { enable: true } }),
	};
}

function readTrackingSettings(settings: Settings): Message['trackingSettings'] {
	const { clickTracking, openTracking, subscriptionTracking, ganalytics } = settings;
	const groups = { openTracking, subscriptionTracking, ganalytics };
	return {
		...(clickTracking && {
			clickTracking: {
				enable: clickTracking !== 'off',
				enableText: clickTracking === 'htmlAndText',
			},
		}),
		...Object.fromEntries(
			Object.entries(groups).flatMap(([name, group]) =>
				group?.values ? [[name, withoutEmptyText(group.values)]] : [],
			),
		),
	};
}

function withoutEmptyText(values: IDataObject): IDataObject {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}
