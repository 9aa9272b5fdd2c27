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

describe('a template that was read a moment ago', () => {
	const send = async (item: IDataObject, changes: INodeParameters = {}) =>
		await outputOf(sendGrid, { ...SEND, templateId, ...changes }, { items: [item] });
	const readings = () => calls().filter((call) => call.startsWith('GET')).length;
	/** As somebody does who edits it in SendGrid. */
	const change = (version: Partial<typeof WELCOME>) =>
		Object.assign(
			sendGrid.account().templates.find(({ id }) => id === templateId)!.versions[0]!,
			version,
		);

	it('is not read again, in whichever workflow', async () => {
		await send(COMPLETE);
		await send(COMPLETE, { operation: 'sendMany' });
		await send({ ...COMPLETE, email: 'other@example.com' });
		expect(readings()).toBe(1);
		expect(recipients()).toHaveLength(3);
	});

	it('is read again after a minute', async () => {
		await send(COMPLETE);
		const now = Date.now();
		jest.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
		await send(COMPLETE);
		expect(readings()).toBe(2);
	});

	it('is read again before it stops a mail: somebody may just have mended it', async () => {
		change({ subject: '{{greeting}}, {{name}}' });
		await expect(send(COMPLETE)).rejects.toThrow(/Add "greeting" to the data/);
		change({ subject: 'Welcome, {{name}}' });
		await send(COMPLETE);
		expect(readings()).toBe(2);
		expect(recipients()).toEqual(['bob@example.com']);
	});

	it('is read again once, however many items lack something', async () => {
		await send(COMPLETE);
		const items = Array.from({ length: 12 }, () => LACKING);
		const parameters = { ...SEND, templateId };
		const output = await outputOf(sendGrid, parameters, { items, continueOnFail: true });
		expect(output.every(({ error }) => /Add "name"/.test(String(error)))).toBe(true);
		expect(readings()).toBe(2);
		expect(recipients()).toHaveLength(1);
	});

	it('may not be read by another key: each is asked for by itself', async () => {
		await send(COMPLETE);
		const workflow = sendGridEmailWorkflow(sendGrid, { ...SEND, templateId });
		workflow.node.credentials!.sendGridEventsApi!.id = '2';
		await new SendGridEmail().execute.call(workflow.executeContext([{ json: COMPLETE }]));
		expect(readings()).toBe(2);
	});

	it('is not asked for again and again by a key that may not read it', async () => {
		await start({ apiKeys: [{ key: DEFAULT_API_KEY, scopes: ['mail.send'] }] });
		const lines = logged();
		await send(LACKING);
		await send(LACKING);
		expect(readings()).toBe(1);
		// Each run says so.
		expect(lines).toHaveLength(2);
	});

	it('is asked for again if SendGrid failed to show it', async () => {
		sendGrid.failNext(`GET /v3/templates/${templateId}`, { status: 400, body: {} });
		logged();
		await send(LACKING);
		await expect(send(LACKING)).rejects.toThrow(/Add "name"/);
		expect(readings()).toBe(2);
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

describe('template fields', () => {
	const fieldsOf = async (chosen: INodeParameters['templateId']) => {
		const workflow = sendGridEmailWorkflow(sendGrid, { ...SEND, templateId: chosen });
		return await new SendGridEmail().methods.resourceMapping.getTemplateFields.call(
			workflow.loadOptionsContext(),
		);
	};
	const chosenFromList = (value: string) => ({ __rl: true, mode: 'list', value });
	const ORDER = {
		subject: 'Your order, {{name}}',
		html_content: '{{#each items}}<p>{{title}}</p>{{/each}} {{#if vip}}!{{/if}}',
		plain_content: '{{address.city}}',
		test_data: '{"discount":5}',
	};
	const SCHEMA = [
		{ id: 'name', type: 'string' },
		{ id: 'address', type: 'object' },
		{ id: 'items', type: 'array' },
		{ id: 'vip', type: 'boolean' },
		{ id: 'discount', type: 'number' },
	];

	/** The data that SendGrid gets for what the fields hold. */
	async function dataFor(
		value: INodeParameters | null,
		{ mappingMode = 'defineBelow', item = COMPLETE as IDataObject, operation = SEND } = {},
	) {
		const parameters = {
			...operation,
			templateId,
			fillTemplateWith: 'fields',
			templateFields: { mappingMode, value, schema: SCHEMA } as unknown as INodeParameters,
			settings: { ifTemplateDataIsMissing: 'sendAnyway' },
		};
		await outputOf(sendGrid, parameters, { items: [item] });
		return sendGrid.mails.at(-1)!.body.personalizations[0]!.dynamic_template_data;
	}

	it('are the variables of the chosen template', async () => {
		const { id } = sendGrid.account().addTemplate({ name: 'Order' }, ORDER);
		for (const chosen of [id, chosenFromList(id)]) {
			const { fields } = await fieldsOf(chosen);
			expect(fields.map(({ id: name, type }) => ({ id: name, type }))).toEqual(SCHEMA);
			expect(fields.every(({ display, required }) => display && !required)).toBe(true);
		}
	});
	it('are those of the test data if the template has what cannot be read here', async () => {
		const version = { subject: '{{#if a}}', test_data: '{"name":"Ann"}' };
		const { id } = sendGrid.account().addTemplate({ name: 'A' }, version);
		expect((await fieldsOf(id)).fields).toMatchObject([{ id: 'name', type: 'string' }]);
	});

	it.each<[what: string, version: object, notice: RegExp]>([
		['has no variables', { subject: 'Hi', html_content: 'Hi', plain_content: '' }, /no variables/],
		['has no active version', { active: 0 }, /Activate a version/],
	])('say so if the template %s', async (_, version, emptyFieldsNotice) => {
		const { id } = sendGrid.account().addTemplate({ name: 'A' }, version);
		expect(await fieldsOf(id)).toEqual({
			fields: [],
			emptyFieldsNotice: expect.stringMatching(emptyFieldsNotice),
		});
	});

	it.each<[what: string, chosen: INodeParameters['templateId'], notice: RegExp]>([
		['no template', chosenFromList(''), /^Choose a template first/],
		['an expression', '={{ $json.template }}', /^Choose a template first/],
		['a legacy template', '0123', /legacy template/],
	])('say what to do for %s, without a call', async (_, chosen, emptyFieldsNotice) => {
		expect(await fieldsOf(chosen)).toEqual({
			fields: [],
			emptyFieldsNotice: expect.stringMatching(emptyFieldsNotice),
		});
		expect(calls()).toEqual([]);
	});

	it.each([
		['Send', SEND],
		['Send Many', MANY],
	])('fill the template with their values, typed or from expressions: %s', async (_, operation) => {
		const typed = {
			name: '={{ $json.name }}',
			items: '[{ "title": "Lamp" }]',
			vip: 'false',
			address: '={{ $json.address }}',
			discount: 5,
		};
		expect(await dataFor(typed, { operation })).toEqual({
			name: 'Bob',
			items: [{ title: 'Lamp' }],
			vip: false,
			address: { city: 'Rome' },
			discount: 5,
		});
	});

	it('leave out what stays empty, but no empty text', async () => {
		const value = {
			name: '',
			items: ' ',
			address: '',
			discount: null,
			vip: '={{ $json.nothing }}',
		};
		expect(await dataFor(value as unknown as INodeParameters)).toEqual({ name: '' });
	});

	it('can be mapped automatically: from all fields of the item', async () => {
		expect(await dataFor(null, { mappingMode: 'autoMapInputData' })).toEqual(COMPLETE);
	});

	it('name the field that holds no JSON', async () => {
		await expect(dataFor({ items: '[Lamp]' })).rejects.toThrow(
			/^Template Fields › items: Enter valid JSON such as \[\{ "title": "Lamp" \}\].+\[item 0\]$/,
		);
		await expect(dataFor({ address: '{ city: Rome }' })).rejects.toThrow(
			/^Template Fields › address: Enter valid JSON such as \{ "city": "Rome" \}/,
		);
	});

	it('that stay empty stop the mail, by name', async () => {
		const templateFields = { mappingMode: 'defineBelow', value: { name: null }, schema: SCHEMA };
		const parameters = { ...SEND, templateId, fillTemplateWith: 'fields' };
		await expect(
			outputOf(
				sendGrid,
				{ ...parameters, templateFields: templateFields as unknown as INodeParameters },
				{ items: [COMPLETE] },
			),
		).rejects.toThrow(/^Template Fields: Add "name", "address\.city" to the data/);
		expect(recipients()).toEqual([]);
	});

	it('show in a preview as they will be sent', async () => {
		const templateFields = {
			mappingMode: 'defineBelow',
			value: { name: '={{ $json.name }}', address: '{ "city": "Oslo" }' },
			schema: SCHEMA,
		} as unknown as INodeParameters;
		const preview = { ...MANY, operation: 'preview', templateId, fillTemplateWith: 'fields' };
		const shown = await outputOf(sendGrid, { ...preview, templateFields }, { items: [COMPLETE] });
		expect(shown).toMatchObject([{ subject: 'Welcome, Bob', html: '<p>Bob of Oslo</p>' }]);
	});
});
