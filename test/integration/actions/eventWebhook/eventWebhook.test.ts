import type { INodeParameters } from 'n8n-workflow';
import { outputOf, sendGridEmailWorkflow } from '../../support/runSendGridEmail';
import { SendGridEmulator } from '../../../../emulator/sendGridEmulator';
import { searchEventWebhooks } from '../../../../nodes/SendGrid/fields/locators';

/** Nothing listens there. */
const TRIGGER_URL = 'http://127.0.0.1:9/webhook/3d5c0b6e-6f0a-4ad5-9c5b-a6a1c0a3e111/events';
const FOREIGN_URL = 'https://crm.example.com/sendgrid';

describe('Event Webhook', () => {
	let sendGrid: SendGridEmulator;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start({ maxWebhooks: 3 });
	});

	afterEach(async () => {
		await sendGrid.stop();
	});

	const run = async (operation: string, id?: string, parameters: INodeParameters = {}) =>
		await outputOf(sendGrid, {
			resource: 'eventWebhook',
			operation,
			...(id !== undefined && { webhookId: { __rl: true, mode: 'id', value: id } }),
			...parameters,
		});

	describe('Get Many', () => {
		it('shows each webhook with the slots and whether it looks like a trigger', async () => {
			sendGrid.addWebhook({ url: TRIGGER_URL, friendly_name: 'Newsletter', open: true });
			sendGrid.addWebhook({ url: FOREIGN_URL, enabled: false, account_status_change: true });

			await expect(run('getAll')).resolves.toMatchObject([
				{
					id: sendGrid.webhooks[0]?.id,
					url: TRIGGER_URL,
					friendlyName: 'Newsletter',
					open: true,
					looksLikeTrigger: true,
					usedSlots: 2,
					allowedSlots: 3,
				},
				{
					url: FOREIGN_URL,
					enabled: false,
					accountStatusChange: true,
					looksLikeTrigger: false,
					usedSlots: 2,
					allowedSlots: 3,
				},
			]);
		});

		it.each(['object', 'array'] as const)('puts out nothing for no webhooks (%s)', async (form) => {
			await sendGrid.stop();
			sendGrid = await SendGridEmulator.start({ emptyWebhookList: form });

			await expect(run('getAll')).resolves.toEqual([]);
		});
	});

	describe('Get', () => {
		it('shows the settings of one webhook, its public key included', async () => {
			sendGrid.addWebhook({ url: FOREIGN_URL });
			const { id } = sendGrid.addWebhook({ url: TRIGGER_URL, signed: true, click: true });

			await expect(run('get', id)).resolves.toMatchObject([
				{ id, url: TRIGGER_URL, click: true, publicKey: sendGrid.publicKey(id) },
			]);
		});

		it('says that an ID is unknown', async () => {
			await expect(run('get', 'no-such-id')).rejects.toThrow(
				'does not know /v3/user/webhooks/event/settings/no-such-id',
			);
		});
	});

	describe('Send Test', () => {
		it("has SendGrid post its sample events to the webhook's own URL", async () => {
			const { id, url } = sendGrid.addWebhook({ url: TRIGGER_URL });
			sendGrid.addWebhook({ url: FOREIGN_URL });

			await expect(run('sendTest', id)).resolves.toEqual([{ id, url, sent: true }]);
			await sendGrid.idle();
			expect(sendGrid.attempts).toMatchObject([{ webhookId: id, url }]);
		});
	});

	describe('Rotate Key', () => {
		it('makes a new key and returns it', async () => {
			const { id } = sendGrid.addWebhook({ url: TRIGGER_URL, signed: true });
			const oldKey = sendGrid.publicKey(id);

			const [result] = await run('rotateKey', id);

			expect(result).toEqual({ id, publicKey: sendGrid.publicKey(id) });
			expect(result?.publicKey).not.toBe(oldKey);
		});

		it('says that signing is off if it could not be switched on again', async () => {
			const { id } = sendGrid.addWebhook({ url: TRIGGER_URL, signed: true });
			sendGrid.failNext(({ body }) => (body as { enabled?: boolean }).enabled === true, {
				status: 400,
				body: { errors: [{ message: 'try later' }] },
			});

			await expect(run('rotateKey', id)).rejects.toThrow(
				`Signing of the webhook ${id} is switched off now, and could not be switched on again: SendGrid: try later`,
			);
		});
	});

	describe('Delete', () => {
		it('deletes the one webhook with the ID', async () => {
			sendGrid.addWebhook({ url: FOREIGN_URL });
			const { id } = sendGrid.addWebhook({ url: TRIGGER_URL });

			await expect(run('delete', id)).resolves.toEqual([{ id, deleted: true }]);
			expect(sendGrid.webhooks.map(({ url }) => url)).toEqual([FOREIGN_URL]);
		});

		it('deletes nothing for an unknown ID', async () => {
			sendGrid.addWebhook({ url: FOREIGN_URL });

			await expect(run('delete', 'no-such-id')).rejects.toThrow(
				'There is no Event Webhook with the ID "no-such-id"',
			);
			expect(sendGrid.webhooks).toHaveLength(1);
		});

		it('names the permission that the API key lacks', async () => {
			await sendGrid.stop();
			const scopes = ['user.webhooks.event.settings.read'];
			sendGrid = await SendGridEmulator.start({ apiKeys: [{ key: 'SG.reader', scopes }] });
			const { id } = sendGrid.addWebhook({ url: TRIGGER_URL });

			await expect(
				outputOf(
					sendGrid,
					{
						resource: 'eventWebhook',
						operation: 'delete',
						webhookId: { __rl: true, mode: 'id', value: id },
					},
					{ apiKey: 'SG.reader' },
				),
			).rejects.toThrow(
				'lacks the permission user.webhooks.event.settings.delete or user.webhooks.event.settings.update',
			);
		});
	});

	it.each(['get', 'sendTest', 'rotateKey', 'delete'])(
		'%s asks nothing of SendGrid without an ID: it would act on the oldest webhook',
		async (operation) => {
			await expect(run(operation, ' ')).rejects.toThrow('Webhook: Choose a webhook');
			expect(sendGrid.requests).toHaveLength(0);
		},
	);

	it('goes on after a failed item with continue on fail', async () => {
		const { id } = sendGrid.addWebhook({ url: TRIGGER_URL });

		const output = await outputOf(
			sendGrid,
			{
				resource: 'eventWebhook',
				operation: 'delete',
				webhookId: { __rl: true, mode: 'id', value: '={{ $json.id }}' },
			},
			{ items: [{ id: 'no-such-id' }, { id }], continueOnFail: true },
		);

		expect(output).toMatchObject([
			{ error: expect.stringContaining('no Event Webhook with the ID "no-such-id"') },
			{ id, deleted: true },
		]);
	});

	it('lists webhooks in the editor, by name or URL', async () => {
		const { id } = sendGrid.addWebhook({ url: TRIGGER_URL, friendly_name: 'Newsletter' });
		sendGrid.addWebhook({ url: FOREIGN_URL });
		const context = sendGridEmailWorkflow(sendGrid, {
			resource: 'eventWebhook',
			operation: 'get',
		}).loadOptionsContext();

		await expect(searchEventWebhooks.call(context, 'newsLETTER')).resolves.toEqual({
			results: [{ name: `Newsletter (${TRIGGER_URL})`, value: id }],
		});
		await expect(searchEventWebhooks.call(context)).resolves.toMatchObject({
			results: [{ name: FOREIGN_URL }, { value: id }],
		});
	});
});
