import { DEFAULT_API_KEY, SendGridEmulator, sampleEvent, type Webhook } from '../../emulator';
import { Editor } from './support/Editor';
import { N8nClient, type ExecutionSummary, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions, runtime } from '../../scripts/n8n/runtime';
import { showcase } from './showcase';
import { CREDENTIAL_TYPE, EMAIL_TYPE, TRIGGER_TYPE } from '../../scripts/n8n/workflow';

const [newest] = n8nVersions;
const PACKAGE = 'n8n-nodes-sendgrid-events.';

/** scripts/lib/programs.ts says so, and how to get one, when there is no browser. */
const describeInBrowser = runtime.browser ? describe : describe.skip;

// One walk, step by step, as somebody takes it who has just installed the package.
describeInBrowser(`the editor of n8n ${newest}`, () => {
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;
	let editor: Editor;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({ mailEvents: false });
		n8n = await N8nInstance.start({ version: newest! });
		client = await N8nClient.setUpOwner(n8n.url);
		editor = await Editor.open(runtime.browser!, n8n.url);
	});

	afterAll(async () => {
		await editor?.close();
		await n8n?.stop();
		await sendGrid?.stop();
	});

	const step = (name: string, work: () => Promise<void>) =>
		test(name, async () => await editor.step(work));

	const typeVersionsOf = ({ nodes }: Workflow) =>
		nodes.filter(({ type }) => type === TRIGGER_TYPE).map(({ typeVersion }) => typeVersion);

	async function savedWorkflow(): Promise<Workflow> {
		const [, id] = /\/workflow\/([^/?]+)/.exec(editor.page.url())!;
		return await client.getWorkflow(id!);
	}

	step('finds one entry for both nodes by what people look for', async () => {
		await editor.newWorkflow();
		await editor.openNodeList();
		await findsOneEntry(editor, 'sendgrid');
		await editor.picture('find-the-nodes');
	});

	step('offers a trigger for each event type, and chooses that type', async () => {
		await editor.listedNode(EMAIL_TYPE).click();
		await editor.chooseAction('On open');
		await editor.parameter('events').getByText('Open', { exact: true }).waitFor();
		expect(await editor.parameter('events').innerText()).not.toMatch(/Click|Bounce/);
	});

	step('says in plain words that a key is wrong, and takes the right one', async () => {
		await editor.page.getByRole('button', { name: 'Connect to SendGrid Events' }).click();
		const dialog = editor.part('editCredential-modal');
		await dialog.getByText('In SendGrid: Settings > API Keys > Create API Key').waitFor();
		await editor.picture('credential');

		await editor.fill('apiKey', 'SG.wrong');
		await editor.choose('region', 'Custom');
		await editor.fill('baseUrl', sendGrid.url);
		await editor.part('credential-save-button').click();
		await dialog.getByText('More details').click();
		await dialog.getByText('SendGrid does not accept this API key.').waitFor();
		await editor.picture('wrong-key');

		await editor.fill('apiKey', DEFAULT_API_KEY);
		await editor.part('credential-save-button').click();
		await dialog.waitFor({ state: 'hidden' });
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
		let webhook: Webhook | undefined;
		await editor.eventually(async () => {
			webhook = sendGrid.webhooks.find(({ url }) => !url.includes('/webhook-test/'));
			expect(webhook).toMatchObject({ enabled: true, open: true, click: true, bounce: true });
		});

		// n8n makes the webhook in SendGrid a moment before it takes posts itself.
		const [attempt] = await sendGrid.postEvents(
			webhook!.id,
			[{ ...sampleEvent('bounce'), email: 'bob@example.com' }],
			{ retryDelaysMs: [500, 1000, 2000, 4000, 8000] },
		);
		expect(attempt).toMatchObject({ status: 200 });
		await client.waitForExecutions(id, 3);
		expect(sendGrid.mails.at(-1)!.body.subject).toBe('bob@example.com has bounced');
		expect(typeVersionsOf(await savedWorkflow())).toContain(2);

		await editor.openExecutions();
		const [{ id: started }] = (await client.executions(id)) as [ExecutionSummary];
		await editor.part(`execution-details-${started}`).click();
		await editor.part(`execution-preview-details-${started}`).getByText('Succeeded').waitFor();
		await editor.picture('execution');
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
		const credential = await client.createCredential('SendGrid', CREDENTIAL_TYPE, {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: sendGrid.url,
		});
		const { id } = await client.createWorkflow(showcase(credential));
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
				const { parameters } = (await client.getWorkflow(id)).nodes[0]!;
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

	step('draws its icons for the light and for the dark theme', async () => {
		const credential = await client.createCredential('SendGrid', CREDENTIAL_TYPE, {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: sendGrid.url,
		});
		const { id } = await client.createWorkflow(showcase(credential));
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

const WORDS = [
	'sendgrid',
	'send grid',
	'email opened',
	'click',
	'bounce',
	'delivered',
	'spam report',
	'webhook',
];

/** n8n lists a trigger and an action of the same name as one entry, with both in it. */
async function findsOneEntry(editor: Editor, words: string): Promise<void> {
	await editor.searchNodes(words);
	await editor.listedNode(EMAIL_TYPE).waitFor();
	expect(await editor.listedNode(PACKAGE).count()).toBe(1);
}

describe.each(runtime.browser ? n8nVersions : [])('the list of nodes of n8n %s', (version) => {
	test('has one entry for the trigger and the action, found by every word', async () => {
		const n8n = await N8nInstance.start({ version });
		try {
			await N8nClient.setUpOwner(n8n.url);
			const editor = await Editor.open(runtime.browser!, n8n.url);
			try {
				await editor.newWorkflow();
				await editor.openNodeList();
				for (const words of WORDS) await findsOneEntry(editor, words);
				await editor.listedNode(EMAIL_TYPE).click();
				for (const kind of ['Triggers', 'Actions']) {
					await editor.page
						.getByText(new RegExp(`^${kind} `))
						.first()
						.waitFor();
				}
			} finally {
				await editor.close();
			}
		} finally {
			await n8n.stop();
		}
	});
});
