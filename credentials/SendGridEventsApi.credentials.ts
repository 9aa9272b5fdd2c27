import type {
	IAuthenticateRuleResponseSuccessBody,
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';
import { checkTarget, REGION_URLS, type SendGridCredentials } from '../nodes/SendGrid/api/baseUrl';

export class SendGridEventsApi implements ICredentialType {
	name = 'sendGridEventsApi';

	displayName = 'SendGrid Events API';

	icon = {
		light: 'file:../nodes/SendGrid/icons/sendgridEmail.svg',
		dark: 'file:../nodes/SendGrid/icons/sendgridEmail.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-sendgrid-events/n8n-nodes-sendgrid-events/blob/main/docs/sendgrid-setup.md';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			placeholder: 'SG.…',
			hint: 'In SendGrid: Settings > API Keys > Create API Key',
			description:
				'In SendGrid, open Settings > API Keys > Create API Key. Choose Full Access, or Custom Access with Mail Send and Mail Settings > Event Notification. A key with only Mail Send can send, but the trigger cannot make its webhook; with only Event Notification it is the other way round. The test of this credential passes with either; a node names the permission that it lacks.',
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
			description:
				'Where the account or subuser of the API key lives. If the test of this credential says ENOTFOUND, EAI_AGAIN, ECONNREFUSED or ETIMEDOUT, this n8n cannot reach the Internet: see whether a firewall is between and whether n8n needs a proxy (HTTPS_PROXY).',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			displayOptions: { show: { region: ['custom'] } },
			required: true,
			default: '',
			placeholder: 'e.g. https://sendgrid-gateway.example.com',
			description:
				'What stands before /v3 in the address of each call. If the test of this credential says ECONNREFUSED, nothing answers there; ENOTFOUND, the name is wrong or unknown to this n8n; ETIMEDOUT, it does not answer: check the address, and whether a firewall or proxy is between.',
		},
		{
			displayName: 'On Behalf Of',
			name: 'onBehalfOf',
			type: 'string',
			default: '',
			placeholder: 'e.g. subuser-name, or leave empty',
			description:
				"A subuser to act for with the API key of its parent account: its name, or <code>account-id 1234</code> for a customer account. Empty for the API key's own account. SendGrid sends no mail on behalf of a subuser: to send, use the API key of the subuser itself.",
		},
	];

	/** Also runs for n8n's HTTP Request node, whose options have other names for some things. */
	authenticate = async (
		credentials: ICredentialDataDecryptedObject,
		options: IHttpRequestOptions & { uri?: string; followRedirect?: boolean },
	): Promise<IHttpRequestOptions> => {
		const fields = credentials as unknown as SendGridCredentials;
		// Also refuses a base URL that is none: the credential's test would show only ERR_INVALID_URL.
		checkTarget(options, fields);
		const { apiKey, onBehalfOf = '' } = fields;
		options.headers = { ...options.headers, Authorization: `Bearer ${apiKey.trim()}` };
		// SendGrid never redirects, and n8n would send the API key along to any host.
		options.disableFollowRedirect = true;
		options.followRedirect = false;
		// SendGrid does not take the header on mail/send.
		const sendsMail =
			options.method === 'POST' && /\/v3\/mail\/send(?:[?#]|$)/.test(options.url ?? options.uri);
		if (onBehalfOf.trim() !== '' && !sendsMail) {
			options.headers['on-behalf-of'] = onBehalfOf.trim();
		}
		return options;
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: `={{ $credentials.region === "custom" ? $credentials.baseUrl.trim() : $credentials.region === "eu" ? "${REGION_URLS.eu}" : "${REGION_URLS.global}" }}`,
			url: '/v3/scopes',
			// SendGrid never redirects, and n8n would send the API key along to any host.
			disableFollowRedirect: true,
			// n8n 1.x takes no notice of rules about the status, so the rules are about the body.
			ignoreHttpStatusErrors: true,
		},
		rules: [
			...[
				'authorization required',
				'The provided authorization grant is invalid, expired, or revoked',
			].map((words) =>
				whenAnswerHas(
					'errors[0].message',
					words,
					'SendGrid does not accept this API key. In SendGrid, open Settings > API Keys and see whether the key still exists, or create a new one and paste it here. The key of an EU subuser needs the region EU.',
				),
			),
			whenAnswerHas(
				'errors[0].message',
				'access forbidden',
				'SendGrid refuses access with this API key. If On Behalf Of is filled in, see whether the name is right and the key is one of the parent account. If Settings > IP Access Management is on in SendGrid, allow the address of this n8n there.',
			),
			whenAnswerHas(
				'errors[0].message',
				'too many requests',
				"SendGrid's rate limit is used up. Wait a minute and try again.",
			),
			whenAnswerHas(
				'scopes',
				undefined,
				'SendGrid did not confirm this API key. See whether the key is right (in SendGrid, open Settings > API Keys) and, with the region Custom, whether the Base URL is: it is what stands before /v3, and redirects from there are not followed. If both are right, https://status.sendgrid.com tells about outages.',
			),
		],
	};
}

/** A rule of n8n: what the test reports when the answer has this value at `key`. */
function whenAnswerHas(
	key: string,
	value: string | undefined,
	message: string,
): IAuthenticateRuleResponseSuccessBody {
	return { type: 'responseSuccessBody', properties: { key, value, message } };
}
