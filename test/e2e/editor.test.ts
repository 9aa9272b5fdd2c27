import path from 'node:path';
import { DEFAULT_API_KEY, SendGridEmulator, sampleEvent, type Webhook } from '../../emulator';
import { NodeHelpers, type INodeParameters } from 'n8n-workflow';
import { RESOURCES } from '../../nodes/SendGrid/actions/resources';
import { SendGridEmail } from '../../nodes/SendGrid/SendGridEmail.node';
import { AGENT, createAgent } from './support/agent';
import { ChatModel } from './support/ChatModel';
import { Editor } from './support/Editor';
import {
	itemsOf,
	N8nClient,
	type Credential,
	type ExecutionSummary,
	type Workflow,
} from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions, runtime } from '../../scripts/n8n/runtime';
import { chain, EMAIL_TYPE, node, TRIGGER_TYPE, withCredential } from '../../scripts/n8n/workflow';
import { readExample } from '../support/examples';

const [newest] = n8nVersions;
const PACKAGE = 'n8n-nodes-sendgrid-events.';
const emailNode = new SendGridEmail().description;

/** What people look for. */
const WORDS = [
	'send grid',
	'email opened',
	'click',
	'bounce',
	'delivered',
	'spam report',
	'webhook',
	'sendgrid',
];

/** The names of the fields of an operation that are required and empty at first. */
function requiredFields(resource: unknown, operation: unknown): string[] {
	const { properties } = emailNode;
	const values = { resource, operation } as INodeParameters;
	const parameters = NodeHelpers.getNodeParameters(
		properties,
		values,
		true,
		false,
		null,
		emailNode,
	);
	const shown = { ...node('Email', EMAIL_TYPE), parameters: parameters! };
	const issues = NodeHelpers.getNodeParametersIssues(properties, shown, emailNode);
	return Object.keys(issues?.parameters ?? {});
}

/** n8n makes the webhook in SendGrid a moment before it takes posts itself. */
const PATIENTLY = { retryDelaysMs: [500, 1000, 2000, 4000, 8000] };

/** scripts/lib/programs.ts says so, and how to get one, when there is no browser. */
const describeInBrowser = runtime.browser ? describe : describe.skip;

// One walk, step by step, as somebody takes it who has just installed the package.
describeInBrowser.each(n8nVersions)('the editor of n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;
	let editor: Editor;
	/** That of the published workflow. */
	let webhook: Webhook | undefined;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({ mailEvents: false });
		n8n = await N8nInstance.start({ version });
		client = await N8nClient.setUpOwner(n8n.url);
		const takesPictures = version === newest;
		editor = await Editor.open(runtime.browser!, n8n.url, { version, takesPictures });
	});

	afterAll(async () => {
		await editor?.close();
		await n8n?.stop();
		await sendGrid?.stop();
	});

	const step = (name: string, work: () => Promise<void>) =>
		test(name, async () => await editor.step(work));

	/** n8n 1 offers community nodes as tools only if told so. */
	const stepOfNewest = (name: string, work: () => Promise<void>) => {
		if (version === newest) step(name, work);
	};

	const typeVersionsOf = ({ nodes }: Workflow) =>
		nodes.filter(({ type }) => type === TRIGGER_TYPE).map(({ typeVersion }) => typeVersion);

	async function savedWorkflow(): Promise<Workflow> {
		const [, id] = /\/workflow\/([^/?]+)/.exec(editor.page.url())!;
		return await client.getWorkflow(id!);
	}

	/** The workflow in the README's picture, without its note. */
	async function showcase(): Promise<Workflow> {
		const { nodes, ...rest } = await readExample('follow-up-on-mail');
		const withoutNote = nodes.filter(({ type }) => type !== 'n8n-nodes-base.stickyNote');
		const { id } = await client.createWorkflow({ ...rest, nodes: withoutNote });
		// n8n finds the credential when the workflow is saved; n8n 1 only when it is saved again.
		return await client.updateWorkflow(id, {});
	}

	step('finds one entry for both nodes by whatever people look for', async () => {
		await editor.newWorkflow();
		await editor.openNodeList();
		for (const words of WORDS) {
			await editor.searchNodes(words);
			await editor.listedNode(EMAIL_TYPE).waitFor();
			expect(await editor.listedNode(PACKAGE).count()).toBe(1);
		}
		await editor.picture('find-the-nodes');
	});

	step('offers a trigger for each event type, and chooses that type', async () => {
		await editor.listedNode(EMAIL_TYPE).click();
		for (const kind of ['Triggers', 'Actions']) {
			await editor.page
				.getByText(new RegExp(`^${kind} `))
				.first()
				.waitFor();
		}
		await editor.chooseAction('On open');
		await editor.parameter('events').getByText('Open', { exact: true }).waitFor();
		expect(await editor.parameter('events').innerText()).not.toMatch(/Click|Bounce/);
	});

	step('says in plain words that a key is wrong, and takes the right one', async () => {
		await editor.openNewCredential();
		const dialog = editor.credentialDialog;
		await dialog.getByText('In SendGrid: Settings > API Keys > Create API Key').waitFor();
		await editor.picture('credential');

		await editor.fill('apiKey', 'SG.wrong');
		await editor.choose('region', 'Custom');
		await editor.fill('baseUrl', sendGrid.url);
		await editor.saveCredential();
		await dialog.getByText('More details').click();
		await dialog.getByText('SendGrid does not accept this API key.').waitFor();
		await editor.picture('wrong-key');

		await editor.fill('apiKey', DEFAULT_API_KEY);
		await editor.saveCredential();
		await editor.credentialIsGood();
	});

	step('shows the sample events of SendGrid while listening', async () => {
		await editor.choose('events', 'Click', 'Bounce');
		await editor.choose('output', 'One per Event Type');
		await editor
			.part('ndv')
			.getByText('In automatic setup, SendGrid posts its sample events here at once.')
			.waitFor();

		await editor.executeStep();
		for (const output of ['Open', 'Click', 'Bounce']) {
			await editor.output.getByText(`${output} Branch (1 item)`).waitFor();
		}
		await editor.output.getByText('example@test.com').first().waitFor();
		await editor.picture('sample-events');
		await editor.closeNode();
	});

	step('names the outputs after the event types', async () => {
		const trigger = editor.part('canvas-node');
		await trigger.getByText('open, click, bounce', { exact: true }).waitFor();
		const outputs = editor.part('canvas-node-output-handle');
		expect(await outputs.allInnerTexts()).toEqual([
			expect.stringContaining('Open'),
			expect.stringContaining('Click'),
			expect.stringContaining('Bounce'),
		]);
		await editor.picture('one-output-per-event-type');
	});

	step('sends an email about an event', async () => {
		await editor.openNodeListAfter(2);
		await editor.searchNodes('sendgrid email');
		await editor.listedNode(EMAIL_TYPE).click();
		await editor.chooseAction('Send an email');
		await editor.fill('from', 'Alerts <alerts@example.com>');
		await editor.fill('to', 'team@example.com');
		await editor.fillExpression(
			'subject',
			'{{ $json.email }} has bounced',
			'example@test.com has bounced',
		);
		await editor.fill('text', 'Look for another address.');

		await editor.executeStep();
		await editor.output.getByText('accepted').waitFor();
		const [mail] = sendGrid.mails;
		expect(await editor.output.innerText()).toContain(mail!.messageId);
		expect(mail!.body).toMatchObject({
			from: { email: 'alerts@example.com', name: 'Alerts' },
			subject: 'example@test.com has bounced',
		});
		await editor.picture('send-an-email');
		await editor.closeNode();
	});

	step('is started by events once it is published', async () => {
		await editor.publish();
		const { id } = await savedWorkflow();
		// Publishing goes on after the editor's answer, and the webhook of the run by hand may still stand.
		await editor.eventually(async () => {
			webhook = sendGrid.webhooks.find(({ url }) => !url.includes('/webhook-test/'));
			expect(webhook).toMatchObject({ enabled: true, open: true, click: true, bounce: true });
		});

		const bounce = sampleEvent('bounce', { email: 'bob@example.com' });
		const [attempt] = await sendGrid.postEvents(webhook!.id, [bounce], PATIENTLY);
		expect(attempt).toMatchObject({ status: 200 });
		await client.waitForExecutions(id, 3);
		expect(sendGrid.mails.at(-1)!.body.subject).toBe('bob@example.com has bounced');
		expect(typeVersionsOf(await savedWorkflow())).toContain(2);
	});

	step('shows the execution that an event has started', async () => {
		const { id } = await savedWorkflow();
		await editor.openExecutions();
		const [{ id: started }] = (await client.executions(id)) as [ExecutionSummary];
		await editor.part(`execution-details-${started}`).click();
		await editor.part(`execution-preview-details-${started}`).getByText('Succeeded').waitFor();
		await editor.picture('execution');
	});

	step('opens an execution of 1,000 events, and goes through them to the last', async () => {
		const { id } = await savedWorkflow();
		const events = Array.from({ length: 1000 }, (_, index) =>
			sampleEvent('open', { email: `reader-${index + 1}@example.com` }),
		);
		const [attempt] = await sendGrid.postEvents(webhook!.id, events, PATIENTLY);
		expect(attempt).toMatchObject({ status: 200 });
		const execution = (await client.waitForExecutions(id, 4)).at(-1)!;
		const output = await editor.openExecutedNode(id, execution.id, 'SendGrid Email Trigger');
		// No more than n8n shows without asking first.
		await output.getByText('reader-1@example.com').waitFor();
		await editor.openLastPage(output, events.length);
		const last = output.getByText('reader-1000@example.com');
		await last.scrollIntoViewIfNeeded();
		expect(await last.isVisible()).toBe(true);
	});

	step('shows what to do in SendGrid when the setup is manual', async () => {
		await editor.newWorkflow();
		await editor.openNodeList();
		await editor.searchNodes('bounce');
		await editor.listedNode(EMAIL_TYPE).click();
		await editor.chooseAction('On bounce');
		await editor.choose('setup', 'Manual');
		await editor.part('ndv').getByText('copy its Verification Key to the field below').waitFor();
		await editor.part('ndv').getByText('6. In SendGrid, click Test Integration').waitFor();
		await editor.part('ndv').getByText('In manual setup, publish the workflow first').waitFor();
		await editor.page.getByText('Webhook URLs', { exact: true }).click();
		await editor.page.getByText('Production URL', { exact: true }).click();
		await editor
			.part('ndv')
			.getByText(/\/webhook\/[^/]+\/events$/)
			.waitFor();
		expect(await editor.page.getByText('Connect to SendGrid Events').count()).toBe(0);
		await editor.picture('manual-setup');
	});

	step('moves no wire when event types are added and removed', async () => {
		const { id } = await showcase();
		await editor.openWorkflow(id);
		const before = (await client.getWorkflow(id)).connections;
		const trigger = editor.part('canvas-node').first();
		/** Clicks these in the list, and waits until just those events are saved. */
		const edit = async (clicked: string[], events: string[]) => {
			await trigger.dblclick();
			await editor.choose('events', ...clicked);
			await editor.closeNode();
			await editor.page.keyboard.press('Control+s');
			await editor.eventually(async () => {
				const { nodes } = await client.getWorkflow(id);
				const { parameters } = nodes.find(({ type }) => type === TRIGGER_TYPE)!;
				expect([...(parameters.events as string[])].sort()).toEqual(events);
			});
			expect((await client.getWorkflow(id)).connections).toEqual(before);
		};

		await edit(['Open', 'Spam Report'], ['bounce', 'click', 'delivered', 'spamreport']);
		const labels = await editor.part('canvas-node-output-handle').allInnerTexts();
		const shown = ['Open (off)', 'Click', 'Bounce', 'Delivered', 'Dropped (off)', 'Spam Report'];
		expect(labels.slice(0, shown.length)).toEqual(
			shown.map((label) => expect.stringContaining(label) as string),
		);
		await editor.picture('fixed-outputs');
		await edit(['Spam Report', 'Open'], ['bounce', 'click', 'delivered', 'open']);
	});

	step('asks for each variable of the chosen template, and previews the mail', async () => {
		const [credential] = await client.request<Credential[]>('GET', '/credentials');
		const template = sendGrid.account().addTemplate(
			{ name: 'Receipt' },
			{
				subject: 'Receipt for {{name}}',
				html_content: '<p>Total: {{total}}</p>',
				plain_content: 'Total: {{total}}',
				test_data: '{ "name": "Ann", "total": 20 }',
			},
		);
		const parameters = {
			operation: 'preview',
			from: { __rl: true, mode: 'address', value: 'Shop <shop@example.com>' },
			to: 'bob@example.com',
			content: 'template',
			templateId: { __rl: true, mode: 'id', value: template.id },
			fillTemplateWith: 'fields',
		};
		const preview = node('Preview', EMAIL_TYPE, parameters, withCredential(credential!));
		const start = node('Start', 'n8n-nodes-base.manualTrigger');
		const { id } = await client.createWorkflow(chain('Receipt', start, preview));
		await editor.openNode(id, preview.id);
		await editor.fill('name', 'Bob');
		await editor.fill('total', '30');
		await editor.executeStep();
		await editor.output.getByText('Receipt for Bob').waitFor();
		expect(await editor.output.innerText()).toContain('Total: 30');
		await editor.closeNode();
	});

	step('marks in the form of each resource nothing but what one has to fill in', async () => {
		const [credential] = await client.request<Credential[]>('GET', '/credentials');
		const email = node('Email', EMAIL_TYPE, {}, withCredential(credential!));
		const start = node('Start', 'n8n-nodes-base.manualTrigger');
		const { id } = await client.createWorkflow(chain('Forms', start, email));
		await editor.openNode(id, email.id);
		for (const { option, defaultOperation } of RESOURCES) {
			await editor.choose('resource', `${option.name}\\s*${option.description}`);
			const toFillIn = requiredFields(option.value, defaultOperation.option.value);
			await editor.eventually(async () => {
				const marks = await editor.part('parameter-issues').count();
				expect([option.name, marks]).toEqual([option.name, toFillIn.length]);
				const text = await editor.formText();
				expect(text).toContain(option.name);
				expect(text).toContain(defaultOperation.option.name);
			});
			expect(await editor.formText()).not.toMatch(/undefined|\[object/);
		}
		await editor.closeNode();
	});

	step('gives an example a webhook of its own each time it is imported', async () => {
		const ids = new Set<string>();
		for (let time = 0; time < 2; time++) {
			await editor.importFile(path.resolve(__dirname, '../../examples/alert-on-bounce.json'));
			const { nodes } = await savedWorkflow();
			ids.add(nodes.find(({ type }) => type === TRIGGER_TYPE)!.webhookId!);
		}
		expect([...ids]).toEqual(Array(2).fill(expect.stringMatching(/^[\da-f-]{36}$/)));
	});

	step('works on the events pinned in an example', async () => {
		// What was just imported is selected as a whole, and takes no double click.
		await editor.openWorkflow((await savedWorkflow()).id);
		await editor.openShownNode('One line each');
		await editor.executeStep();
		await editor.output.getByText('ann@example.com bounced (hard)').waitFor();
		await editor.output.getByText('bob@example.com was dropped').waitFor();
	});

	stepOfNewest(
		"lets an agent's model define the mail that it sends with it as a tool",
		async () => {
			const [credential] = await client.request<Credential[]>('GET', '/credentials');
			const agent = node('Agent', '@n8n/n8n-nodes-langchain.agent', {}, { typeVersion: 3 });
			const tool = node('Send', `${EMAIL_TYPE}Tool`, {}, withCredential(credential!));
			const toAgent = { node: agent.name, type: 'ai_tool' as const, index: 0 };
			const { id } = await client.createWorkflow({
				name: 'Agent',
				nodes: [agent, tool],
				connections: { [tool.name]: { ai_tool: [[toAgent]] } },
			});
			await editor.openNode(id, tool.id);
			// Beside From, To, Subject and so on; the one that is pressed goes.
			const stars = editor.part('from-ai-override-button');
			for (let pressed = 0; pressed < 3; pressed++) await stars.nth(1).click();
			expect(await editor.page.getByText('Defined automatically by the model').count()).toBe(3);
			await editor.closeNode();
			await editor.page.keyboard.press('Control+s');
			const byModel = (label: string) => expect.stringContaining(`$fromAI('${label}'`) as string;
			await editor.eventually(async () => {
				const { nodes } = await client.getWorkflow(id);
				expect(nodes.find(({ name }) => name === tool.name)!.parameters).toMatchObject({
					to: byModel('To'),
					subject: byModel('Subject'),
					text: byModel('Text'),
				});
			});
		},
	);

	stepOfNewest('reviews what an agent wants to do before its tool does it', async () => {
		const model = await ChatModel.start({ toolParameters: { input: '6*7' }, hitlParameters: {} });
		try {
			const position: [number, number] = [560, 300];
			const tool = node('Calculator', '@n8n/n8n-nodes-langchain.toolCalculator', {}, { position });
			const { id } = await createAgent(client, model.url, tool);
			await editor.openWorkflow(id);
			await editor.openReviewList();
			await editor.listedNode(EMAIL_TYPE).click();
			await editor.page.getByText('Add to workflow', { exact: true }).click();
			await editor.fill('from', 'alerts@example.com');
			await editor.fill('to', 'team@example.com');
			await editor.fill('subject', 'May the agent calculate?');
			expect(await editor.formText()).toMatch(/\$tool\.name/);
			await editor.closeNode();

			const mailsBefore = sendGrid.mails.length;
			await editor.executeWorkflow();
			await editor.eventually(async () => {
				expect(await client.executions(id)).toMatchObject([{ status: 'waiting' }]);
			});
			const [mail] = sendGrid.mails.slice(mailsBefore);
			const text = mail!.body.content![0]!.value;
			expect(text).toMatch(/wants to run this tool: calculator[^]*6\*7/i);
			const link = /Approve: (\S+)/.exec(text)![1]!;
			expect((await fetch(link, { method: 'POST' })).status).toBe(200);
			await editor.page.getByText('Workflow executed successfully').waitFor();
			const [execution] = await client.waitForExecutions(id, 1);
			expect(itemsOf(execution!, AGENT)[0]?.output).toMatch(/42/);
			await editor.picture('human-review');
		} finally {
			await model.stop();
		}
	});

	step('draws its icons for the light and for the dark theme', async () => {
		const { id } = await showcase();
		await editor.openWorkflow(id);
		const icons = (file: string) => editor.page.locator(`img[src$="/${file}"]`).first();
		await icons('sendgridEvents.svg').waitFor();
		await icons('sendgridEmail.svg').waitFor();
		await editor.picture('workflow');

		await editor.page.emulateMedia({ colorScheme: 'dark' });
		await icons('sendgridEvents.dark.svg').waitFor();
		await icons('sendgridEmail.dark.svg').waitFor();
		await editor.picture('workflow-dark');
	});
});
