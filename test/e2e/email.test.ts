import type { IDataObject, INode, INodeParameters } from 'n8n-workflow';
import { name as packageName } from '../../package.json';
import { DEFAULT_API_KEY, SendGridEmulator } from '../../emulator';
import { itemsOf, N8nClient, type Credential, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { chain, node, TRIGGER, triggerWorkflow, withCredential } from '../../scripts/n8n/workflow';

import { AGENT, startAgent } from './support/agent';
import { ChatModel } from './support/ChatModel';

const EMAIL = 'SendGrid Email';
const START = 'Start';

describe.each(n8nVersions)('SendGrid Email in n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;
	let credential: Credential;
	let events: Workflow;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start();
		n8n = await N8nInstance.start({
			version,
			// Without it, n8n 1 has no tools from packages of the community.
			env: { N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true' },
		});
		client = await N8nClient.setUpOwner(n8n.url);
		credential = await client.createCredential('Stand-in', 'sendGridEventsApi', {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: sendGrid.url,
		});
		events = await client.createWorkflow(
			triggerWorkflow('Events', credential, {
				events: ['processed', 'delivered', 'open', 'click', 'bounce'],
			}),
		);
		await client.activate(events.id);
	});

	afterAll(async () => {
		await n8n?.stop();
		await sendGrid?.stop();
	});

	test('stands in n8n beside its trigger', async () => {
		expect(await client.nodeTypes()).toEqual(
			expect.arrayContaining([
				'n8n-nodes-sendgrid-events.sendGridEmailTrigger',
				'n8n-nodes-sendgrid-events.sendGridEmail',
			]),
		);
	});

	/** Runs a workflow of a start, code that makes the items, and the email node. */
	async function send(
		parameters: INodeParameters,
		items: IDataObject[] = [{}],
		more?: Partial<INode>,
	) {
		const workflow = await client.createWorkflow(
			chain(
				'Sending',
				node(START, 'n8n-nodes-base.manualTrigger'),
				node(
					'Items',
					'n8n-nodes-base.code',
					{ jsCode: `return ${JSON.stringify(items)}.map((json) => ({ json }));` },
					{ typeVersion: 2 },
				),
				node(EMAIL, `${packageName}.sendGridEmail`, parameters, {
					...withCredential(credential),
					...more,
				}),
			),
		);
		await client.runWorkflow(workflow.id, START);
		const [execution] = await client.waitForExecutions(workflow.id, 1);
		return execution!;
	}

	/** The items of the trigger about these messages, once `count` have arrived. */
	async function eventsOf(messageIds: unknown[], count: number): Promise<IDataObject[]> {
		await sendGrid.idle();
		let arrived: IDataObject[] = [];
		for (let tries = 0; tries < 100 && arrived.length < count; tries++) {
			const executions = await client.waitForExecutions(events.id, 1);
			arrived = executions
				.flatMap((execution) => itemsOf(execution, TRIGGER))
				.filter(({ messageId }) => messageIds.includes(messageId));
		}
		return arrived;
	}

	test('sends a mail whose events carry its message id, custom args and categories', async () => {
		const execution = await send({
			from: 'Ann <ann@example.com>',
			to: 'Bob <bob@example.net>',
			subject: 'Hello',
			text: 'Hello Bob',
			html: '<p>Hello Bob, <a href="https://example.com/offer">look</a></p>',
			categories: 'welcome, spring',
			customArgs: { values: [{ name: 'contactId', value: '42' }] },
		});
		expect(execution.status).toBe('success');
		const [sent] = itemsOf(execution, EMAIL);
		expect(sent).toMatchObject({ accepted: true, to: ['bob@example.net'] });

		const arrived = await eventsOf([sent!.messageId], 4);
		expect(arrived.map(({ event }) => event).sort()).toEqual([
			'click',
			'delivered',
			'open',
			'processed',
		]);
		for (const item of arrived) {
			expect(item).toMatchObject({
				email: 'bob@example.net',
				messageId: sent!.messageId,
				customArgs: { contactId: '42' },
				categories: ['welcome', 'spring'],
			});
		}
		expect(arrived.find(({ event }) => event === 'click')!.url).toBe('https://example.com/offer');
	});

	test('sends many in one request, each alone, and tells their events apart', async () => {
		const items = ['cleo', 'bounce@dan', 'eve'].map((name, index) => ({
			address: name.includes('@') ? `${name}.example.net` : `${name}@example.net`,
			recordId: `record-${index}`,
		}));
		const execution = await send(
			{
				operation: 'sendMany',
				from: 'ann@example.com',
				to: '={{ $json.address }}',
				subject: 'News',
				text: 'Dear {{ address }}',
				customArgs: { values: [{ name: 'recordId', value: '={{ $json.recordId }}' }] },
			},
			items,
		);
		expect(execution.status).toBe('success');
		const sent = itemsOf(execution, EMAIL);
		expect(sent).toHaveLength(3);
		const requests = sendGrid.mails.filter(({ body }) => body.subject === 'News');
		expect(requests).toHaveLength(1);
		expect(requests[0]!.body.personalizations).toHaveLength(3);

		const arrived = await eventsOf(
			sent.map(({ messageId }) => messageId),
			3 * 2,
		);
		for (const { address, recordId } of items) {
			const ofAddress = arrived.filter(({ email }) => email === address);
			expect(ofAddress.length).toBeGreaterThan(1);
			expect(
				new Set(ofAddress.map(({ customArgs }) => (customArgs as IDataObject).recordId)),
			).toEqual(new Set([recordId]));
		}
		const bounces = arrived.filter(({ event }) => event === 'bounce');
		expect(bounces.map(({ customArgs }) => customArgs)).toEqual([{ recordId: 'record-1' }]);
	});

	test("shows SendGrid's refusal with the field it names", async () => {
		sendGrid.failNext('POST /v3/mail/send', {
			status: 403,
			body: {
				errors: [
					{
						message:
							'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.',
						field: 'from',
						help: null,
					},
				],
			},
		});
		const execution = await send({
			from: 'nobody@example.com',
			to: 'bob@example.net',
			subject: 'Hello',
			text: 'Hello',
		});
		expect(execution.status).toBe('error');
		const error = execution.data.resultData.error!;
		expect(`${error.message} ${String(error.description)}`).toMatch(/Sender Authentication/);
	});

	test('does as a tool what an AI agent says, each field with what was said for it', async () => {
		// The arguments are named as n8n's editor names them; see the unit test of these names.
		const left = (name: string) => `={{ $fromAI('${name}', '', 'string') }}`;
		const args = {
			To: 'Bob <bob@example.net>',
			Subject: 'Hello',
			HTML: '<p>Hello</p>',
			Footer_HTML: '<p>Example Inc.</p>',
			values0_Arg_Value: '42',
			values0_Header_Value: 'A-7',
		};
		const model = await ChatModel.start(args);
		try {
			const tool = node(
				'Send a mail',
				`${packageName}.sendGridEmailTool`,
				{
					from: 'ann@example.com',
					to: left('To'),
					subject: left('Subject'),
					html: left('HTML'),
					customArgs: { values: [{ name: 'contactId', value: left('values0_Arg_Value') }] },
					additionalFields: {
						headers: { values: [{ name: 'X-Order', value: left('values0_Header_Value') }] },
					},
					settings: { footer: { values: { enable: true, html: left('Footer_HTML') } } },
				},
				withCredential(credential),
			);
			const workflow = await startAgent(client, model.url, tool);
			const [execution] = await client.waitForExecutions(workflow.id, 1);
			expect(execution!.data.resultData.error).toBeUndefined();
			// The model repeats what the tool gave.
			expect(itemsOf(execution!, AGENT)[0]?.output).toMatch(/"accepted":\s*true/);
			expect(sendGrid.mails.at(-1)!.body).toMatchObject({
				subject: 'Hello',
				content: [{ type: 'text/html', value: '<p>Hello</p>' }],
				mail_settings: { footer: { html: '<p>Example Inc.</p>' } },
				personalizations: [
					{
						to: [{ email: 'bob@example.net', name: 'Bob' }],
						custom_args: { contactId: '42' },
						headers: { 'X-Order': 'A-7' },
					},
				],
			});
		} finally {
			await model.stop();
		}
	});

	test('keeps secrets out of the log', () => {
		n8n.assertLogFreeOf(DEFAULT_API_KEY);
	});
});
