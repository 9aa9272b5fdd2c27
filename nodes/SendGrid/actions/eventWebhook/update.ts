import type { INodeProperties } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import {
	getEventWebhook,
	signEventWebhook,
	unsignEventWebhook,
	updateEventWebhook,
	type EventWebhook,
	type EventWebhookSettings,
} from '../../api/eventWebhooks';
import { EVENT_TYPES } from '../../events/eventTypes';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import type { ItemOperation } from '../operation';
import { webhookIdOf, webhookIdParameter } from './parameters';
import { eventsField, furtherFields, readCollection, readSettings, urlField } from './settings';

const updateFields: INodeProperties = {
	displayName: 'Update Fields',
	name: 'updateFields',
	type: 'collection',
	placeholder: 'Add Field',
	default: {},
	description: 'What to change; all else stays as it is',
	options: [...furtherFields, eventsField, urlField].sort((a, b) =>
		a.displayName.localeCompare(b.displayName),
	),
};

export const update: ItemOperation = {
	option: {
		name: 'Update',
		value: 'update',
		action: 'Update an event webhook',
		description: 'Change settings of one Event Webhook; what you do not add stays as it is',
	},
	properties: [
		webhookIdParameter,
		updateFields,
		{
			displayName:
				'To change the webhook of a SendGrid Email Trigger, change the trigger: it sets the webhook back when it is published again.',
			name: 'updateNotice',
			type: 'notice',
			default: '',
		},
	],
	async executeItem(context, itemIndex) {
		const id = webhookIdOf(context, itemIndex);
		const { settings, signed } = readSettings(readCollection(context, itemIndex, updateFields));
		if (Object.keys(settings).length === 0 && signed === undefined) {
			throw new InvalidFieldError(updateFields.displayName, 'Add at least one field to change.');
		}
		const present = await getEventWebhook(context, id);
		if (Object.keys(settings).length > 0) {
			await updateEventWebhook(context, id, { ...settingsOf(present), ...settings });
		}
		if (signed === true && !present.public_key) await signEventWebhook(context, id);
		if (signed === false && present.public_key) await unsignEventWebhook(context, id);
		return inCamelCase(await getEventWebhook(context, id));
	},
};

/** SendGrid demands the URL in every change, so the settings go out whole; OAuth stays by itself. */
function settingsOf({ url, enabled, friendly_name, ...flags }: EventWebhook): EventWebhookSettings {
	return {
		url,
		enabled,
		friendly_name: friendly_name ?? '',
		...Object.fromEntries(
			EVENT_TYPES.map(({ settingsFlag }) => [settingsFlag, flags[settingsFlag] === true]),
		),
	};
}
