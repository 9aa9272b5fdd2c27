import type { INodeParameters } from 'n8n-workflow';
import { SendGridEmulator } from '../../emulator';
import { itemsOf, N8nClient, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { chain, node } from '../../scripts/n8n/workflow';
import { WEBHOOK_GATE } from '../support/composeFile';
import { until } from '../support/until';
import { AGENT, startReviewedAgent } from './support/agent';
import { ChatModel } from './support/ChatModel';
import { eventually } from './support/eventually';
import { AFTER, EMAIL, eventOf, WaitingMails } from './support/WaitingMails';
import { testTraps } from './support/waitingTraps';

describe.each(n8nVersions)('Send and Wait in n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;
	let mails: WaitingMails;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({
			maxWebhooks: 2,
			retryDelaysMs: [200, 500, ...Array<number>(30).fill(1000)],
		});
		// While n8n starts again, it would answer 200 for events that it does not take.
		n8n = await N8nInstance.start({ version, withoutEditor: true, env: WEBHOOK_GATE });
		client = await N8nClient.setUpOwner(n8n.url);
		mails = await WaitingMails.prepare(client, sendGrid, n8n.url);
	});

	afterAll(async () => {
		await n8n?.stop();
		await sendGrid?.stop();
	});

	/** Started first, because n8n takes up to a minute to notice that time is up. */
	let timesOut: Workflow;
	test('starts one whose time will run out', async () => {
		timesOut = await mails.start({
			waitFor: ['click', 'open'],
			waitAmount: 0.02,
			waitUnit: 'minutes',
			output: 'perOutcome',
		});
		await mails.waiting(timesOut);
	});

	test('goes on with an event that arrives while the mail is still being sent', async () => {
		const workflow = await mails.start({ to: 'bob@example.com', waitFor: ['processed'] });

		expect(await mails.outcome(workflow)).toMatchObject({
			accepted: true,
			messageId: expect.any(String) as string,
			to: ['bob@example.com'],
			outcome: 'processed',
			event: {
				event: 'processed',
				email: 'bob@example.com',
				messageId: expect.any(String) as string,
				customArgs: {},
			},
		});
		await sendGrid.idle();
	});

	testTraps(() => ({ client, sendGrid, mails }));

	test('is ended by the event of any recipient of the mail', async () => {
		const workflow = await mails.start({
			waitFor: ['bounce'],
			additionalFields: { cc: 'bounce@example.com' },
		});
		expect(await mails.outcome(workflow)).toMatchObject({
			to: ['delivered@example.com'],
			outcome: 'bounce',
			event: { email: 'bounce@example.com' },
		});
		await sendGrid.idle();
	});

	test('goes on as the workflow was when it paused', async () => {
		const workflow = await mails.start({ waitFor: ['click'] });
		const mail = await mails.waiting(workflow);
		const edited = workflow.nodes.filter(({ name }) => name !== AFTER);
		await client.updateWorkflow(workflow.id, { nodes: edited, connections: {} });
		await client.activate(workflow.id);
		await mails.post([eventOf(mail, 'click')]);
		expect(await mails.outcome(workflow)).toMatchObject({ outcome: 'click' });
	});

	test('sends nothing if nobody would tell of the event, or for several items', async () => {
		const { length } = sendGrid.mails;
		const unheard = await mails.ended(await mails.start({ waitFor: ['click', 'spamreport'] }));
		expect(unheard.data.resultData.error!.message).toMatch(
			/^Publish a workflow with a SendGrid Email Trigger that has Spam Report among its Events/,
		);
		const several = await mails.ended(
			await mails.start({ waitFor: ['click'] }, { items: [{}, {}] }),
		);
		expect(several.data.resultData.error!.message).toMatch(/^Give Send and Wait one item/);
		expect(sendGrid.mails).toHaveLength(length);
	});

	const TWO = [{ to: 'delivered+ann@example.com' }, { to: 'delivered+bob@example.com' }];
	const FOR_EACH = { to: '={{ $json.to }}', waitFor: ['click'] };
	/** The mail that is sent next to this address. */
	const nextMailTo = async (address: string) => {
		const earlier = sendGrid.mails.length;
		const find = () =>
			sendGrid.mails
				.slice(earlier)
				.find(({ body }) => body.personalizations[0]!.to[0]!.email === address);
		await until(() => find() !== undefined);
		return find()!;
	};

	test('lets each of several items wait on its own in a sub-workflow, as its error advises', async () => {
		const called = node(
			'When Executed by Another Workflow',
			'n8n-nodes-base.executeWorkflowTrigger',
			{ inputSource: 'passthrough' },
			{ typeVersion: 1.1 },
		);
		const after = node(AFTER, 'n8n-nodes-base.noOp');
		const waiting = await client.createWorkflow(
			chain('Waiting for each', called, mails.sender(FOR_EACH), after),
		);
		// n8n 2 calls what is published, n8n 1 what is saved.
		if (!version.startsWith('1.')) await client.activate(waiting.id);
		const caller = await client.createWorkflow(
			chain(
				'Calling for each',
				node('Start', 'n8n-nodes-base.manualTrigger'),
				node(
					'Items',
					'n8n-nodes-base.code',
					{ jsCode: `return ${JSON.stringify(TWO)}.map((json) => ({ json }));` },
					{ typeVersion: 2 },
				),
				node(
					'Execute Sub-workflow',
					'n8n-nodes-base.executeWorkflow',
					{
						workflowId: { __rl: true, mode: 'id', value: waiting.id },
						mode: 'each',
						options: { waitForSubWorkflow: false },
					},
					{ typeVersion: 1.2 },
				),
			),
		);
		const sent = Promise.all(TWO.map(async ({ to }) => await nextMailTo(to)));
		await client.runWorkflow(caller.id, 'Start');
		expect((await mails.ended(caller)).status).toBe('success');
		const [annsMail, bobsMail] = await sent;
		const states = async () =>
			(await client.executions(waiting.id)).map(({ status }) => status).sort();
		await eventually(async () => expect(await states()).toEqual(['waiting', 'waiting']));

		await mails.post([eventOf(bobsMail!, 'click')]);
		const [bobs] = await client.waitForExecutions(waiting.id, 1);
		expect(itemsOf(bobs!, AFTER)).toMatchObject([{ to: [TWO[1]!.to], outcome: 'click' }]);
		expect(await states()).toEqual(['success', 'waiting']);
		await mails.post([eventOf(annsMail!, 'click')]);
		const ended = await client.waitForExecutions(waiting.id, 2);
		expect(ended.flatMap((execution) => itemsOf(execution, AFTER))).toMatchObject(
			expect.arrayContaining([expect.objectContaining({ to: [TWO[0]!.to], outcome: 'click' })]),
		);
	});

	test('lets items wait one after another in a loop, as its error advises', async () => {
		const first = nextMailTo(TWO[0]!.to);
		const second = nextMailTo(TWO[1]!.to);
		const workflow = await mails.start(FOR_EACH, { items: TWO, runs: 'forEachItem' });
		for (const mail of [first, second]) {
			await mail;
			await mails.waiting(workflow);
			await mails.post([eventOf(await mail, 'click')]);
		}
		const execution = await mails.ended(workflow);
		expect(itemsOf(execution, AFTER)).toMatchObject(
			TWO.map(({ to }) => ({ to: [to], outcome: 'click' })),
		);
	});

	test('asks for approval: links show a page, only its button answers', async () => {
		const workflow = await mails.start({
			responseType: 'approval',
			subject: 'Order <42>',
			message: 'May I?',
			approvalOptions: { values: { approvalType: 'double', disapproveLabel: 'No, thanks' } },
			output: 'perOutcome',
		});
		const { body } = await mails.waiting(workflow);
		expect(body.tracking_settings).toMatchObject({ click_tracking: { enable: false } });
		const [text] = body.content!.map(({ value }) => value);
		const [approve, decline] = [/Approve: (\S+)/, /No, thanks: (\S+)/].map(
			(pattern) => pattern.exec(text!)![1]!,
		);

		const tampered = decline!.replace('answer=declined', 'answer=approved');
		expect((await fetch(tampered, { method: 'POST' })).status).toBe(401);
		for (const link of [approve!, decline!]) {
			const shown = await fetch(link);
			expect(shown.status).toBe(200);
			expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
			expect(await shown.text()).toContain('<h1>Order &lt;42&gt;</h1>');
		}
		expect(await mails.statusOf(workflow)).toBe('waiting');

		const pressed = await fetch(decline!, { method: 'POST' });
		expect(pressed.status).toBe(200);
		expect(pressed.headers.get('content-type')).toContain('text/html');
		expect(await pressed.text()).toContain('Your answer has arrived');
		const execution = await mails.ended(workflow);
		expect(itemsOf(execution, EMAIL, 2)).toMatchObject([{ outcome: 'declined', approved: false }]);
		// Who answers later is told so, by n8n itself.
		const late = await fetch(approve!, { method: 'POST' });
		expect([late.status, await late.text()]).toEqual([
			200,
			expect.stringMatching(/no action required/i),
		]);
	});

	test('asks for a text, and for what else a form has', async () => {
		const ask = async (parameters: INodeParameters) => {
			const workflow = await mails.start({ message: 'Which colour?', ...parameters });
			const { body } = await mails.waiting(workflow);
			const link = /Answer: (\S+)/.exec(body.content![0]!.value)![1]!;
			expect(await (await fetch(link)).text()).toContain('name="field-0"');
			const answer = async (...values: string[]) => {
				const fields = values.map((value, index): [string, string] => [`field-${index}`, value]);
				const { status } = await fetch(link, { method: 'POST', body: new URLSearchParams(fields) });
				return status;
			};
			return { workflow, answer };
		};

		const text = await ask({ responseType: 'freeText' });
		expect(await text.answer('  ')).toBe(422);
		expect(await text.answer('Grün & <blau>')).toBe(200);
		expect(await mails.outcome(text.workflow)).toMatchObject({
			outcome: 'answered',
			text: 'Grün & <blau>',
		});

		const values = [
			{ fieldLabel: 'Größe', fieldType: 'dropdown', choices: 'S, L' },
			{ fieldLabel: 'Stück', fieldType: 'number', requiredField: true },
		];
		const form = await ask({ responseType: 'form', formFields: { values } });
		expect(await form.answer('XL', '2')).toBe(422);
		expect(await form.answer('L', '2')).toBe(200);
		expect(await mails.outcome(form.workflow)).toMatchObject({ form: { Größe: 'L', Stück: 2 } });
	});

	// n8n 1 has no human review of an agent's tools.
	const testOfReview = version.startsWith('1.') ? test.skip : test;
	testOfReview.each([
		['Approve', /42/],
		['Decline', /rejected the tool call/],
	])('reviews what an AI agent wants to do: %s', async (button, expected) => {
		const model = await ChatModel.start({ toolParameters: { input: '6*7' }, hitlParameters: {} });
		try {
			const workflow = await startReviewedAgent(client, mails.credential, model.url);
			const { body } = await mails.waiting(workflow);
			const text = body.content![0]!.value;
			expect(text).toMatch(/wants to run this tool: calculator[^]*6\*7/i);
			const link = new RegExp(`${button}: (\\S+)`).exec(text)![1]!;
			expect((await fetch(link, { method: 'POST' })).status).toBe(200);
			const execution = await mails.ended(workflow);
			expect(execution.data.resultData.error).toBeUndefined();
			expect(itemsOf(execution, AGENT)[0]?.output).toMatch(expected);
		} finally {
			await model.stop();
		}
	});

	test('goes on when the time is up, on the first output', async () => {
		const execution = await mails.ended(timesOut, 90_000);
		expect(execution.status).toBe('success');
		expect(itemsOf(execution, EMAIL, 0)).toMatchObject([{ accepted: true, outcome: 'timeout' }]);
		expect(itemsOf(execution, AFTER)).toHaveLength(1);
	});

	/** After the one whose time is up: what n8n goes on with while it starts it may hold for crashed. */
	test('waits on when other events come, over a crash too, until the right link is clicked', async () => {
		const workflow = await mails.start({
			waitFor: ['click', 'open'],
			waitOptions: { linkContains: 'example.com/offer?a=1&b', peopleOnly: true },
		});
		const mail = await mails.waiting(workflow);
		expect(
			await mails.post([
				eventOf(mail, 'bounce'),
				eventOf(mail, 'click', { url: 'https://example.com/unsubscribe' }),
				eventOf(mail, 'open', { sg_machine_open: true }),
			]),
		).toEqual([200]);
		expect(await mails.statusOf(workflow)).toBe('waiting');

		await n8n.kill();
		const right = eventOf(mail, 'click', { url: 'https://example.com/offer?a=1&b=2' });
		const posted = mails.post([right]);
		await n8n.restart();
		expect(await posted).toEqual([200]);
		expect(await mails.outcome(workflow)).toMatchObject({
			outcome: 'click',
			event: { url: right.url },
		});
	});
});
