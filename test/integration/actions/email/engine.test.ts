import type { INode, INodeParameters } from 'n8n-workflow';
import { SendGridEmulator } from '../../../../emulator';
import { sendGridEmailWorkflow } from '../../support/runSendGridEmail';

const people = (count: number) =>
	Array.from({ length: count }, (_, index) => ({
		json: { email: `person${index}@example.com`, id: index },
	}));

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({ mailEvents: false });
});
afterEach(async () => await sendGrid.stop());

const recipients = () =>
	sendGrid.mails.flatMap(({ body }) =>
		body.personalizations.flatMap(({ to }) => to.map(({ email }) => email)),
	);

/** A mail to the address of each item. */
const MAIL = {
	from: 'ann@example.com',
	to: '={{ $json.email }}',
	subject: 'Hi',
	text: 'Hello',
};

/** Runs four items, of which the one with this index is refused once, and so is its request. */
async function run(
	operation: 'send' | 'sendMany',
	nodeSettings: Partial<INode>,
	parameters: INodeParameters = {},
) {
	const workflow = sendGridEmailWorkflow(sendGrid, {
		operation,
		...MAIL,
		...parameters,
	});
	Object.assign(workflow.node, nodeSettings);
	sendGrid.failNext(
		({ path, body }) =>
			path === '/v3/mail/send' && JSON.stringify(body).includes('person2@example.com'),
		{ status: 400 },
	);
	const { data, ...task } = await workflow.run(people(4));
	return { ...task, outputs: data?.main ?? [] };
}

describe.each(['send', 'sendMany'] as const)("n8n's engine, operation %s", (operation) => {
	// Pairs of items share a category, and so a request of Send Many.
	const parameters = { categories: '={{ "pair" + Math.floor($json.id / 2) }}' };
	const failed = operation === 'send' ? [2] : [2, 3];
	const accepted = [0, 1, 2, 3].filter((item) => !failed.includes(item));

	it('sends only failed items down the error output, with the fields they came with', async () => {
		const { outputs } = await run(operation, { onError: 'continueErrorOutput' }, parameters);
		const [success, error] = outputs;
		expect(success!.map(({ json, pairedItem }) => [json.accepted, pairedItem])).toEqual(
			accepted.map((item) => [true, { item }]),
		);
		expect(error).toEqual(
			failed.map((item) => ({
				json: {
					email: `person${item}@example.com`,
					id: item,
					error: expect.stringMatching(/^Correct what SendGrid refuses: /),
					message: expect.stringMatching(/^Not sent\. /),
				},
				pairedItem: { item },
			})),
		);
	});

	it('keeps failed items among the others if the node just continues', async () => {
		const { outputs } = await run(operation, { onError: 'continueRegularOutput' }, parameters);
		expect(outputs[0]!.map(({ json }) => 'error' in json)).toEqual(
			[0, 1, 2, 3].map((item) => failed.includes(item)),
		);
	});

	it('sends nothing twice on Retry On Fail', async () => {
		const settings = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
		const { outputs, executionStatus } = await run(operation, settings, parameters);
		expect(executionStatus).toBe('success');
		expect(recipients().sort()).toEqual(people(4).map(({ json }) => json.email));
		expect(outputs[0]!.map(({ json }) => json.accepted)).toEqual(Array(4).fill(true));
	});

	it('ends the workflow at the first failure otherwise', async () => {
		const { error, executionStatus } = await run(operation, {}, parameters);
		expect(executionStatus).toBe('error');
		expect(error).toMatchObject({
			description: expect.stringContaining('Accepted by SendGrid: items 0–1'),
		});
	});
});

it.each(['send', 'sendMany'] as const)(
	'Retry On Fail sends no mail again whose answer was lost, operation %s',
	async (operation) => {
		const count = operation === 'send' ? 20 : 1000;
		const workflow = sendGridEmailWorkflow(sendGrid, {
			operation,
			...MAIL,
		});
		Object.assign(workflow.node, { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 });
		// SendGrid takes the mail, and each time the connection breaks before it has said so.
		const lost = { connection: 'break', afterWork: true } as const;
		sendGrid.failNext('POST /v3/mail/send', lost, 2);
		const { executionStatus, error } = await workflow.run(people(count));
		expect(executionStatus).toBe('error');
		expect(error).toMatchObject({ message: expect.stringContaining('before you send this mail') });
		const sent = recipients();
		expect(new Set(sent).size).toBe(sent.length);
		// Send stops at the first failure, with what is under way by then.
		expect(sent.length).toBeGreaterThanOrEqual(operation === 'send' ? 2 : count);
	},
);
