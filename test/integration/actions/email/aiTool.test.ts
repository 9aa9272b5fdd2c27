import type { IExecuteFunctions } from 'n8n-workflow';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { SendGridEmulator } from '../../../../emulator';
import { sendGridEmailWorkflow } from '../../support/runSendGridEmail';

const fromAI = (name: string) => `={{ $fromAI('${name}') }}`;

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({ mailEvents: false });
});
afterEach(async () => await sendGrid.stop());

describe('as a tool of an AI agent', () => {
	const asTool = async (args: { to: string; subject: string; text: string }) => {
		const workflow = sendGridEmailWorkflow(sendGrid, {
			from: { __rl: true, mode: 'address', value: 'Ann <ann@example.com>' },
			to: fromAI('to'),
			subject: fromAI('subject'),
			text: fromAI('text'),
		});
		const context = workflow.toolContext(args) as unknown as IExecuteFunctions;
		return await new SendGridEmail().execute.call(context);
	};

	it('sends what the model wrote, and tells it the outcome', async () => {
		const [output] = await asTool({ to: 'bob@example.com', subject: 'Hi', text: 'Hello' });
		expect(sendGrid.mails).toMatchObject([{ body: { subject: 'Hi' } }]);
		expect(output).toMatchObject([{ json: { accepted: true, to: ['bob@example.com'] } }]);
	});

	it('tells the model which field to correct, and how', async () => {
		await expect(asTool({ to: 'Bob', subject: 'Hi', text: 'Hello' })).rejects.toThrow(
			/^To: Enter an address such as ann@example\.com\. "Bob" is not an email address/,
		);
	});
});
