import type { AddressInfo } from 'node:net';
import express from 'express';
import {
	createRunExecutionData,
	type IDataObject,
	type INodeExecutionData,
	type INodeParameters,
	type IRunExecutionData,
} from 'n8n-workflow';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import schema from '../../../../nodes/SendGrid/__schema__/v1.0.0/email/sendAndWait.json';
import { encodeFormFields } from '../../../../nodes/SendGrid/actions/email/sendAndWait/formFields';
import { TestWorkflow } from '../../support/n8nContexts';

const nodeType = new SendGridEmail();

/** What the node put out when it paused. */
const sent = (waitId: string) => ({ json: { accepted: true, outcome: 'timeout', waitId } });

let waits = 0;
let server: ReturnType<ReturnType<typeof express>['listen']>;
let wait: string;
let execution: IRunExecutionData;
/** With what the workflow goes on, each time that it is told to. */
let resumed: INodeExecutionData[][][];
/** Whether n8n can store that the execution goes on. */
let canStore: boolean;

/** Answers as n8n does for an execution that waits, behind the check of the signature. */
async function listen(parameters: INodeParameters = {}): Promise<void> {
	wait = `wait-${++waits}`;
	resumed = [];
	canStore = true;
	const workflow = new TestWorkflow({
		nodeType,
		parameters: { operation: 'sendAndWait', ...parameters },
	});
	const node = { ...workflow.node, disabled: true };
	execution = createRunExecutionData({
		executionData: {
			nodeExecutionStack: [{ node, data: { main: [[sent(wait)]] }, source: null }],
		},
	});
	const app = express();
	app.use(express.json(), express.urlencoded());
	app.all('/', async (request, response) => {
		const context = workflow.webhookContext(request as never, response as never, { execution });
		const { noWebhookResponse, webhookResponse, workflowData } =
			await nodeType.webhook.call(context);
		if (noWebhookResponse) return;
		if (canStore) resumed.push(workflowData!);
		response.status(canStore ? 200 : 500).send(webhookResponse as string);
	});
	server = app.listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
}

afterEach(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

function call(query: Record<string, string>, init: RequestInit = {}): Promise<Response> {
	const { port } = server.address() as AddressInfo;
	return fetch(`http://127.0.0.1:${port}/?${new URLSearchParams({ wait, ...query })}`, init);
}

const post = (body: Record<string, string> = {}) => ({
	method: 'POST',
	body: new URLSearchParams(body),
});

async function tell(event: IDataObject, query: Record<string, string> = {}): Promise<string> {
	const answer = await call(
		{ for: 'click.open', ...query },
		{
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(event),
		},
	);
	return await answer.text();
}

describe('a wait for an event', () => {
	test('ends with an event that it is for, and the output has it', async () => {
		await listen();
		expect(await tell({ event: 'click', url: 'https://example.com' })).toBe('Taken.');
		const json = {
			...sent(wait).json,
			outcome: 'click',
			event: { event: 'click', url: 'https://example.com' },
		};
		expect(resumed).toEqual([[[{ json, pairedItem: { item: 0 } }]]]);
		expect(execution.executionData!.nodeExecutionStack[0]!.node.disabled).toBe(true);
	});

	test('has the node run once more if each outcome has an output', async () => {
		await listen({ output: 'perOutcome' });
		await tell({ event: 'click' });
		expect(resumed).toHaveLength(1);
		expect(execution.executionData!.nodeExecutionStack[0]!.node.disabled).toBe(false);
	});

	test('goes on with other events, with those of another wait, and with a look', async () => {
		await listen();
		expect(await tell({ event: 'bounce' })).toBe('Not waiting for this event.');
		expect(await tell({})).toBe('Not waiting for this event.');
		expect(await tell({ event: 'click' }, { wait: 'earlier' })).toBe('Not waiting for this event.');
		expect((await call({ for: 'click' })).status).toBe(405);
		expect(resumed).toEqual([]);
	});

	test('ends once, although two tell of it at the same moment', async () => {
		await listen();
		const answers = await Promise.all([tell({ event: 'click' }), tell({ event: 'open' })]);
		expect(answers.sort()).toEqual(['Not waiting for this event.', 'Taken.']);
		expect(resumed).toHaveLength(1);
	});

	test('is open again if n8n could not store that it ended', async () => {
		await listen();
		canStore = false;
		await tell({ event: 'click' });
		canStore = true;
		expect(await tell({ event: 'click' })).toBe('Taken.');
		expect(resumed).toHaveLength(1);
	});
});

describe('a wait for an answer', () => {
	test.each([
		['approved', true],
		['declined', false],
	])('ends with the button, not with the link: %s', async (answer, approved) => {
		await listen({ responseType: 'approval' });
		const link = { answer, label: 'Press', title: 'A <question>' };
		const shown = await call(link);
		expect(await shown.text()).toContain('<h1>A &lt;question&gt;</h1>');
		expect(resumed).toEqual([]);

		expect((await call(link, post())).status).toBe(200);
		const { json } = resumed[0]![0]![0]!;
		expect(json).toMatchObject({
			outcome: answer,
			approved,
			respondedAt: expect.any(String) as string,
		});
		// What n8n shows before the first run.
		expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(json)));
		expect(await (await call(link, post())).text()).toContain('This has been answered');
		expect(resumed).toHaveLength(1);
	});

	test('says that it is over, to the link of another wait', async () => {
		await listen({ responseType: 'approval' });
		for (const init of [{}, post()]) {
			const answer = await call({ answer: 'approved', wait: 'earlier' }, init);
			expect(await answer.text()).toContain('This has been answered');
		}
		expect(resumed).toEqual([]);
	});

	test('asks again for what is missing, and keeps what was entered', async () => {
		await listen({ responseType: 'form' });
		const form = encodeFormFields([
			{ label: 'Name', type: 'text', isRequired: false, choices: [] },
			{ label: 'Pieces', type: 'number', isRequired: true, choices: [] },
		]);
		const link = { answer: 'form', label: 'Send', form };
		const refused = await call(link, post({ 'field-0': 'Ann' }));
		expect(refused.status).toBe(422);
		const text = await refused.text();
		expect(text).toContain('Please fill in: Pieces');
		expect(text).toContain('value="Ann"');

		await call(link, post({ 'field-0': 'Ann', 'field-1': '2' }));
		expect(resumed[0]![0]![0]!.json).toMatchObject({
			outcome: 'answered',
			form: { Name: 'Ann', Pieces: 2 },
		});
	});

	test('lets nobody keep, frame or find its pages', async () => {
		await listen({ responseType: 'approval' });
		const { headers } = await call({ answer: 'approved' });
		expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
		expect(headers.get('cache-control')).toBe('no-store');
		expect(headers.get('x-robots-tag')).toBe('noindex');
	});

	test('goes on when something cannot be read: n8n would end it with an error', async () => {
		await listen({ responseType: 'form' });
		const answer = await call({ answer: 'form', form: 'no JSON' }, post());
		expect(answer.status).toBe(500);
		expect(resumed).toEqual([]);
	});
});
