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

		it('names all fields as n8n does', async () => {
			sendGrid.addWebhook({
				url: FOREIGN_URL,
				friendly_name: 'CRM',
				account_status_change: true,
				oauth_client_id: 'sendgrid',
				signed: true,
			});
			const [listed] = await run('getAll');
			const { id } = sendGrid.webhooks[0]!;
			const read = await run('get', id);
			const updated = await run('update', id, { updateFields: { friendlyName: 'New' } });
			const url = TRIGGER_URL;
			const created = await run('create', undefined, { url });
			const names = [listed, read[0], updated[0], created[0]].map((json) => Object.keys(json!));
			for (const each of names) {
				expect(each).toEqual(expect.arrayContaining(['friendlyName', 'publicKey', 'spamReport']));
				expect(each.filter((name) => name.includes('_'))).toEqual([]);
			}
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

	const OAUTH = {
		client: { id: 'sendgrid', secret: 'kept-secret', url: 'https://auth.example.com/token' },
	};

	describe('Create', () => {
		it('makes a signed webhook for the chosen events', async () => {
			const [created] = await run('create', undefined, {
				url: FOREIGN_URL,
				events: ['open', 'spamreport'],
			});
			const [webhook] = sendGrid.webhooks;
			expect(created).toMatchObject({
				id: webhook?.id,
				url: FOREIGN_URL,
				enabled: true,
				open: true,
				spamReport: true,
				click: false,
				publicKey: sendGrid.publicKey(webhook!.id),
			});
		});

		it('sets everything that SendGrid has', async () => {
			const [created] = await run('create', undefined, {
				url: FOREIGN_URL,
				events: ['account_status_change', 'click'],
				additionalFields: { enabled: false, friendlyName: 'CRM', oauth: OAUTH, signed: false },
			});
			expect(sendGrid.webhooks).toMatchObject([
				{
					url: FOREIGN_URL,
					enabled: false,
					friendly_name: 'CRM',
					click: true,
					account_status_change: true,
					oauth_client_id: 'sendgrid',
					oauth_client_secret: 'kept-secret',
					oauth_token_url: 'https://auth.example.com/token',
				},
			]);
			expect(created).toMatchObject({ friendlyName: 'CRM', oauthClientId: 'sendgrid' });
			expect(created).not.toHaveProperty('publicKey');
			expect(JSON.stringify(created)).not.toContain('kept-secret');
		});

		it.each([
			['no URL', { url: ' ' }, 'URL: Enter the address'],
			['a URL that is none', { url: 'crm' }, '"crm" is none'],
			['an unknown event', { events: ['opened'] }, 'Events: Use one of: open, click'],
			[
				'half of OAuth',
				{ additionalFields: { oauth: { client: { id: 'sendgrid' } } } },
				'OAuth: Fill in Client ID, Client Secret and Token URL',
			],
		])('asks nothing of SendGrid with %s', async (_case, wrong: INodeParameters, message) => {
			const parameters = { url: FOREIGN_URL, events: ['open'], ...wrong };
			await expect(run('create', undefined, parameters)).rejects.toThrow(message);
			expect(sendGrid.requests).toHaveLength(0);
		});

		it('says what takes the slots of the plan, and what to do', async () => {
			for (const name of ['a', 'b', 'c']) sendGrid.addWebhook({ url: `${FOREIGN_URL}/${name}` });
			await expect(run('create', undefined, { url: FOREIGN_URL })).rejects.toThrow(
				/^All 3 Event Webhooks of your plan are in use\. Delete one in SendGrid.*sendgrid\/a/,
			);
		});

		it('passes on that there is one with this URL', async () => {
			sendGrid.addWebhook({ url: FOREIGN_URL });
			await expect(run('create', undefined, { url: FOREIGN_URL })).rejects.toThrow(
				'already exists. Please provide a unique URL',
			);
		});

		it('leaves nothing behind that is not signed although it should be', async () => {
			sendGrid.failNext(/^PATCH .*signed/, { status: 403 });
			await expect(run('create', undefined, { url: FOREIGN_URL })).rejects.toThrow(
				/^Use a SendGrid API key with the permission .*: this one lacks it\. Nothing was created\.$/,
			);
			expect(sendGrid.webhooks).toEqual([]);
		});
	});

	describe('Update', () => {
		const existing = () =>
			sendGrid.addWebhook({
				url: FOREIGN_URL,
				enabled: true,
				friendly_name: 'CRM',
				open: true,
				account_status_change: true,
				oauth_client_id: 'old',
				oauth_client_secret: 'old-secret',
				oauth_token_url: 'https://old.example.com',
				signed: true,
			});

		it.each<[string, INodeParameters, object]>([
			['the name', { friendlyName: 'New' }, { friendly_name: 'New' }],
			['no name', { friendlyName: '' }, { friendly_name: '' }],
			['the URL', { url: `${FOREIGN_URL}/2` }, { url: `${FOREIGN_URL}/2` }],
			['that it is disabled', { enabled: false }, { enabled: false }],
			[
				'the events',
				{ events: ['click'] },
				{ click: true, open: false, account_status_change: false },
			],
			[
				'OAuth',
				{ oauth: OAUTH },
				{
					oauth_client_id: 'sendgrid',
					oauth_client_secret: 'kept-secret',
					oauth_token_url: 'https://auth.example.com/token',
				},
			],
			[
				'no OAuth',
				{ oauth: { client: {} } },
				{ oauth_client_id: '', oauth_client_secret: '', oauth_token_url: '' },
			],
		])('changes %s and leaves the rest', async (_case, updateFields, changed) => {
			const webhook = existing();
			const before = { ...webhook };
			const other = sendGrid.addWebhook({ url: 'https://other.example.com' });
			const otherBefore = JSON.stringify(other);

			const [updated] = await run('update', webhook.id, { updateFields });

			expect({ ...webhook, updated_date: '' }).toEqual({ ...before, ...changed, updated_date: '' });
			expect(updated).toMatchObject({ id: webhook.id, url: webhook.url });
			expect(JSON.stringify(other)).toBe(otherBefore);
		});

		it('switches signing off, and on with a new key', async () => {
			const { id } = existing();
			const former = sendGrid.publicKey(id);
			const [off] = await run('update', id, { updateFields: { signed: false } });
			expect(off).not.toHaveProperty('publicKey');
			const [on] = await run('update', id, { updateFields: { signed: true } });
			expect(on?.publicKey).toBe(sendGrid.publicKey(id));
			expect(on?.publicKey).not.toBe(former);
			expect(sendGrid.requests.map(({ method }) => method)).toEqual([
				...['GET', 'PATCH', 'GET'],
				...['GET', 'PATCH', 'GET'],
			]);
		});

		it('needs something to change', async () => {
			await expect(run('update', existing().id)).rejects.toThrow('Add at least one field');
			expect(sendGrid.requests).toHaveLength(0);
		});
	});

	describe('Send Test', () => {
		it('tests the OAuth settings of the webhook as well', async () => {
			const { id } = sendGrid.addWebhook({
				url: TRIGGER_URL,
				oauth_client_id: 'sendgrid',
				oauth_client_secret: 'kept-secret',
				oauth_token_url: 'https://auth.example.com/token',
			});
			await run('sendTest', id);
			expect(sendGrid.requests.at(-1)?.body).toEqual({
				id,
				url: TRIGGER_URL,
				oauth_client_id: 'sendgrid',
				oauth_token_url: 'https://auth.example.com/token',
			});
		});

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
				`Run Rotate Key again: signing of the webhook ${id} is switched off now, and could not be switched on again. Correct what SendGrid refuses: try later`,
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
				'Check the ID: there is no Event Webhook with the ID "no-such-id"',
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
				'API key with the permission user.webhooks.event.settings.delete or user.webhooks.event.settings.update',
			);
		});
	});

	it.each(['get', 'update', 'sendTest', 'rotateKey', 'delete'])(
		'%s asks nothing of SendGrid without an ID: it would act on the oldest webhook',
		async (operation) => {
			await expect(run(operation, ' ')).rejects.toThrow('Webhook: Choose a webhook');
			expect(sendGrid.requests).toHaveLength(0);
		},
	);

	it.each(['.', '..'])('takes %j for no ID, which would lead to another call', async (id) => {
		const { id: oldest } = sendGrid.addWebhook({ url: FOREIGN_URL, signed: true });
		const key = sendGrid.publicKey(oldest);
		for (const operation of ['get', 'sendTest', 'rotateKey', 'delete']) {
			await expect(run(operation, id)).rejects.toThrow(`"${id}" cannot be one`);
		}
		expect(sendGrid.requests).toHaveLength(0);
		expect(sendGrid.publicKey(oldest)).toBe(key);
	});

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
