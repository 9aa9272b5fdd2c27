import {
	type IExecuteFunctions,
	type IHookFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import { emitEvents } from './trigger/emit';
import { OUTPUTS_EXPRESSION, responseModeField, triggerProperties } from './trigger/properties';
import { receivePost } from './trigger/receive';
import { checkRegistration, register, unregister } from './webhook/registration';

export class SendGridTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'SendGrid Trigger',
		name: 'sendGridTrigger',
		icon: { light: 'file:icons/sendgridEvents.svg', dark: 'file:icons/sendgridEvents.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{[$parameter["events"]].flat().join(", ")}}',
		description: 'Starts the workflow when a mail is opened, clicked, bounces and so on',
		defaults: { name: 'SendGrid Trigger' },
		inputs: [],
		outputs: OUTPUTS_EXPRESSION as INodeTypeDescription['outputs'],
		credentials: [
			{
				name: 'sendGridEventsApi',
				required: true,
				displayOptions: { show: { setup: ['automatic'] } },
			},
		],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				path: 'events',
				...responseModeField,
				responseData: 'noData',
			},
		],
		triggerPanel: {
			header: 'See what SendGrid sends',
			executionsHelp: {
				inactive:
					'Click <b>Execute step</b>: SendGrid is asked for its sample events, which show here at once. To wait for a real event instead, switch off the option "Send Sample Events When Testing". Nothing arrives? The address of your n8n must be reachable from the internet.',
				active:
					"Click <b>Execute step</b> to see SendGrid's sample events here. Real events start the published workflow; find them under <b>Executions</b>.",
			},
			activationHint:
				'Publish the workflow: from then on each event starts it, and SendGrid needs no further setup.',
		},
		properties: triggerProperties,
	};

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return await checkRegistration(this);
			},
			async create(this: IHookFunctions): Promise<boolean> {
				return await register(this);
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return await unregister(this);
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receivePost(this);
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await emitEvents(this);
	}
}
