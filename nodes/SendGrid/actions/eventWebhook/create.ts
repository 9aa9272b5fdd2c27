import { NodeOperationError, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import { inCamelCase } from '../../api/camelCase';
import {
	createEventWebhook,
	deleteEventWebhook,
	getEventWebhook,
	listEventWebhooks,
	signEventWebhook,
	updateEventWebhook,
	type EventWebhookSettings,
} from '../../api/eventWebhooks';
import { explainFullSlots, refusalOf } from '../../api/webhookRefusals';
import type { ItemOperation } from '../operation';
import { eventsField, furtherFields, readCollection, readSettings, urlField } from './settings';

const additionalFields: INodeProperties = {
	displayName: 'Additional Fields',
	name: 'additionalFields',
	type: 'collection',
	placeholder: 'Add Field',
	default: {},
	description: 'More settings of the webhook',
	options: furtherFields,
};

export const create: ItemOperation = {
	option: {
		name: 'Create',
		value: 'create',
		action: 'Create an event webhook',
		description:
			'Have SendGrid post events to another system; SendGrid Email Trigger makes its own webhook',
	},
	properties: [
		{ ...urlField, required: true },
		{ ...eventsField, required: true },
		additionalFields,
	],
	async executeItem(context, itemIndex) {
		const { settings, signed } = readSettings({
			enabled: true,
			signed: true,
			...readCollection(context, itemIndex, additionalFields),
			url: context.getNodeParameter(urlField.name, itemIndex, ''),
			events: context.getNodeParameter(eventsField.name, itemIndex, []),
		});
		// Account status changes cannot be chosen at creation, only afterwards.
		const { account_status_change: needsUpdate, ...first } = settings as EventWebhookSettings;
		const id = await createEventWebhook(context, withoutEmpty(first)).catch(
			explainFullPlan(context, itemIndex),
		);
		try {
			if (needsUpdate) await updateEventWebhook(context, id, withoutEmpty(settings));
			if (signed) await signEventWebhook(context, id);
			return inCamelCase(await getEventWebhook(context, id));
		} catch (error) {
			// Half of it would be in the way of the next attempt: SendGrid takes a URL once.
			const isGone = await deleteEventWebhook(context, id).catch(() => false);
			const { message } = error as Error;
			throw new NodeOperationError(context.getNode(), error as Error, {
				itemIndex,
				message: isGone
					? `${message}. Nothing was created.`
					: `Delete the webhook ${id}, which was created, before you try again. ${message}`,
			});
		}
	},
};

/** SendGrid's way to say that there is no OAuth is for changes only. */
function withoutEmpty(settings: Partial<EventWebhookSettings>): EventWebhookSettings {
	return Object.fromEntries(
		Object.entries(settings).filter(([, value]) => value !== ''),
	) as EventWebhookSettings;
}

function explainFullPlan(context: IExecuteFunctions, itemIndex: number) {
	return async (error: unknown): Promise<never> => {
		if (refusalOf(error) !== 'noFreeSlot') throw error;
		const message = explainFullSlots(await listEventWebhooks(context));
		throw new NodeOperationError(context.getNode(), message, { itemIndex });
	};
}
