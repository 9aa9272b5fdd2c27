import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type {
	IDataObject,
	INode,
	INodeParameters,
	INodeProperties,
	INodePropertyCollection,
} from 'n8n-workflow';
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

/** The resources of n8n's own node. */
const RESOURCES_OF_N8N: Record<string, string> = {
	contact: 'Contact',
	list: 'List',
	mail: 'Email',
};

/** The labels of all fields, those within groups included. */
function fieldsOf(properties: INodeProperties[]): string[] {
	return properties.flatMap(({ type, displayName, options = [] }) => {
		if (type === 'collection') return fieldsOf(options as INodeProperties[]);
		if (type !== 'fixedCollection') return [displayName];
		const groups = options as INodePropertyCollection[];
		return [displayName, ...groups.flatMap(({ values }) => fieldsOf(values))];
	});
}

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
		expect((await client.nodeTypes()).map(({ name }) => name)).toEqual(
			expect.arrayContaining([
				'n8n-nodes-sendgrid-events.sendGridEmailTrigger',
				'n8n-nodes-sendgrid-events.sendGridEmail',
			]),
		);
	});

	test("finds every operation and field of n8n's own node on the page for those who come from it", async () => {
		const page = await readFile(
			path.resolve(__dirname, '../../docs/migrating-from-the-sendgrid-node.md'),
			'utf8',
		);
		const ofN8n = [...page.matchAll(/^\|(.*?)\|/gm)].map(([, cell]) => cell).join('\n');
		const { properties } = (await client.nodeTypes()).find(
			({ name }) => name === 'n8n-nodes-base.sendGrid',
		)!;
		const selectors = ['resource', 'operation'];
		const operations = properties
			.filter(({ name }) => name === 'operation')
			.flatMap(({ displayOptions, options }) => {
				const [resource] = displayOptions!.show!.resource as [string];
				return options!.map(({ name }) =>
					// n8n adds it to all of its nodes.
					name === 'Custom API Call' ? name : `${RESOURCES_OF_N8N[resource]!}: ${name}`,
				);
			});
		const named = [
			...operations,
			...fieldsOf(properties.filter(({ name }) => !selectors.includes(name))),
		];
		expect(named.length).toBeGreaterThan(50);
		expect(named.filter((name) => !ofN8n.includes(name))).toEqual([]);
	});

	/** Runs a workflow of a start, code that makes the items, and the email node. */
	async function run(
		parameters: INodeParameters,
		items: IDataObject[] = [{}],
		more?: Partial<INode>,
	) {
		const workflow = await client.createWorkflow(
			chain(
				'SendGrid Email',
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
		const execution = await run({
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
		const execution = await run(
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
		const execution = await run({
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

	test('imports contacts by a mapping, finds them, reads their file, and deletes them', async () => {
		const book = sendGrid.account().contactBook;
		book.addCustomField('plan');
		book.addCustomField('orders', 'Number');
		// SendGrid works on contacts in the background.
		book.pendingReads = 1;
		const results = async (
			resource: string,
			operation: string,
			parameters: INodeParameters,
			items?: IDataObject[],
		) => {
			const execution = await run({ resource, operation, ...parameters }, items);
			expect(execution.data.resultData.error).toBeUndefined();
			return itemsOf(execution, EMAIL);
		};
		const people = [
			{ address: 'Ann@example.com', name: 'Ann', plan: 'pro', orders: 7 },
			{ address: 'bob@example.com', name: 'Bob', plan: 'free', orders: 0 },
			{ address: 'cleo@example.com', name: 'Cleo', plan: 'pro', orders: 1 },
		];

		const [list] = await results('list', 'create', { name: 'Newsletter' });
		const listId = { __rl: true, mode: 'id', value: list!.id as string };
		// What the editor asks for and saves beside the values of the mapping.
		const { fields: schema } = await client.request<{ fields: Array<{ id: string }> }>(
			'POST',
			'/dynamic-node-parameters/resource-mapper-fields',
			{
				path: 'parameters.fields',
				methodName: 'getContactFields',
				nodeTypeAndVersion: { name: `${packageName}.sendGridEmail`, version: 1 },
				currentNodeParameters: { resource: 'contact', operation: 'upsert' },
				...withCredential(credential),
			},
		);
		expect(schema.map(({ id }) => id)).toEqual(
			expect.arrayContaining(['first_name', 'plan', 'orders']),
		);
		const fields = {
			mappingMode: 'defineBelow',
			matchingColumns: [],
			schema,
			value: {
				first_name: '={{ $json.name }}',
				plan: '={{ $json.plan }}',
				orders: '={{ $json.orders }}',
			},
		} as unknown as INodeParameters;
		const imported = await results(
			'contact',
			'upsert',
			{ email: '={{ $json.address }}', listIds: [list!.id as string], fields, wait: true },
			people,
		);
		expect(imported).toMatchObject(
			people.map(({ address }) => ({
				email: address.toLowerCase(),
				contactId: book.byEmail(address)!.id,
				job: { status: 'completed', createdCount: 3 },
			})),
		);

		const query = "plan = 'pro' AND orders > 5";
		const found = await results('contact', 'search', { query });
		expect(found).toMatchObject([
			{ email: 'ann@example.com', firstName: 'Ann', customFields: { plan: 'pro', orders: 7 } },
		]);

		await results('list', 'removeContacts', { listId, contacts: 'bob@example.com', wait: true });
		// More than the newest come as a file, packed with gzip, once SendGrid has made it.
		const onList = { returnAll: true, listIds: [list!.id as string] };
		const exported = await results('contact', 'getAll', onList);
		expect(exported.map(({ email }) => email).sort()).toEqual([
			'ann@example.com',
			'cleo@example.com',
		]);
		expect(exported).toContainEqual(expect.objectContaining(found[0]!));

		expect(await results('list', 'delete', { listId })).toMatchObject([{ deleted: true }]);
		expect(await results('list', 'getAll', { returnAll: true })).toEqual([]);
		await results('contact', 'delete', {
			contacts: people.map(({ address }) => address).join(', '),
			wait: true,
		});
		expect(await results('contact', 'getAll', {})).toEqual([]);
		expect(book.contacts.size).toBe(0);
	});

	test('keeps secrets out of the log', () => {
		n8n.assertLogFreeOf(DEFAULT_API_KEY);
	});
});
