import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { DEFAULT_API_KEY, SendGridEmulator } from '../../../../emulator';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { TestWorkflow } from '../../support/n8nContexts';
import { outputOf, type RunOptions } from '../../support/runSendGridEmail';

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start();
});
afterEach(async () => await sendGrid.stop());

const run = async (operation: string, parameters: INodeParameters = {}, options: RunOptions = {}) =>
	await outputOf(sendGrid, { resource: 'emailActivity', operation, ...parameters }, options);
const getAll = async (filters: IDataObject, more: INodeParameters = {}) =>
	await run('getAll', { filters: filters as INodeParameters, ...more });

/** Adds messages, each with its last event so many seconds after the one before. */
function addMessages(count: number, secondsApart: number, start = Date.now() - 3_600_000) {
	for (let index = 0; index < count; index++) {
		const time = new Date(start + index * secondsApart * 1000).toISOString();
		sendGrid.account().emailActivity.add({
			msg_id: `m${index}.recvd-1`,
			to_email: `c${index}@example.com`,
			subject: index % 2 ? 'Odd' : 'Even',
			last_event_time: `${time.slice(0, 19)}Z`,
		});
	}
}

describe('of mail that was sent', () => {
	let messageId: string;
	beforeEach(async () => {
		const [sent] = await outputOf(sendGrid, {
			resource: 'email',
			operation: 'send',
			from: 'news@example.com',
			to: 'ann@example.com, bounce@example.com',
			subject: 'Hello',
			text: 'Hello',
			customArgs: { values: [{ name: 'contactId', value: '42' }] },
		});
		messageId = sent!.messageId as string;
		await sendGrid.idle();
	});

	it('Get Many finds each recipient with status, opens and clicks', async () => {
		const found = await getAll({ messageId });
		expect(found).toHaveLength(2);
		expect(found).toEqual(
			expect.arrayContaining([
				{
					messageId,
					sgMessageId: expect.stringContaining(`${messageId}.`),
					fromEmail: 'news@example.com',
					toEmail: 'ann@example.com',
					subject: 'Hello',
					status: 'delivered',
					opensCount: 1,
					clicksCount: 1,
					lastEventTime: expect.stringMatching(/^\d{4}-.*Z$/),
				},
				expect.objectContaining({ toEmail: 'bounce@example.com', status: 'not_delivered' }),
			]),
		);
	});

	it.each<[string, IDataObject, string[]]>([
		['the recipient', { toEmail: 'ann@example.com' }, ['ann@example.com']],
		[
			'the sender and the event',
			{ fromEmail: 'news@example.com', event: 'clicked' },
			['ann@example.com'],
		],
		['the status', { status: 'not_delivered' }, ['bounce@example.com']],
		['another subject', { subject: 'Goodbye' }, []],
		['a query of the user', { query: 'clicks > 0 OR opens > 5' }, ['ann@example.com']],
		[
			'custom args',
			{ query: 'unique_args["contactId"] = "42"', status: 'delivered' },
			['ann@example.com'],
		],
		['a time that has passed', { until: '2020-01-01T00:00:00Z' }, []],
		[
			'the last day',
			{ since: '={{ $now.minus({ days: 1 }) }}', event: 'bounced' },
			['bounce@example.com'],
		],
	])('Get Many finds by %s', async (_, filters, recipients) => {
		const found = await getAll(filters);
		expect(found.map(({ toEmail }) => toEmail)).toEqual(recipients);
	});

	it('Get Many finds the newest messages without any filter', async () => {
		await expect(getAll({})).resolves.toHaveLength(2);
	});

	it('Get tells everything that happened, for each recipient of the mail', async () => {
		const found = await run('get', { messageId });
		expect(found).toHaveLength(2);
		const ann = found.find(({ toEmail }) => toEmail === 'ann@example.com');
		expect(ann).toMatchObject({
			messageId,
			status: 'delivered',
			opensCount: 1,
			clicksCount: 1,
			customArgs: { contactId: '42' },
		});
		expect((ann!.events as IDataObject[]).map(({ eventName }) => eventName)).toEqual([
			'processed',
			'delivered',
			'opened',
			'clicked',
		]);
	});

	it('Get takes the longer ID for one recipient', async () => {
		const [{ sgMessageId } = {}] = await getAll({ toEmail: 'ann@example.com' });
		await expect(run('get', { messageId: sgMessageId as string })).resolves.toMatchObject([
			{ toEmail: 'ann@example.com', sgMessageId },
		]);
	});
});

describe('Get', () => {
	it.each(['unknown', 'unknown.recvd-1'])('says that there is nothing of %s', async (messageId) => {
		await expect(run('get', { messageId })).rejects.toThrow(
			`Check the message ID: SendGrid has no activity of the message ${messageId}`,
		);
	});

	it('needs an ID', async () => {
		await expect(run('get', { messageId: ' ' })).rejects.toThrow(
			'Message ID: Enter the "messageId" of the mail.',
		);
	});
});

describe('Get Many', () => {
	it('reads everything, however much SendGrid gives at once', async () => {
		addMessages(2500, 1);
		const found = await getAll({}, { returnAll: true });
		expect(found).toHaveLength(2500);
		expect(new Set(found.map(({ sgMessageId }) => sgMessageId)).size).toBe(2500);
		expect(sendGrid.requests).toHaveLength(3);
	});

	it('loses none where several have the same second', async () => {
		addMessages(1500, 0);
		addMessages(2100, 0.01);
		await expect(getAll({}, { returnAll: true })).resolves.toHaveLength(2100);
	});

	it('stays within a limit and a time range, the newest first', async () => {
		const start = Date.now() - 3_600_000;
		addMessages(2000, 1, start);
		const since = new Date(start + 100_000).toISOString();
		const until = new Date(start + 1_400_000).toISOString();
		const found = await getAll({ since, until, subject: 'Even' }, { limit: 3 });
		expect(found.map(({ messageId }) => messageId)).toEqual(['m1400', 'm1398', 'm1396']);
		await expect(getAll({ since, until }, { returnAll: true })).resolves.toHaveLength(1301);
	});

	it('says so where a single second has more than SendGrid gives', async () => {
		addMessages(1001, 0);
		await expect(getAll({}, { returnAll: true })).rejects.toThrow(
			/^Narrow the filters, .* more than 1000 messages had their last event at/,
		);
	});

	it.each<[IDataObject, string]>([
		[
			{ status: '={{ "lost" }}' },
			'Filters › Status: Use one of: delivered, not_delivered, processed.',
		],
		[{ event: '={{ "seen" }}' }, 'Filters › Event: Use one of: bounced'],
		[{ since: 'yesterday' }, 'Filters › Since: Enter a date and time'],
		[{ subject: '={{ ["a"] }}' }, 'Filters › Subject: Enter text.'],
	])('refuses %j before the call', async (filters, message) => {
		await expect(getAll(filters)).rejects.toThrow(message);
		expect(sendGrid.requests).toHaveLength(0);
	});

	it("passes on what SendGrid says of a query of the user's", async () => {
		await expect(getAll({ query: 'shoe = "42"' })).rejects.toThrow(
			"invalid syntax: 'shoe' is not a known field",
		);
	});
});

it('says that the add-on is needed', async () => {
	await sendGrid.stop();
	const apiKeys = [{ key: DEFAULT_API_KEY, scopes: ['mail.send'] }];
	sendGrid = await SendGridEmulator.start({ apiKeys });
	await expect(getAll({})).rejects.toMatchObject({
		message: expect.stringContaining(
			"permission messages.read, or get SendGrid's add-on for email activity: this one lacks it",
		),
		description: expect.stringContaining('30 Days Additional Email Activity History'),
	});
});

it.each(['get', 'getAll'])('%s says that the region EU has none', async (operation) => {
	const workflow = new TestWorkflow({
		nodeType: new SendGridEmail(),
		parameters: { resource: 'emailActivity', operation, messageId: 'x' },
		credentials: { apiKey: DEFAULT_API_KEY, region: 'eu' },
	});
	await expect(new SendGridEmail().execute.call(workflow.executeContext())).rejects.toThrow(
		'Use the SendGrid Email Trigger instead: SendGrid has no email activity in the region EU',
	);
});
