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
import { answerPost } from './trigger/answerPost';
import { OUTPUTS_EXPRESSION } from './trigger/outputs';
import { readRegistrationParameters } from './trigger/parameters';
import { responseModeField, triggerProperties } from './trigger/properties';
import {
	checkRegistration,
	register,
	unregister,
	type OnRepaired,
} from './trigger/registration/registration';
import { stateOf } from './trigger/triggerState';

/** Has repairs of the webhook told with the next post. */
function repairsOf(context: IHookFunctions): OnRepaired {
	return (change) => {
		const now = Date.now();
		stateOf(context, now).log.happened('webhookRepaired', now, change);
	};
}

export class SendGridEmailTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'SendGrid Email Trigger',
		name: 'sendGridEmailTrigger',
		icon: { light: 'file:icons/sendgridEvents.svg', dark: 'file:icons/sendgridEvents.dark.svg' },
		group: ['trigger'],
		// Both the same: for webhooks of nodes of version 1, n8n evaluates an expression of its own on
		// each post, which costs a few milliseconds.
		version: [1, 2],
		subtitle: '={{[$parameter["events"]].flat().join(", ").replaceAll("_", " ")}}',
		description: 'Starts the workflow when SendGrid reports an open, click, bounce or other event',
		eventTriggerDescription:
			'Automatic setup: the sample events of SendGrid come by themselves. If they do not, see whether SendGrid can reach the address of this n8n. Manual setup: nothing comes here, since SendGrid posts to the Production URL; publish the workflow and click Test Integration in SendGrid.',
		defaults: { name: 'SendGrid Email Trigger' },
		inputs: [],
		outputs: OUTPUTS_EXPRESSION,
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
					'<b>Automatic setup:</b> click <b>Execute step</b> to see the sample events of SendGrid, or, with the option <b>Sample Events When Testing</b> off, to wait two minutes for a real one. Nothing comes? SendGrid must reach this n8n at the address under <b>Webhook URLs</b>.<br><br><b>Manual setup:</b> nothing comes here, since SendGrid posts to the Production URL. Publish the workflow, click <b>Test Integration</b> in SendGrid, and look under <b>Executions</b>.<br><br>What was refused, and why, is in the log of n8n.',
				active:
					'Real events start the published workflow: find them under <b>Executions</b>, not here. In automatic setup, <b>Execute step</b> shows the sample events of SendGrid; in manual setup, <b>Test Integration</b> in SendGrid posts them to the published workflow. Nothing comes? SendGrid must reach this n8n at the address under <b>Webhook URLs</b>. What was refused, and why, is in the log of n8n.',
			},
			activationHint: {
				inactive:
					'In automatic setup, SendGrid posts its sample events here at once. In manual setup, publish the workflow first, then click Test Integration in SendGrid.',
				active: 'Real events start the published workflow. They are listed under Executions.',
			},
		},
		properties: triggerProperties,
	};

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return await checkRegistration(this, readRegistrationParameters(this), repairsOf(this));
			},
			async create(this: IHookFunctions): Promise<boolean> {
				return await register(this, readRegistrationParameters(this), repairsOf(this));
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return await unregister(this, readRegistrationParameters(this));
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await answerPost(this);
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await emitEvents(this);
	}
}
