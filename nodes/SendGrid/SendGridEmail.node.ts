import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import { getContactFields } from './fields/contactFields';
import {
	getContactLists,
	getUnsubscribeGroups,
	searchContactLists,
	searchEventWebhooks,
	searchIpPools,
	searchTemplates,
	searchUnsubscribeGroups,
	searchVerifiedSenders,
} from './fields/locators';
import { answerWaiting, WAIT_WEBHOOKS } from './actions/email/sendAndWait/answerWaiting';
import { distributeOutcomes, OUTPUTS_EXPRESSION } from './actions/email/sendAndWait/outcomes';
import { getTemplateFields } from './actions/email/templateFields';
import { describeResource, runOperation } from './actions/operation';
import { RESOURCES } from './actions/resources';

export class SendGridEmail implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'SendGrid Email',
		name: 'sendGridEmail',
		icon: { light: 'file:icons/sendgridEmail.svg', dark: 'file:icons/sendgridEmail.dark.svg' },
		group: ['output'],
		version: [1],
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Send email with SendGrid, to one or to thousands, and manage what belongs to it',
		defaults: { name: 'SendGrid Email' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS_EXPRESSION as INodeTypeDescription['outputs'],
		credentials: [{ name: 'sendGridEventsApi', required: true }],
		waitingNodeTooltip: 'Waiting for an event of the mail, or for its answer',
		webhooks: WAIT_WEBHOOKS,
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				noDataExpression: true,
				options: RESOURCES.map(({ option }) => option),
				default: 'email',
			},
			...RESOURCES.flatMap(describeResource),
		],
	};

	methods = {
		listSearch: {
			searchContactLists,
			searchEventWebhooks,
			searchIpPools,
			searchTemplates,
			searchUnsubscribeGroups,
			searchVerifiedSenders,
		},
		loadOptions: { getContactLists, getUnsubscribeGroups },
		resourceMapping: { getContactFields, getTemplateFields },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return distributeOutcomes(this.getNode(), await runOperation(this, RESOURCES));
	}

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await answerWaiting(this);
	}
}
