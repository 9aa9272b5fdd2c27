import { randomUUID } from 'node:crypto';
import type { INodeParameters } from 'n8n-workflow';
import { sampleEvent, SendGridEmulator } from '../../emulator';
import { itemsOf, N8nClient, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { until } from '../support/until';
import { ChatModel } from './support/ChatModel';
import { AGENT, startReviewedAgent } from './support/agent';
import { AFTER, EMAIL, eventOf, ticketOf, WaitingMails } from './support/WaitingMails';

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
		n8n = await N8nInstance.start({ version });
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

	test('goes on once, however many events and triggers tell of it', async () => {
		const workflow = await mails.start({ waitFor: ['click', 'open'], output: 'perOutcome' });
		const mail = await mails.waiting(workflow);
		const now = Math.floor(Date.now() / 1000);
		const many = Array.from({ length: 6 }, (_, index) =>
			eventOf(mail, index % 2 ? 'click' : 'open', { timestamp: now - index }),
		);
		await Promise.all([
			mails.post(many, 0),
			mails.post(many, 1),
			mails.post([eventOf(mail, 'click')], 1),
		]);

		const execution = await mails.ended(workflow);
		expect(execution.status).toBe('success');
		expect(execution.data.resultData.runData[EMAIL]).toHaveLength(1);
		// The outputs: timeout, click, (bounce), (dropped), open.
		const outputs = [0, 1, 2, 3, 4].map((output) => itemsOf(execution, EMAIL, output));
		expect(outputs.flat()).toHaveLength(1);
		const { outcome: which } = outputs.flat()[0]!;
		expect(outputs[which === 'click' ? 1 : 4]).toHaveLength(1);
		// Long after the end, an event is just an event.
		expect(await mails.post([eventOf(mail, 'click')])).toEqual([200]);
		expect(await client.executions(workflow.id)).toHaveLength(1);
	});

	test('is not ended by a late event of an earlier round of a loop', async () => {
		const workflow = await mails.start({ waitFor: ['click', 'open'] }, { isLoop: true });
		const first = await mails.waiting(workflow);
		await mails.post([eventOf(first, 'open')]);
		await until(() => sendGrid.mails.at(-1) !== first);
		const second = await mails.waiting(workflow);

		await mails.post([eventOf(first, 'click')]);
		expect(await mails.statusOf(workflow)).toBe('waiting');
		await mails.post([eventOf(second, 'click')]);
		const execution = await mails.ended(workflow);
		expect(itemsOf(execution, EMAIL).map(({ outcome: which }) => which)).toEqual(['open', 'click']);
	});

	test('calls nobody but itself, for its own mail only', async () => {
		const workflow = await mails.start({ waitFor: ['click'] });
		const ticket = ticketOf(await mails.waiting(workflow));
		const [place, query] = ticket.split('?') as [string, string];
		const forged = [
			ticket.replace(/n8n=[0-9a-f]+/, 'n8n=000000000000'),
			ticket.replace(/for=click/, 'for=click.open'),
			ticket.replace(/signature=.{6}/, 'signature=000000'),
			`${place}/../../../rest/workflows?${query}`,
			`http://127.0.0.1:1/${ticket}`,
			`//127.0.0.1:1/${ticket}`,
		].map((n8nWait) => sampleEvent('click', { n8nWait, sg_event_id: randomUUID() }));

		expect(await mails.post(forged)).toEqual([200]);
		expect(await mails.statusOf(workflow)).toBe('waiting');
		await mails.post([sampleEvent('click', { n8nWait: ticket, sg_event_id: randomUUID() })]);
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
		expect((await fetch(approve!, { method: 'POST' })).status).toBe(200);
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
});
