import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { readRequiredText } from '../../fields/parameters';

/** One webhook, chosen from the list or by its ID. */
export const webhookIdParameter: INodeProperties = {
	displayName: 'Webhook',
	name: 'webhookId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	description:
		'The Event Webhook. Its ID is a UUID such as 77d4a5da-7015-11ed-a1eb-0242ac120002; Get Many lists the IDs.',
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose a webhook',
			typeOptions: { searchListMethod: 'searchEventWebhooks', searchable: true },
		},
		{
			displayName: 'ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 77d4a5da-7015-11ed-a1eb-0242ac120002',
		},
	],
};

/**
 * The ID of the chosen webhook.
 *
 * @throws InvalidFieldError if it is empty: SendGrid would take the account's oldest webhook
 */
export function webhookIdOf(context: IExecuteFunctions, itemIndex: number): string {
	const remedy = 'Choose a webhook from the list or enter its ID.';
	return readRequiredText(context, itemIndex, webhookIdParameter, remedy);
}
