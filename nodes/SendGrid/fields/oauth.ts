import type { INodeProperties } from 'n8n-workflow';

/** The three values that SendGrid wants together to fetch a token for each of its posts. */
export const oauthField = (description: string): INodeProperties => ({
	displayName: 'OAuth',
	name: 'oauth',
	type: 'fixedCollection',
	placeholder: 'Add OAuth',
	default: {},
	description,
	options: [
		{
			name: 'client',
			displayName: 'OAuth Client',
			values: [
				{
					displayName: 'Client ID',
					name: 'id',
					type: 'string',
					default: '',
					placeholder: 'e.g. sendgrid-events',
					description: 'What SendGrid calls itself when it asks for a token',
				},
				{
					displayName: 'Client Secret',
					name: 'secret',
					type: 'string',
					typeOptions: { password: true },
					default: '',
					placeholder: 'e.g. 335a9b0c65324fd2',
					description: 'The password that goes with the client ID. SendGrid never shows it again.',
				},
				{
					displayName: 'Token URL',
					name: 'url',
					type: 'string',
					default: '',
					placeholder: 'e.g. https://auth.example.com/oauth/token',
					description: 'Where SendGrid asks for a token',
				},
			],
		},
	],
});
