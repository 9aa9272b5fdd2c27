import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';
import { REGION_URLS } from '../nodes/SendGrid/api/baseUrl';

export class SendGridEventsApi implements ICredentialType {
	name = 'sendGridEventsApi';

	displayName = 'SendGrid Events API';

	icon = {
		light: 'file:../nodes/SendGrid/icons/sendgridEvents.svg',
		dark: 'file:../nodes/SendGrid/icons/sendgridEvents.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-sendgrid-events/n8n-nodes-sendgrid-events#credential';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description:
				'In SendGrid, open Settings > API Keys > Create API Key. Choose Full Access, or Custom Access with Mail Send and Mail Settings > Event Notification.',
		},
		{
			displayName: 'Region',
			name: 'region',
			type: 'options',
			options: [
				{ name: 'Global', value: 'global', description: 'Nearly all accounts' },
				{ name: 'EU', value: 'eu', description: 'EU subusers: their keys work only there' },
				{ name: 'Custom', value: 'custom', description: 'A gateway or a test server' },
			],
			default: 'global',
			description: 'Where the account or subuser of the API key is at home',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			displayOptions: { show: { region: ['custom'] } },
			required: true,
			default: '',
			placeholder: 'https://sendgrid-gateway.example.com',
			description:
				'What stands before /v3 in the address of each call. If the test of this credential says ECONNREFUSED, nothing answers there; ENOTFOUND, the name is wrong or unknown to this n8n: check the address, and whether a firewall or proxy is between.',
		},
		{
			displayName: 'On Behalf Of',
			name: 'onBehalfOf',
			type: 'string',
			default: '',
			placeholder: 'subuser-name',
			description:
				"A subuser to act for with the API key of its parent account: its name, or account-ID followed by a space and the ID of a customer account. Empty for the API key's own account. SendGrid sends no mail on behalf of a subuser: to send, use the API key of the subuser itself.",
		},
	];

	/** Also runs for n8n's HTTP Request node, whose options name the URL `uri`. */
	authenticate = async (
		credentials: ICredentialDataDecryptedObject,
		options: IHttpRequestOptions & { uri?: string },
	): Promise<IHttpRequestOptions> => {
		options.headers = {
			...options.headers,
			Authorization: `Bearer ${String(credentials.apiKey).trim()}`,
		};
		const onBehalfOf = String(credentials.onBehalfOf ?? '').trim();
		const { pathname } = new URL(options.url ?? options.uri, options.baseURL);
		const sendsMail = options.method === 'POST' && pathname.endsWith('/v3/mail/send');
		// SendGrid refuses the header on mail/send.
		if (onBehalfOf !== '' && !sendsMail) options.headers['on-behalf-of'] = onBehalfOf;
		return options;
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: `={{ ({ eu: "${REGION_URLS.eu}", custom: $credentials.baseUrl })[$credentials.region] || "${REGION_URLS.global}" }}`,
			url: '/v3/scopes',
			// SendGrid never redirects, and n8n would send the API key along to any host.
			disableFollowRedirect: true,
		},
		rules: [],
	};
}
