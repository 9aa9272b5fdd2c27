import {
	createRunExecutionData,
	type IDataObject,
	type INodeParameters,
	type NodeApiError,
} from 'n8n-workflow';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { DEFAULT_API_KEY, SendGridEmulator, type EmulatorOptions } from '../../../../emulator';
import { outputOf, runSendGridEmail, sendGridEmailWorkflow } from '../../support/runSendGridEmail';

const SEND: INodeParameters = {
	from: 'Ann <ann@example.com>',
	to: '={{ $json.email }}',
	content: 'template',
	templateData: '={{ $json }}',
};
const MANY: INodeParameters = { ...SEND, operation: 'sendMany' };
const WELCOME = {
	subject: 'Welcome, {{name}}',
	html_content: '<p>{{#if vip}}Dear {{/if}}{{name}} of {{address.city}}</p>',
	plain_content: '{{insert name "default=you"}}',
};
const COMPLETE = { email: 'bob@example.com', name: 'Bob', address: { city: 'Rome' } };
const LACKING = { email: 'carl@example.com', address: {} };

let sendGrid: SendGridEmulator;
let templateId: string;

async function start(options: EmulatorOptions = {}): Promise<void> {
	await sendGrid?.stop();
	sendGrid = await SendGridEmulator.start({ mailEvents: false, ...options });
	templateId = sendGrid.account().addTemplate({ name: 'Welcome' }, WELCOME).id;
}
beforeEach(async () => await start());
afterEach(() => void jest.restoreAllMocks());
afterAll(async () => await sendGrid.stop());

const calls = () => sendGrid.requests.map(({ method, path }) => `${method} ${path}`);
const recipients = () =>
	sendGrid.mails.flatMap(({ body }) =>
		body.personalizations.flatMap(({ to }) => to.map(({ email }) => email)),
	);

/** What the node writes to n8n's log while it runs. */
function logged(): string[] {
	const lines: string[] = [];
	const { logger } = sendGridEmailWorkflow(sendGrid, {}).executeContext();
	jest.spyOn(logger, 'warn').mockImplementation((line) => void lines.push(line));
	return lines;
}

describe.each([
	['Send', SEND],
	['Send Many', MANY],
])('a template that shows what the data lacks, with %s', (_, operation) => {
	const send = async (items: IDataObject[], changes: INodeParameters = {}) =>
		await outputOf(sendGrid, { ...operation, templateId, ...changes }, { items });

	it('stops the mail before it is sent, and says what to add to which item', async () => {
		await expect(send([LACKING])).rejects.toMatchObject({
			message:
				'Template Data: Add "name", "address.city" to the data, or set "If Template Data Is Missing" under Sending Options to Send Anyway. The template shows {{name}}, {{address.city}}, and there is no value for them. [item 0]',
			context: { itemIndex: 0 },
		});
		expect(calls()).toEqual([`GET /v3/templates/${templateId}`]);
	});

	it('names the item among others, which are sent if the node continues on fail', async () => {
		const items = [COMPLETE, { ...LACKING, name: 'Carl' }, { ...COMPLETE, email: 'd@example.com' }];
		const parameters = { ...operation, templateId };
		const output = await runSendGridEmail(sendGrid, parameters, { items, continueOnFail: true });
		expect(output.map(({ json }) => json)).toEqual([
			expect.objectContaining({ accepted: true }),
			{
				error: expect.stringMatching(
					/^Template Data: Add "address\.city" .+ no value for it\. \[item 1\]$/,
				),
				message: 'Not sent.',
			},
			expect.objectContaining({ accepted: true }),
		]);
		expect(recipients().sort()).toEqual(['bob@example.com', 'd@example.com']);
	});

	it('is sent with a gap where the user allows it, without being read', async () => {
		await send([LACKING], { settings: { ifTemplateDataIsMissing: 'sendAnyway' } });
		expect(calls()).toEqual(['POST /v3/mail/send']);
		expect(recipients()).toEqual(['carl@example.com']);
	});

	it('is sent when nothing is missing, and is read once for all items', async () => {
		const lines = logged();
		const items = Array.from({ length: 12 }, (_, index) => ({
			...COMPLETE,
			email: `p${index}@example.com`,
		}));
		await send(items, { settings: { ifTemplateDataIsMissing: 'stop' } });
		expect(recipients()).toHaveLength(12);
		expect(calls().filter((call) => call.startsWith('GET'))).toEqual([
			`GET /v3/templates/${templateId}`,
		]);
		expect(lines).toEqual([]);
	});
});

describe('mail goes unchecked, and the log says so once,', () => {
	const items = [LACKING, { ...LACKING, email: 'd@example.com' }];
	const sent = async (changes: INodeParameters = {}) => {
		const lines = logged();
		await outputOf(sendGrid, { ...SEND, templateId, ...changes }, { items });
		expect(recipients().sort()).toEqual(['carl@example.com', 'd@example.com']);
		return lines;
	};

	it('when the key may send but not read templates', async () => {
		await start({ apiKeys: [{ key: DEFAULT_API_KEY, scopes: ['mail.send'] }] });
		expect(await sent()).toEqual([
			expect.stringMatching(
				/is sent without looking for missing data, because it cannot be read\. .*templates\.read/s,
			),
		]);
	});

	it('when SendGrid fails to show the template', async () => {
		sendGrid.failNext(`GET /v3/templates/${templateId}`, { status: 400, body: {} }, 9);
		expect(await sent()).toHaveLength(1);
		expect(calls().filter((call) => call.startsWith('GET'))).toHaveLength(1);
	});

	it('when the template has what cannot be read here', async () => {
		templateId = sendGrid.account().addTemplate({ name: 'A' }, { subject: '{{#if a}}' }).id;
		expect(await sent()).toEqual([expect.stringContaining('{{#if}} is not closed')]);
	});
});

it('mail goes unchecked when no version is active: SendGrid says what that means', async () => {
	const { id } = sendGrid.account().addTemplate({ name: 'A' }, { ...WELCOME, active: 0 });
	await outputOf(sendGrid, { ...SEND, templateId: id }, { items: [LACKING] });
	expect(recipients()).toEqual(['carl@example.com']);
});

it('a legacy template is not read: its tags can be any text', async () => {
	const { id } = sendGrid.account().addTemplate({ name: 'Old', generation: 'legacy' }, WELCOME);
	await outputOf(sendGrid, { ...SEND, templateId: id, templateData: '{}' }, { items: [LACKING] });
	expect(calls()).toEqual(['POST /v3/mail/send']);
});

it("the mail's own subject counts only where the template has none", async () => {
	const templateSubject = 'Your order {{order}}';
	await outputOf(sendGrid, { ...SEND, templateId, templateSubject }, { items: [COMPLETE] });
	const without = sendGrid.account().addTemplate({ name: 'A' }, { ...WELCOME, subject: '' });
	await expect(
		outputOf(sendGrid, { ...SEND, templateId: without.id, templateSubject }, { items: [COMPLETE] }),
	).rejects.toThrow(/Add "order" to the data/);
});

it('nothing is sent when the execution is stopped while the template is read', async () => {
	sendGrid.failNext(`GET /v3/templates/${templateId}`, { status: 503 }, 9);
	const abort = new AbortController();
	const workflow = sendGridEmailWorkflow(sendGrid, { ...SEND, templateId });
	const context = workflow.executeContext(
		[{ json: COMPLETE }],
		'trigger',
		createRunExecutionData(),
		0,
		abort.signal,
	);
	const run = new SendGridEmail().execute.call(context);
	while (calls().length === 0) await new Promise((resolve) => setImmediate(resolve));
	abort.abort();
	const error = (await run.catch((caught: unknown) => caught)) as NodeApiError;
	// It fails, and not because the mail may have been sent.
	expect(error.context).toMatchObject({ itemIndex: 0 });
	expect(error.context).not.toHaveProperty('mayHaveBeenSent');
	expect(calls()).toEqual([`GET /v3/templates/${templateId}`]);
});
