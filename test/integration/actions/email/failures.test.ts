import {
	createRunExecutionData,
	type IDataObject,
	type INodeExecutionData,
	type INodeParameters,
	type IRunExecutionData,
	type NodeApiError,
} from 'n8n-workflow';
import { SendReport } from '../../../../nodes/SendGrid/actions/email/sendReport';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import {
	DEFAULT_API_KEY,
	SendGridEmulator,
	type EmulatorOptions,
	type Fault,
} from '../../../../emulator';
import type { MailBody } from '../../../../emulator/mail';
import { until } from '../../../support/until';
import { TestWorkflow } from '../../support/n8nContexts';
import { outputOf, runSendGridEmail, sendGridEmailWorkflow } from '../../support/runSendGridEmail';

const SEND: INodeParameters = {
	from: 'Ann <ann@example.com>',
	to: '={{ $json.email }}',
	subject: 'Hi',
	text: 'Hello',
};
const MANY: INodeParameters = { ...SEND, operation: 'sendMany' };
/** Ten items to a request. */
const IN_TENS: INodeParameters = {
	...MANY,
	categories: '={{ "ten" + Math.floor($itemIndex / 10) }}',
};
/** And one request after the other, so that it is known which ones come before a failure. */
const IN_ORDER: INodeParameters = { ...IN_TENS, settings: { parallelRequests: 1 } };

// Ten thousand expressions take n8n a while on a busy machine.
jest.setTimeout(120_000);

let sendGrid: SendGridEmulator;

async function start(options: EmulatorOptions = {}): Promise<void> {
	await sendGrid?.stop();
	sendGrid = await SendGridEmulator.start({ mailEvents: false, ...options });
}
beforeEach(async () => await start());
afterAll(async () => await sendGrid.stop());

const people = (count: number) =>
	Array.from({ length: count }, (_, index) => ({ email: `person${index}@example.com` }));
const sends = () => sendGrid.requests.filter(({ path }) => path === '/v3/mail/send');
/** Everyone who got a mail, once for each mail. */
const recipients = () =>
	sendGrid.mails.flatMap(({ body }) =>
		body.personalizations.flatMap(({ to }) => to.map(({ email }) => email)),
	);
/** The request that carries the mail to this person. */
const requestTo = (index: number) => (request: { path: string; body: unknown }) =>
	request.path === '/v3/mail/send' &&
	JSON.stringify(request.body).includes(`"person${index}@example.com"`);

describe('an error of SendGrid', () => {
	const failWith = async (
		error: { status: number; body?: unknown },
		parameters: INodeParameters = SEND,
	) => {
		sendGrid.failNext('POST /v3/mail/send', error);
		return await outputOf(sendGrid, parameters, { items: people(1) }).catch(
			(caught: unknown) => caught,
		);
	};

	it('reaches the user in its own words, with the field', async () => {
		const message = 'The template must be published';
		expect(
			await failWith({ status: 400, body: { errors: [{ message, field: 'template_id' }] } }),
		).toMatchObject({ message: `Correct what SendGrid refuses: ${message} (field template_id)` });
	});

	it('for a sender that is not verified points to Sender Authentication', async () => {
		await start({ verifiedSenders: ['carl@example.com'] });
		await expect(outputOf(sendGrid, SEND, { items: people(1) })).rejects.toMatchObject({
			description: expect.stringContaining('Settings > Sender Authentication'),
		});
	});

	it('for a key that may not send names the scope', async () => {
		await start({ apiKeys: [{ key: DEFAULT_API_KEY, scopes: ['templates.read'] }] });
		await expect(outputOf(sendGrid, SEND, { items: people(1) })).rejects.toMatchObject({
			message: expect.stringContaining('mail.send'),
			description: expect.stringContaining('Settings > API Keys'),
		});
	});

	it('for a plan without credits says so', async () => {
		const body = { errors: [{ message: 'Maximum credits exceeded', field: null, help: null }] };
		expect(await failWith({ status: 401, body })).toMatchObject({
			message: expect.stringContaining('credits'),
			description: expect.stringContaining('Maximum credits exceeded'),
		});
	});

	it('about one of many recipients names the item', async () => {
		const items = [{ email: 'a@example.com, b@example.com' }, { email: 'c@example.com' }];
		sendGrid.failNext('POST /v3/mail/send', {
			status: 400,
			body: { errors: [{ message: 'Bad', field: 'personalizations.2.to.0.email' }] },
		});
		await expect(outputOf(sendGrid, MANY, { items })).rejects.toMatchObject({
			message: expect.stringMatching(/^Correct the mail of item 1, which SendGrid refuses: Bad/),
			description: expect.stringContaining('Accepted by SendGrid: items 0. Not sent: items 1.'),
		});
	});
});

describe('a mail that may have gone', () => {
	it.each([
		['after a 500', { status: 500 }],
		['after a 503', { status: 503 }],
		['after a connection that broke', { connection: 'break' as const, afterWork: true }],
	])('is not sent again %s, and the error says so', async (_, fault) => {
		sendGrid.failNext('POST /v3/mail/send', fault);
		await expect(outputOf(sendGrid, SEND, { items: people(1) })).rejects.toMatchObject({
			description: expect.stringContaining('may have been sent'),
			context: { mayHaveBeenSent: true },
		});
		expect(sends()).toHaveLength(1);
	});

	it('is told from one that was refused', async () => {
		sendGrid.failNext(requestTo(0), { status: 500 });
		sendGrid.failNext(requestTo(1), { status: 400 });
		const output = await outputOf(sendGrid, SEND, { items: people(3), continueOnFail: true });
		expect(output).toEqual([
			{
				error: expect.any(String),
				message: expect.stringMatching(/^Perhaps sent\. The mail may have been sent/),
			},
			{ error: expect.any(String), message: expect.stringMatching(/^Not sent\. /) },
			expect.objectContaining({ accepted: true }),
		]);
	});

	it('is not assumed where only the batch ID could not be had', async () => {
		sendGrid.failNext('POST /v3/mail/batch', { status: 403 });
		const sendAt = new Date(Date.now() + 3.6e6).toISOString();
		const parameters = { ...SEND, additionalFields: { sendAt } };
		const output = await outputOf(sendGrid, parameters, { items: people(1), continueOnFail: true });
		expect(output).toMatchObject([{ message: expect.stringMatching(/^Not sent\. /) }]);
		expect(sends()).toEqual([]);
	});
});

describe('a rate limit in the middle', () => {
	it('is waited for, and all 10,000 are sent once', async () => {
		const items = people(10_000);
		const reset = Math.ceil(Date.now() / 1000) + 1;
		for (const index of [2_000, 5_000]) {
			sendGrid.failNext(requestTo(index), {
				status: 429,
				headers: { 'X-RateLimit-Reset': String(reset) },
			});
		}
		const output = await outputOf(sendGrid, MANY, { items });
		expect(
			sends()
				.map(({ status }) => status)
				.filter((status) => status === 429),
		).toHaveLength(2);
		expect(sends()).toHaveLength(12);
		expect(recipients().sort()).toEqual(items.map(({ email }) => email).sort());
		expect(output.every(({ accepted }) => accepted === true)).toBe(true);
	});
});

it('a rate limit that mails one by one meet is waited for, and each is sent once', async () => {
	const items = people(40);
	const reset = Math.ceil(Date.now() / 1000) + 1;
	const headers = { 'X-RateLimit-Reset': String(reset) };
	for (const index of [12, 13, 30]) {
		sendGrid.failNext(requestTo(index), { status: 429, headers });
	}
	const output = await outputOf(sendGrid, SEND, { items });
	expect(recipients().sort()).toEqual(items.map(({ email }) => email).sort());
	expect(output.map(({ to }) => to)).toEqual(items.map(({ email }) => [email]));
	// Two met the limit at the same time: from then on half as many are under way.
	const after = sends().slice(sends().findLastIndex(({ status }) => status === 429) + 3);
	expect(Math.max(...after.map(({ concurrent }) => concurrent))).toBeLessThan(5);
});

describe('a request that fails in the middle', () => {
	const items = people(50);
	const failed = (index: number) => index >= 20 && index < 30;
	beforeEach(() => sendGrid.failNext(requestTo(25), { status: 500 }));

	it('takes exactly its own items down the error path', async () => {
		const output = await runSendGridEmail(sendGrid, IN_TENS, { items, continueOnFail: true });
		expect(output).toHaveLength(items.length);
		output.forEach(({ json, pairedItem }, index) => {
			expect(json.accepted).toBe(failed(index) ? undefined : true);
			expect(typeof json.error).toBe(failed(index) ? 'string' : 'undefined');
			expect(pairedItem).toEqual({ item: index });
		});
		expect(sends()).toHaveLength(5);
	});

	it('ends the run, with an error that says how far it came', async () => {
		await expect(outputOf(sendGrid, IN_ORDER, { items })).rejects.toMatchObject({
			description: expect.stringMatching(
				/Accepted by SendGrid: items 0–19\. Perhaps sent: items 20–29\. Not sent: items 30–49\.$/,
			),
			context: { itemIndex: 20 },
		});
		expect(sends()).toHaveLength(3);
	});
});

describe('a second try', () => {
	/** What n8n does on "Retry On Fail" and when the user retries the execution. */
	async function run(
		parameters: INodeParameters,
		items: IDataObject[],
		execution: IRunExecutionData,
		runIndex = 0,
	): Promise<INodeExecutionData[]> {
		const workflow = sendGridEmailWorkflow(sendGrid, parameters);
		const context = workflow.executeContext(
			items.map((json) => ({ json })),
			'trigger',
			execution,
			runIndex,
		);
		const [output] = await new SendGridEmail().execute.call(context);
		return output ?? [];
	}

	it.each([
		['Send', SEND, 4, 2],
		['Send Many', IN_ORDER, 40, 25],
	])('of %s leaves out what was accepted', async (_, parameters, count, failing) => {
		const execution = createRunExecutionData();
		const items = people(count);
		sendGrid.failNext(requestTo(failing), { status: 400 });
		await expect(run(parameters, items, execution)).rejects.toThrow();
		// n8n keeps the execution in its database in between.
		const stored = JSON.parse(JSON.stringify(execution)) as IRunExecutionData;
		const accepted = recipients();
		expect(accepted.length).toBeGreaterThan(0);

		const output = await run(parameters, items, stored);
		expect(recipients().sort()).toEqual(items.map(({ email }) => email).sort());
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual(
			items.map((_item, item) => ({ item })),
		);
		expect(output.map(({ json }) => json.to)).toEqual(items.map(({ email }) => [email]));
		const messageIds = new Set(sendGrid.mails.map(({ messageId }) => messageId));
		expect(output.every(({ json }) => messageIds.has(json.messageId as string))).toBe(true);
	});

	it('is not taken for one when a loop comes round again', async () => {
		const execution = createRunExecutionData();
		sendGrid.failNext(requestTo(1), { status: 400 });
		await expect(run(SEND, people(2), execution)).rejects.toThrow();
		await run(SEND, people(2), execution, 1);
		expect(recipients()).toEqual(['person0', 'person0', 'person1'].map((n) => `${n}@example.com`));
	});

	it('starts afresh after a success', async () => {
		const execution = createRunExecutionData();
		sendGrid.failNext(requestTo(1), { status: 400 });
		await expect(run(SEND, people(2), execution)).rejects.toThrow();
		await run(SEND, people(2), execution);
		expect(JSON.stringify(execution.executionData?.contextData)).not.toContain('person');
	});
});

describe('an answer that is lost', () => {
	const LOST: Fault = { connection: 'break', afterWork: true };
	const lose = (index: number) => sendGrid.failNext(requestTo(index), LOST);
	/** Runs the node, and again with what n8n keeps of the execution, as "Retry On Fail" does. */
	async function tryTwice(parameters: INodeParameters, items: IDataObject[]) {
		const execution = createRunExecutionData();
		const attempt = async () => {
			const workflow = sendGridEmailWorkflow(sendGrid, parameters);
			const inputs = items.map((json) => ({ json }));
			const context = workflow.executeContext(inputs, 'trigger', execution);
			return await new SendGridEmail().execute.call(context).then(
				([output]) => output!.map(({ json }) => json),
				(error: NodeApiError) => error,
			);
		};
		const first = await attempt();
		Object.assign(execution, JSON.parse(JSON.stringify(execution)));
		return { first, second: await attempt() };
	}

	it.each([
		['Send', SEND],
		['Send Many', MANY],
	])(
		'is reported again with the same words, and nobody gets the mail twice (%s)',
		async (_, parameters) => {
			lose(0);
			const { first, second } = await tryTwice(parameters, people(1));
			expect(first).toMatchObject({ description: expect.stringContaining('may have been sent') });
			expect((second as Error).message).toBe((first as Error).message);
			expect(second).toMatchObject({ context: { mayHaveBeenSent: true } });
			expect(recipients()).toEqual(['person0@example.com']);
			expect(JSON.stringify([first, second])).not.toMatch(/retry on fail/i);
		},
	);

	it('is told from what was accepted and what was not sent, in the second try as well', async () => {
		lose(15);
		const { second } = await tryTwice(IN_ORDER, people(30));
		expect(recipients().sort()).toEqual(
			people(30)
				.slice(0, 20)
				.map(({ email }) => email)
				.sort(),
		);
		expect(second).toMatchObject({
			description: expect.stringMatching(
				/Accepted by SendGrid: items 0–9\. Perhaps sent: items 10–19\. Not sent: items 20–29\.$/,
			),
		});
	});

	it.each([
		['Send', SEND],
		['Send Many', MANY],
	])('is made good by sending again if the user wants it so (%s)', async (_, parameters) => {
		lose(0);
		const settings = { ifAnswerIsLost: 'sendAgain' };
		const output = await outputOf(sendGrid, { ...parameters, settings }, { items: people(1) });
		expect(output).toMatchObject([{ accepted: true }]);
		expect(recipients()).toHaveLength(2);
	});

	it('is sent again in a second try, too, if the user wants it so', async () => {
		sendGrid.failNext(requestTo(0), LOST, 3);
		const parameters = { ...SEND, settings: { ifAnswerIsLost: 'sendAgain' } };
		const { first, second } = await tryTwice(parameters, people(1));
		expect(first).toBeInstanceOf(Error);
		expect(second).toMatchObject([{ accepted: true }]);
	});

	it('is kept in mind when the execution was stopped meanwhile', async () => {
		const execution = createRunExecutionData();
		const items = people(1).map((json) => ({ json }));
		const stop = new AbortController();
		const workflow = sendGridEmailWorkflow(sendGrid, SEND);
		sendGrid.failNext(requestTo(0), { connection: 'hang' });
		const running = new SendGridEmail().execute
			.call(workflow.executeContext(items, 'trigger', execution, 0, stop.signal))
			.catch(() => undefined);
		await until(() => sends().length > 0);
		// What n8n stores when the user stops the execution: the node has not come to its end.
		const stored = JSON.parse(JSON.stringify(execution)) as IRunExecutionData;
		stop.abort();
		await running;
		const retried = new SendGridEmail().execute.call(
			sendGridEmailWorkflow(sendGrid, SEND).executeContext(items, 'trigger', stored),
		);
		await expect(retried).rejects.toMatchObject({
			message: expect.stringMatching(
				/^Look in SendGrid under Activity .*: the execution was stopped/,
			),
			context: { mayHaveBeenSent: true },
		});
		expect(sends()).toHaveLength(1);
	});

	it('is not assumed where the connection was never made: the mail goes out in the second try', async () => {
		const { url } = sendGrid;
		const port = Number(new URL(url).port);
		const execution = createRunExecutionData();
		const items = people(1).map((json) => ({ json }));
		const run = async () =>
			await new SendGridEmail().execute.call(
				sendGridEmailWorkflow(sendGrid, SEND).executeContext(items, 'trigger', execution),
			);
		await sendGrid.stop();
		await expect(run()).rejects.toMatchObject({ context: { mayHaveBeenSent: false } });
		sendGrid = await SendGridEmulator.start({ mailEvents: false, port });
		await run();
		expect(recipients()).toEqual(['person0@example.com']);
	});
});

describe('recipients that SendGrid refuses', () => {
	/** Answers as SendGrid does: an objection for each of these people, nothing sent. */
	const refuse = (refused: number[]) => {
		const objections = ({ body }: { body: unknown }) => {
			const { personalizations } = body as MailBody;
			const placeOf = (index: number) =>
				personalizations.findIndex(({ to }) => to[0]!.email === `person${index}@example.com`);
			return {
				errors: refused.map((index) => ({
					message: 'Does not contain a valid address.',
					field: `personalizations.${placeOf(index)}.to.0.email`,
					help: null,
				})),
			};
		};
		sendGrid.failNext(requestTo(refused[0]!), { status: 400, body: objections });
	};

	it.each([true, false])('sink only themselves (continue on fail: %s)', async (continueOnFail) => {
		refuse([7, 500]);
		const run = outputOf(sendGrid, MANY, { items: people(1000), continueOnFail });
		if (continueOnFail) {
			const output = await run;
			output.forEach((json, index) => {
				const isRefused = index === 7 || index === 500;
				expect(json.accepted).toBe(isRefused ? undefined : true);
				if (isRefused) expect(json.error).toContain(`Correct the mail of item ${index}`);
			});
		} else {
			await expect(run).rejects.toMatchObject({
				description: expect.stringContaining('Not sent: items 7, 500.'),
			});
		}
		expect(recipients()).toHaveLength(998);
		expect(new Set(recipients()).size).toBe(998);
		expect(sends()).toHaveLength(2);
	});

	it('may come up again in the next round', async () => {
		refuse([1]);
		refuse([3]);
		const output = await outputOf(sendGrid, MANY, { items: people(5), continueOnFail: true });
		expect(output.map(({ accepted }) => accepted)).toEqual([
			true,
			undefined,
			true,
			undefined,
			true,
		]);
		expect(sends()).toHaveLength(3);
	});

	it('end after ten rounds, with nothing of that request sent', async () => {
		for (let index = 0; index < 12; index++) refuse([index]);
		const output = await outputOf(sendGrid, MANY, { items: people(20), continueOnFail: true });
		expect(sends()).toHaveLength(10);
		expect(output.every(({ message }) => String(message).startsWith('Not sent.'))).toBe(true);
		expect(recipients()).toEqual([]);
	});

	it('sink all if SendGrid objects to something else as well', async () => {
		sendGrid.failNext(requestTo(0), {
			status: 400,
			body: {
				errors: [
					{ message: 'Bad', field: 'personalizations.0.to.0.email' },
					{ message: 'Bad', field: 'from.email' },
				],
			},
		});
		const output = await outputOf(sendGrid, MANY, { items: people(3), continueOnFail: true });
		expect(output.map(({ accepted }) => accepted)).toEqual([undefined, undefined, undefined]);
		expect(sends()).toHaveLength(1);
	});
});

describe('a key that SendGrid does not take any more', () => {
	it.each([
		['Send', { ...SEND, settings: { parallelRequests: 1 } }],
		['Send Many', IN_ORDER],
	])('is not tried again for every item (%s)', async (_, parameters) => {
		await start({ apiKeys: [{ key: 'SG.other' }] });
		const output = await outputOf(sendGrid, parameters, {
			items: people(30),
			continueOnFail: true,
		});
		expect(sends()).toHaveLength(1);
		expect(output).toHaveLength(30);
		for (const json of output) {
			expect(json).toEqual({
				error: expect.stringContaining('Paste a valid API key into the credential'),
				message: expect.stringMatching(/^Not sent\. /),
			});
		}
	});

	it('is not tried again in other resources', async () => {
		await start({ apiKeys: [{ key: 'SG.other' }] });
		const parameters = { resource: 'suppression', operation: 'add', email: 'a@example.com' };
		const output = await outputOf(sendGrid, parameters, {
			items: [{}, {}, {}],
			continueOnFail: true,
		});
		expect(output).toHaveLength(3);
		expect(sendGrid.requests).toHaveLength(1);
	});
});

it('refuses to send for a subuser, whose mail would leave from the parent account', async () => {
	const workflow = new TestWorkflow({
		nodeType: new SendGridEmail(),
		parameters: SEND,
		credentials: {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: sendGrid.url,
			onBehalfOf: ' acme ',
		},
	});
	const context = workflow.executeContext(people(1).map((json) => ({ json })));
	await expect(new SendGridEmail().execute.call(context)).rejects.toMatchObject({
		message: expect.stringMatching(/^Use an API key of the subuser "acme" itself/),
		description: expect.stringContaining('Settings > API Keys'),
	});
	expect(sendGrid.requests).toEqual([]);
});

it.each([0, 21, 1.5, 'many', null])(
	'refuses %p requests at a time, and sends nothing',
	async (parallelRequests) => {
		const settings = { parallelRequests } as INodeParameters;
		await expect(outputOf(sendGrid, { ...SEND, settings }, { items: people(2) })).rejects.toThrow(
			/^Parallel Requests: Enter a whole number from 1 to 20\./,
		);
		expect(sendGrid.requests).toEqual([]);
	},
);

describe('an execution that is stopped', () => {
	it.each([
		['Send', { ...SEND, settings: { parallelRequests: 1 } }, 5],
		['Send Many', IN_ORDER, 50],
	])('sends nothing more (%s)', async (_, parameters, count) => {
		const workflow = sendGridEmailWorkflow(sendGrid, parameters);
		const stop = new AbortController();
		const items = people(count).map((json) => ({ json }));
		const context = workflow.executeContext(items, 'trigger', undefined, 0, stop.signal);
		sendGrid.onMail(() => {
			if (sendGrid.mails.length === 2) stop.abort();
		});
		// The answer to the second one may not be waited for any more.
		await new SendGridEmail().execute.call(context).catch(() => undefined);
		expect(sendGrid.mails).toHaveLength(2);
	});

	it('keeps in mind what was accepted before, for a second try', () => {
		const execution = createRunExecutionData();
		const items = people(3).map((json) => ({ json }));
		const stop = new AbortController();
		const contextOf = (signal?: AbortSignal) =>
			sendGridEmailWorkflow(sendGrid, SEND).executeContext(items, 'trigger', execution, 0, signal);
		const report = new SendReport(contextOf(stop.signal));
		report.begin([0]);
		report.accept(0, { accepted: true });
		stop.abort();
		expect(report.stopped).toBe(true);
		expect(report.finish()).toHaveLength(1);
		expect(new SendReport(contextOf()).openItems).toEqual([1, 2]);
	});
});
