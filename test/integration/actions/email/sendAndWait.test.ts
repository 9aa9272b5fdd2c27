import { createRunExecutionData, WAIT_INDEFINITELY, type INodeParameters } from 'n8n-workflow';
import { AWAITABLE_EVENTS } from '../../../../nodes/SendGrid/actions/email/sendAndWait/outcomes';
import { readTicket } from '../../../../nodes/SendGrid/events/waitTicket';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { DEFAULT_API_KEY, SendGridEmulator } from '../../../../emulator';
import { N8N_URL, TestWorkflow } from '../../support/n8nContexts';

const OURS = `${N8N_URL}/webhook/3d5c0b6e-6f0a-4ad5-9c5b-a6a1c0a3e111/events`;
const UNCHECKED = { checkBeforeSending: false };

let sendGrid: SendGridEmulator;

beforeEach(async () => {
	sendGrid = await SendGridEmulator.start();
});

afterEach(async () => {
	await sendGrid.stop();
});

interface RunOptions {
	apiKey?: string;
	itemCount?: number;
	nodeType?: SendGridEmail;
}

/** Runs the node once, up to where the execution pauses. */
async function run(parameters: INodeParameters, options: RunOptions = {}) {
	const { apiKey = DEFAULT_API_KEY, itemCount = 1, nodeType = new SendGridEmail() } = options;
	const workflow = new TestWorkflow({
		nodeType,
		parameters: {
			operation: 'sendAndWait',
			from: 'ann@example.com',
			to: 'bob@example.net',
			subject: 'Hello',
			text: 'Hello Bob',
			waitOptions: UNCHECKED,
			...parameters,
		},
		credentials: { apiKey, region: 'custom', baseUrl: sendGrid.url },
		executionId: '42',
	});
	const execution = createRunExecutionData();
	const items = Array.from({ length: itemCount }, () => ({ json: {} }));
	const context = workflow.executeContext(items, 'trigger', execution);
	const outputs = await nodeType.execute.call(context);
	return { outputs, execution, kept: context.getExecuteData().data.main };
}

const message = async (...args: Parameters<typeof run>) =>
	await run(...args).then(
		() => 'sent',
		(error: Error) => error.message,
	);

describe('Send and Wait for an event', () => {
	test('sends the mail with a ticket and pauses the execution, for three days at most', async () => {
		const before = Date.now();
		const { outputs, execution, kept } = await run({
			waitFor: ['click', 'open'],
			waitOptions: { ...UNCHECKED, linkContains: ' /offer ', peopleOnly: true },
			customArgs: { values: [{ name: 'contactId', value: '42' }] },
		});

		const { custom_args: customArgs = {} } = sendGrid.mails[0]!.body.personalizations[0]!;
		expect(customArgs.contactId).toBe('42');
		const ticket = readTicket(customArgs.n8nWait!);
		expect(ticket?.text).toMatch(/^42\/node-id\?/);
		expect(ticket?.conditions).toEqual({
			events: ['click', 'open'],
			linkContains: '/offer',
			peopleOnly: true,
		});

		// What n8n passes on when the time is up.
		expect(kept).toEqual(outputs);
		expect(outputs).toMatchObject([[{ json: { accepted: true, outcome: 'timeout' } }]]);
		const days = (execution.waitTill!.getTime() - before) / 86_400_000;
		expect(days).toBeCloseTo(3, 2);
	});

	test.each([
		['', 400],
		['/'.repeat(300), 1300],
		['\u{1f4e7}'.repeat(75), 1300],
	])('has a ticket that is read, whatever the link: %#', async (linkContains, bytes) => {
		await run({ waitFor: [...AWAITABLE_EVENTS], waitOptions: { ...UNCHECKED, linkContains } });

		const { n8nWait } = sendGrid.mails[0]!.body.personalizations[0]!.custom_args!;
		expect(readTicket(n8nWait!)?.conditions).toMatchObject({
			events: AWAITABLE_EVENTS,
			linkContains: linkContains || undefined,
		});
		expect(Buffer.byteLength(n8nWait!)).toBeLessThanOrEqual(bytes);
	});

	test('neither sends nor waits if the template shows what the data lacks', async () => {
		const { id } = sendGrid.account().addTemplate({ name: 'Offer' }, { subject: 'For {{name}}' });
		const template = { content: 'template', templateId: id };
		expect(await message(template)).toMatch(/^Template Data: Add "name" to the data/);
		expect(sendGrid.mails).toEqual([]);

		const fields = { mappingMode: 'defineBelow', value: { name: 'Bob' }, schema: [] };
		const filled = { fillTemplateWith: 'fields', templateFields: fields } as INodeParameters;
		const { execution } = await run({ ...template, ...filled });
		expect(execution.waitTill).toBeInstanceOf(Date);
		expect(sendGrid.mails[0]!.body.personalizations[0]).toMatchObject({
			dynamic_template_data: { name: 'Bob' },
		});
	});

	test.each([
		[0, 'days', WAIT_INDEFINITELY.getTime()],
		['0.5', 'hours', 1_800_000],
		[90, 'minutes', 5_400_000],
	])('waits %p %s', async (waitAmount, waitUnit, expected) => {
		const { execution } = await run({ waitAmount, waitUnit });
		const start = waitAmount === 0 ? 0 : Date.now();
		expect(Math.abs(execution.waitTill!.getTime() - start - expected)).toBeLessThan(10_000);
	});

	test('counts the time limit from sending, also where the mail goes out later', async () => {
		const sendAt = new Date(Date.now() + 3_600_000).toISOString();
		const { execution } = await run({
			waitAmount: 2,
			waitUnit: 'hours',
			additionalFields: { sendAt },
		});

		expect(
			sendGrid.mails[0]!.body.personalizations[0]!.send_at ?? sendGrid.mails[0]!.body.send_at,
		).toBe(Math.floor(Date.parse(sendAt) / 1000));
		const hours = (execution.waitTill!.getTime() - Date.now()) / 3_600_000;
		expect(hours).toBeCloseTo(2, 1);
	});

	test.each([
		['Unit: Use one of: minutes, hours, days', { waitUnit: 'weeks' }],
		['Wait at Most: Enter a number', { waitAmount: -1 }],
		['Wait at Most: Enter a number', { waitAmount: '' }],
		['Wait at Most: Enter a number', { waitAmount: 'soon' }],
		['Wait at Most: Enter a number', { waitAmount: 100_000 }],
		['Events: Choose at least one', { waitFor: [] }],
		['Events: Use one of: click, bounce', { waitFor: ['clicked'] }],
		['Sandbox Mode: Switch it off', { settings: { sandboxMode: true } }],
		['Click Tracking: Switch it on', { settings: { clickTracking: 'off' } }],
		[
			'Open Tracking: Switch it on',
			{ waitFor: ['open'], settings: { openTracking: { values: { enable: false } } } },
		],
		[
			'Only Links That Contain: Enter a shorter part of the link',
			{ waitOptions: { ...UNCHECKED, linkContains: 'ü'.repeat(151) } },
		],
	])('sends nothing but says: %s', async (start, parameters) => {
		expect(await message(parameters as INodeParameters)).toContain(start);
		expect(sendGrid.mails).toHaveLength(0);
	});

	test('takes one item at a time', async () => {
		expect(await message({}, { itemCount: 2 })).toMatch(/^Give Send and Wait one item at a time/);
		expect(sendGrid.mails).toHaveLength(0);
	});

	test('cannot wait as the tool of an agent', async () => {
		const tool = new SendGridEmail();
		tool.description.name = 'sendGridEmailTool';
		expect(await message({}, { nodeType: tool })).toMatch(/^Connect SendGrid Email as a human/);
		expect(sendGrid.mails).toHaveLength(0);
	});
});

describe('before sending', () => {
	const checked = { waitFor: ['click', 'bounce'], waitOptions: {} };

	test('it says which events nobody would tell of', async () => {
		sendGrid.addWebhook({ url: OURS, click: true });
		expect(await message(checked)).toMatch(
			/^Publish a workflow with a SendGrid Email Trigger that has Bounce among its Events/,
		);
	});

	test('it says when n8n cannot reach itself', async () => {
		sendGrid.addWebhook({ url: OURS, click: true, bounce: true });
		expect(await message(checked)).toContain(`Let n8n reach itself at ${N8N_URL}, or switch off`);
		expect(sendGrid.mails).toHaveLength(0);
	});

	test('a key that may only send is good enough', async () => {
		sendGrid.failNext('GET /v3/user/webhooks/event/settings/all', {
			status: 403,
			body: { errors: [{ message: 'access forbidden', field: null }] },
		});
		expect(await message(checked)).toMatch(/^Let n8n reach itself/);
	});
});

describe('Send and Wait for an answer', () => {
	const approval = { responseType: 'approval', message: 'May <we>\ngo on?' };
	const contentOf = () => sendGrid.mails[0]!.body.content!.map(({ value }) => value);
	const linksIn = (text: string) =>
		[...text.matchAll(/https:\S+?(?=["\s]|$)/g)].map(([url]) => url);

	test('asks in text and HTML, with links that SendGrid leaves as they are', async () => {
		const buttons = { approvalType: 'double', approveLabel: 'Yes & go' };
		const { outputs } = await run({ ...approval, approvalOptions: { values: buttons } });
		const [text, html] = contentOf() as [string, string];
		expect(text).toMatch(/^May <we>\ngo on\?\n\nYes & go: https:\S+\n\nDecline: https:\S+$/);
		expect(html).toContain('May &lt;we&gt;\ngo on?');
		expect(html).toContain('>Yes &amp; go</a>');

		const links = linksIn(text).map((link) => new URL(link));
		expect(linksIn(html.replaceAll('&amp;', '&'))).toEqual(linksIn(text));
		const [{ json }] = outputs[0] as [{ json: { waitId: string } }];
		for (const { searchParams } of links) {
			expect(searchParams.get('wait')).toBe(json.waitId);
			expect(searchParams.get('title')).toBe('Hello');
		}
		expect(links.map(({ searchParams }) => searchParams.get('answer'))).toEqual([
			'approved',
			'declined',
		]);
		expect(html.match(/clicktracking="off"/g)).toHaveLength(2);
		expect(sendGrid.mails[0]!.body.tracking_settings).toMatchObject({
			click_tracking: { enable: false, enable_text: false },
		});
		expect(sendGrid.mails[0]!.body.personalizations[0]!.custom_args).toBeUndefined();
	});

	test.each([{}, { approvalOptions: { values: { approvalType: 'single' } } }])(
		'has one button unless two are wanted: %j',
		async (options) => {
			await run({ ...approval, ...options });
			expect(linksIn(contentOf()[0]!)).toHaveLength(1);
		},
	);

	test('asks for a text with one button', async () => {
		await run({ ...approval, responseType: 'freeText', buttonLabel: 'Antworten' });
		expect(contentOf()[0]).toContain('Antworten: https://');
	});

	test('needs a question', async () => {
		expect(await message({ ...approval, message: ' ' })).toMatch(/^Message: Write what you ask/);
	});
});
