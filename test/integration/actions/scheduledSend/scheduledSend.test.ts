import { outputOf } from '../../support/runSendGridEmail';
import { SendGridEmulator } from '../../../../emulator/sendGridEmulator';

const BATCH = 'HkJ5yLYULb7Rj8GKSx7u025ouWVlMgAi';

describe('Scheduled Send', () => {
	let sendGrid: SendGridEmulator;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start();
		sendGrid.account().batchIds.add(BATCH);
	});

	afterEach(async () => {
		await sendGrid.stop();
	});

	const run = async (operation: string, batchId = BATCH, options = {}) =>
		await outputOf(sendGrid, { resource: 'scheduledSend', operation, batchId }, options);

	const statusInSendGrid = () => sendGrid.account().scheduledSends.get(BATCH);

	it.each(['pause', 'cancel'] as const)('can %s a batch', async (status) => {
		await expect(run(status)).resolves.toEqual([{ batchId: BATCH, status }]);
		expect(statusInSendGrid()).toBe(status);
	});

	it.each([
		['pause', 'cancel'],
		['cancel', 'pause'],
	] as const)(
		'can %s a batch and then %s it, for which SendGrid has another call',
		async (first, second) => {
			await run(first);

			await expect(run(second)).resolves.toEqual([{ batchId: BATCH, status: second }]);
			expect(statusInSendGrid()).toBe(second);
		},
	);

	it.each(['pause', 'cancel'] as const)('can %s a batch twice', async (status) => {
		await run(status);

		await expect(run(status)).resolves.toEqual([{ batchId: BATCH, status }]);
		expect(statusInSendGrid()).toBe(status);
	});

	it.each(['pause', 'cancel'] as const)('resumes after %s', async (before) => {
		await run(before);

		await expect(run('resume')).resolves.toEqual([{ batchId: BATCH, status: 'none' }]);
		expect(statusInSendGrid()).toBeUndefined();
	});

	it('does not claim to resume what is neither paused nor cancelled', async () => {
		await expect(run('resume')).rejects.toThrow(
			`Check the batch ID: the batch "${BATCH}" is neither paused nor cancelled`,
		);
	});

	it('tells what was decided about a batch', async () => {
		sendGrid.account().batchIds.add('another');
		await run('cancel', 'another');

		await expect(run('get')).resolves.toEqual([{ batchId: BATCH, status: 'none' }]);
		await run('pause');
		await expect(run('get')).resolves.toEqual([{ batchId: BATCH, status: 'pause' }]);
	});

	it('lists what is paused or cancelled', async () => {
		sendGrid.account().batchIds.add('another');
		await run('pause');
		await run('cancel', 'another');

		await expect(run('getAll')).resolves.toEqual([
			{ batchId: BATCH, status: 'pause' },
			{ batchId: 'another', status: 'cancel' },
		]);
	});

	it.each([
		[BATCH, true],
		['mistyped', false],
		['../send', false],
	])('tells whether SendGrid knows the batch ID %s: %p', async (batchId, valid) => {
		await expect(run('validateBatchId', batchId)).resolves.toEqual([{ batchId, valid }]);
	});

	it('takes no answer of something else for "not valid"', async () => {
		sendGrid.failNext(/batch/, { status: 404, body: '<html>' });
		await expect(run('validateBatchId')).rejects.toThrow('does not know');
	});

	it('takes a 404 of SendGrid for "nothing was decided"', async () => {
		sendGrid.failNext(`GET /v3/user/scheduled_sends/${BATCH}`, { status: 404 });

		await expect(run('get')).resolves.toEqual([{ batchId: BATCH, status: 'none' }]);
	});

	it("passes SendGrid's refusal of an unknown batch on", async () => {
		await expect(run('pause', 'mistyped')).rejects.toThrow('invalid batch id');
	});

	it.each(['get', 'pause', 'cancel', 'resume', 'validateBatchId'])(
		'%s needs a batch ID',
		async (operation) => {
			await expect(run(operation, ' ')).rejects.toThrow('Batch ID: Enter the batch ID');
			expect(sendGrid.requests).toHaveLength(0);
		},
	);

	it('names the permission that the API key lacks', async () => {
		await sendGrid.stop();
		const scopes = ['user.scheduled_sends.read'];
		sendGrid = await SendGridEmulator.start({ apiKeys: [{ key: 'SG.reader', scopes }] });

		await expect(run('pause', BATCH, { apiKey: 'SG.reader' })).rejects.toThrow(
			'API key with the permission user.scheduled_sends.create',
		);
	});

	it('goes on after a failed item with continue on fail', async () => {
		const items = [{ id: 'mistyped' }, { id: BATCH }];

		await expect(
			run('cancel', '={{ $json.id }}', { items, continueOnFail: true }),
		).resolves.toMatchObject([
			{ error: expect.stringContaining('invalid batch id') },
			{ batchId: BATCH, status: 'cancel' },
		]);
	});
});
