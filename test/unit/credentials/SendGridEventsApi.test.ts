import type { IHttpRequestOptions } from 'n8n-workflow';
import { SendGridEventsApi } from '../../../credentials/SendGridEventsApi.credentials';

const credentialType = new SendGridEventsApi();

const credentials = { apiKey: 'SG.key', region: 'global', baseUrl: '', onBehalfOf: '' };
const subuser = { ...credentials, onBehalfOf: 'acme' };

async function headersOf(
	options: Partial<IHttpRequestOptions> & { uri?: string },
	fields: typeof credentials = credentials,
) {
	const request = { method: 'GET', ...options } as IHttpRequestOptions;
	return (await credentialType.authenticate(fields, request)).headers;
}

describe('the credential authenticates', () => {
	const url = 'https://api.sendgrid.com/v3/templates';

	it('with the API key', async () => {
		expect(await headersOf({ url })).toEqual({ Authorization: 'Bearer SG.key' });
	});

	it('and keeps the headers there are', async () => {
		expect(await headersOf({ url, headers: { 'X-Mine': '1' } })).toEqual({
			'X-Mine': '1',
			Authorization: 'Bearer SG.key',
		});
	});

	it.each(['acme', 'account-id 1234'])('on behalf of "%s"', async (onBehalfOf) => {
		const fields = { ...credentials, onBehalfOf };
		expect(await headersOf({ url }, fields)).toMatchObject({ 'on-behalf-of': onBehalfOf });
	});

	it.each(['', '  '])('on behalf of nobody if the field is "%s"', async (onBehalfOf) => {
		const fields = { ...credentials, onBehalfOf };
		expect(await headersOf({ url }, fields)).not.toHaveProperty('on-behalf-of');
	});

	it.each<[string, Partial<IHttpRequestOptions> & { uri?: string }]>([
		['our nodes', { url: 'https://api.sendgrid.com/v3/mail/send' }],
		['a base URL apart', { baseURL: 'https://api.sendgrid.com', url: '/v3/mail/send' }],
		["n8n's HTTP Request node", { uri: 'https://api.sendgrid.com/v3/mail/send?x=1' }],
	])('a sending of mail by %s without the subuser', async (_case, options) => {
		const headers = await headersOf({ ...options, method: 'POST' }, subuser);
		expect(headers).toEqual({ Authorization: 'Bearer SG.key' });
	});

	it('a sending of mail by a gateway without the subuser', async () => {
		const baseUrl = 'https://gateway.example.com/sendgrid';
		const options = { method: 'POST', url: `${baseUrl}/v3/mail/send` } as const;
		const headers = await headersOf(options, { ...subuser, region: 'custom', baseUrl });
		expect(headers).toEqual({ Authorization: 'Bearer SG.key' });
	});

	it.each([
		'https://api.sendgrid.com/v3/mail/batch',
		'https://api.sendgrid.com/v3/mail/sendings',
		'https://api.sendgrid.com/v3/templates?back=/v3/mail',
	])('POST %s with the subuser', async (other) => {
		const headers = await headersOf({ url: other, method: 'POST' }, subuser);
		expect(headers).toHaveProperty('on-behalf-of', 'acme');
	});
});
