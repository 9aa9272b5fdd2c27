import '../../support/n8nEnvironment';
import { Container } from '@n8n/di';
import { BinaryDataService } from 'n8n-core';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { SendGridEmulator } from '../../../../emulator';
import { sendGridEmailWorkflow } from '../../support/runSendGridEmail';

const MB = 1024 * 1024;

const MAIL: INodeParameters = {
	from: 'ann@example.com',
	to: '={{ $json.email }}',
	subject: 'Hi',
	text: 'Hello',
	additionalFields: { attachments: 'data' },
};

let sendGrid: SendGridEmulator;
beforeAll(async () => await Container.get(BinaryDataService).init());
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({ mailEvents: false });
});
afterEach(async () => await sendGrid.stop());

/** Runs items that hold these files, or the same file, in n8n's storage instead of in memory. */
async function run(parameters: INodeParameters, files: Buffer[], count = files.length) {
	const workflow = sendGridEmailWorkflow(sendGrid, parameters);
	const { helpers } = workflow.executeContext();
	const stored = await Promise.all(
		files.map(async (file) => await helpers.prepareBinaryData(file, 'a.txt', 'text/plain')),
	);
	expect(stored.every(({ id, data }) => id !== undefined && data.length < 100)).toBe(true);
	const items = Array.from({ length: count }, (_, index) => ({
		json: { email: `person${index}@example.com` },
		binary: { data: stored[index % stored.length]! },
	}));
	await new SendGridEmail().execute.call(workflow.executeContext(items));
	return sendGrid.requests.map(({ body }) => body as IDataObject);
}

const attached = (file: Buffer) => [
	{
		content: file.toString('base64'),
		filename: 'a.txt',
		type: 'text/plain',
		disposition: 'attachment',
	},
];

describe("files in n8n's storage", () => {
	it('are attached', async () => {
		const file = Buffer.from('Hello');
		expect(await run(MAIL, [file])).toMatchObject([{ attachments: attached(file) }]);
	});

	it('travel once for all recipients of the same one', async () => {
		const files = [Buffer.from('first'), Buffer.from('second')];
		const bodies = await run({ ...MAIL, operation: 'sendMany' }, files, 6);
		// The requests go out together, so either may arrive first.
		expect(bodies).toHaveLength(files.length);
		expect(bodies.map(({ attachments }) => attachments)).toEqual(
			expect.arrayContaining(files.map(attached)),
		);
		expect(bodies.map(({ personalizations }) => personalizations)).toEqual([
			[expect.anything(), expect.anything(), expect.anything()],
			[expect.anything(), expect.anything(), expect.anything()],
		]);
	});

	it('are refused above 30 MB before the call', async () => {
		await expect(run(MAIL, [Buffer.alloc(23 * MB)])).rejects.toThrow(
			/^Attachments: Link to large files instead\..+ the mail has 32\.2 MB/,
		);
		expect(sendGrid.requests).toEqual([]);
	});
});
