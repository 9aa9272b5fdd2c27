import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RoutingNode } from 'n8n-core';
import type {
	IAuthenticateRuleResponseSuccessBody,
	ICredentialDataDecryptedObject,
	INodeExecutionData,
	INodeType,
} from 'n8n-workflow';
import { SendGridEventsApi } from '../../../credentials/SendGridEventsApi.credentials';
import { TestWorkflow } from '../support/n8nContexts';

const credentialType = new SendGridEventsApi();
const { request, rules } = credentialType.test;

/** The node n8n makes up to run a credential's test: its only property sends the test's request. */
const testingNode = {
	description: {
		displayName: 'Temp-Node',
		name: 'noOp',
		group: ['input'],
		version: 1,
		description: '',
		defaults: { name: 'Temp-Node' },
		inputs: ['main'],
		outputs: ['main'],
		webhooks: [],
		credentials: [{ name: credentialType.name, required: true }],
		properties: [
			{ displayName: 'Temp', name: 'temp', type: 'string', default: '', routing: { request } },
		],
	},
} as unknown as INodeType;

/**
 * Runs the credential's test as n8n's "Save" button does.
 *
 * @returns what n8n reports
 */
async function testCredential(data: ICredentialDataDecryptedObject): Promise<string> {
	const workflow = new TestWorkflow({ nodeType: testingNode, credentials: data });
	const routing = new RoutingNode(workflow.executeContext(), testingNode, {
		id: '1',
		name: 'SendGrid',
		type: credentialType.name,
		data,
	});
	try {
		const [[item]] = (await routing.runNode()) as [[INodeExecutionData]];
		const broken = (rules as IAuthenticateRuleResponseSuccessBody[]).find(
			({ properties: { key, value } }) => valueAt(item.json, key) === value,
		);
		return broken?.properties.message ?? 'OK';
	} catch (error) {
		// n8n shows the code of the cause, if it has one, in place of the message.
		const { message, cause } = error as Error & { cause?: { code?: string } };
		return cause?.code ?? message;
	}
}

/** Reads `errors[0].message` and the like, as n8n's rules do. */
function valueAt(json: unknown, key: string): unknown {
	return key
		.split(/[.[\]]+/)
		.reduce((value, part) => (value as Record<string, unknown> | undefined)?.[part], json);
}

describe('the test of the credential', () => {
	let server: Server;
	let baseUrl: string;
	let received: IncomingMessage[];
	let answer: { status: number; body: unknown };

	beforeEach(async () => {
		received = [];
		answer = { status: 200, body: { scopes: ['mail.send'] } };
		server = createServer((incoming, response) => {
			received.push(incoming);
			response.writeHead(answer.status, { 'Content-Type': 'application/json' });
			response.end(JSON.stringify(answer.body));
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	});

	afterEach(async () => {
		await new Promise((resolve) => server.close(resolve));
	});

	const valid = () => ({ apiKey: 'SG.key', region: 'custom', baseUrl, onBehalfOf: '' });

	it('asks for the scopes of the API key', async () => {
		expect(await testCredential(valid())).toBe('OK');
		expect(received).toHaveLength(1);
		expect(received[0]).toMatchObject({ method: 'GET', url: '/v3/scopes' });
		expect(received[0]?.headers.authorization).toBe('Bearer SG.key');
		expect(received[0]?.headers).not.toHaveProperty('on-behalf-of');
	});

	it('asks on behalf of the subuser', async () => {
		expect(await testCredential({ ...valid(), onBehalfOf: 'subuser-1' })).toBe('OK');
		expect(received[0]?.headers['on-behalf-of']).toBe('subuser-1');
	});

	it('forgives spaces and slashes that were pasted along', async () => {
		const pasted = { ...valid(), apiKey: ' SG.key\n', baseUrl: ` ${baseUrl}/ ` };
		expect(await testCredential(pasted)).toBe('OK');
		expect(received[0]).toMatchObject({ url: '/v3/scopes' });
		expect(received[0]?.headers.authorization).toBe('Bearer SG.key');
	});

	it.each([
		[401, 'authorization required', /does not accept this API key.*Settings > API Keys/],
		[
			401,
			'The provided authorization grant is invalid, expired, or revoked',
			/does not accept this API key.*Settings > API Keys/,
		],
		[403, 'access forbidden', /refuses access.*On Behalf Of.*IP Access Management/],
		[429, 'too many requests', /Wait a minute/],
		[404, 'not found', /did not confirm this API key.*Base URL/],
		[500, 'internal server error', /did not confirm this API key.*status\.sendgrid\.com/],
	])('explains %i "%s"', async (status, message, explanation) => {
		answer = { status, body: { errors: [{ field: null, message }] } };
		expect(await testCredential(valid())).toMatch(explanation);
	});

	it.each([{}, '<html>Welcome</html>', ''])(
		'does not take the answer %j of something else for a success',
		async (body) => {
			answer = { status: 200, body };
			expect(await testCredential(valid())).toMatch(/did not confirm.*Base URL/);
		},
	);

	it.each(['', 'localhost:3000', 'ftp://example.com', 'https://', 'https://example.com/?a=b'])(
		'explains what is wrong with the base URL "%s"',
		async (wrong) => {
			expect(await testCredential({ ...valid(), baseUrl: wrong })).toContain(
				`The base URL "${wrong}" is not valid`,
			);
			expect(received).toHaveLength(0);
		},
	);

	it('reports an error that the field Base URL explains if nothing answers', async () => {
		const field = credentialType.properties.find(({ name }) => name === 'baseUrl');
		const nobody = { ...valid(), baseUrl: 'http://127.0.0.1:1' };
		expect(await testCredential(nobody)).toBe('ECONNREFUSED');
		expect(field?.description).toContain('ECONNREFUSED, nothing answers there');
	});

	it('is content with a key that may only send, and its field says what that means', async () => {
		answer.body = { scopes: ['mail.send', 'sender_verification_eligible'] };
		expect(await testCredential(valid())).toBe('OK');
		const field = credentialType.properties.find(({ name }) => name === 'apiKey');
		expect(field?.description).toContain('A key with only Mail Send can send');
	});

	it('does not carry the API key to where a redirect points', async () => {
		const elsewhere: string[] = [];
		const other = createServer((incoming, response) => {
			elsewhere.push(String(incoming.headers.authorization));
			response.end('{}');
		});
		await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
		const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
		server.removeAllListeners('request').on('request', (_incoming, response) => {
			response.writeHead(302, { Location: location }).end();
		});
		expect(await testCredential(valid())).toContain('redirects from there are not followed');
		await new Promise((resolve) => other.close(resolve));
		expect(elsewhere).toEqual([]);
	});
});

describe('the API key', () => {
	const credentials = { apiKey: 'SG.key', region: 'global', baseUrl: '', onBehalfOf: '' };

	it('is not added to a request that a workflow sends elsewhere', async () => {
		const workflow = new TestWorkflow({ nodeType: testingNode, credentials });
		const context = workflow.executeContext();
		const elsewhere: string[] = [];
		const server = createServer((incoming, response) => {
			elsewhere.push(String(incoming.headers.authorization));
			response.end('{}');
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
		const { httpRequestWithAuthentication, requestWithAuthentication } = context.helpers;
		await expect(
			httpRequestWithAuthentication.call(context, credentialType.name, { url }),
		).rejects.toThrow('Use this credential for SendGrid only');
		// The helper of n8n's HTTP Request node.
		await expect(
			requestWithAuthentication.call(context, credentialType.name, { uri: url }),
		).rejects.toThrow('Use this credential for SendGrid only');
		await new Promise((resolve) => server.close(resolve));
		expect(elsewhere).toEqual([]);
	});

	it('follows no redirect', async () => {
		const url = 'https://api.sendgrid.com/v3/scopes';
		expect(await credentialType.authenticate(credentials, { url })).toMatchObject({
			headers: { Authorization: 'Bearer SG.key' },
			disableFollowRedirect: true,
			followRedirect: false,
		});
	});
});

describe('the regions', () => {
	const workflow = new TestWorkflow({ nodeType: testingNode });
	const baseUrlFor = (credentials: object) =>
		workflow.workflow.expression.getSimpleParameterValue(
			workflow.node,
			request.baseURL,
			'internal',
			{ $credentials: credentials } as never,
		);

	it.each([
		[{ region: 'global', baseUrl: 'https://ignored.example.com' }, 'https://api.sendgrid.com'],
		[{ region: 'eu', baseUrl: '' }, 'https://api.eu.sendgrid.com'],
		[
			{ region: 'custom', baseUrl: 'https://gateway.example.com/x' },
			'https://gateway.example.com/x',
		],
	])('%o is at %s', (credentials, expected) => {
		expect(baseUrlFor(credentials)).toBe(expected);
	});
});
