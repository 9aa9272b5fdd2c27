import { EventWebhook } from '@sendgrid/eventwebhook';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '..';
import type { SendGridEmulator } from '..';
import { call, cleanUp } from './support';

const SETTINGS = '/v3/user/webhooks/event/settings';
const HOOK = { url: 'https://example.com/hook', enabled: true, open: true, friendly_name: 'Ours' };

const start = cleanUp();
let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await start.sendGrid({
		maxWebhooks: 2,
		now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
	});
});

async function create(changes: Record<string, unknown> = {}): Promise<string> {
	const { body } = await call(sendGrid, `POST ${SETTINGS}`, { ...HOOK, ...changes });
	return (body as { id: string }).id;
}

describe('creating an Event Webhook', () => {
	it('answers 201 with the whole webhook', async () => {
		const { status, body } = await call(sendGrid, `POST ${SETTINGS}`, HOOK);
		expect(status).toBe(201);
		expect(body).toEqual({
			enabled: true,
			url: 'https://example.com/hook',
			group_resubscribe: false,
			delivered: false,
			group_unsubscribe: false,
			spam_report: false,
			bounce: false,
			deferred: false,
			unsubscribe: false,
			processed: false,
			open: true,
			click: false,
			dropped: false,
			friendly_name: 'Ours',
			id: sendGrid.webhooks[0]?.id,
			created_date: '2026-01-02T03:04:05Z',
			updated_date: '2026-01-02T03:04:05Z',
		});
	});

	it('makes no key pair', async () => {
		await create();
		expect(sendGrid.webhooks[0]?.signingKey).toBeUndefined();
	});

	it('takes no notice of account_status_change, which only an update sets', async () => {
		await create({ account_status_change: true });
		expect(sendGrid.webhooks[0]?.account_status_change).toBe(false);
	});

	it('keeps the client secret of OAuth to itself', async () => {
		const { body } = await call(sendGrid, `POST ${SETTINGS}`, {
			...HOOK,
			oauth_client_id: 'id',
			oauth_client_secret: 'secret',
			oauth_token_url: 'https://example.com/token',
		});
		expect(body).toMatchObject({
			oauth_client_id: 'id',
			oauth_token_url: 'https://example.com/token',
		});
		expect(JSON.stringify(body)).not.toContain('secret');
	});

	it.each([
		['no URL', undefined, ''],
		['a URL without a scheme', 'example.com', 'example.com'],
		['a URL that is not for the web', 'ftp://example.com', 'ftp://example.com'],
	])('refuses %s', async (_, url, shown) => {
		const { status, body } = await call(sendGrid, `POST ${SETTINGS}`, { ...HOOK, url });
		expect(status).toBe(400);
		expect(body).toEqual({ errors: [{ message: `'${shown}' is not a valid url` }] });
	});

	it('refuses a URL that another webhook has, and says which', async () => {
		const id = await create();
		const { status, body } = await call(sendGrid, `POST ${SETTINGS}`, HOOK);
		expect(status).toBe(400);
		expect(body).toEqual({
			errors: [
				{
					id,
					message:
						"Webhook at 'https://example.com/hook' already exists. Please provide a unique URL.",
					url: 'https://example.com/hook',
				},
			],
		});
	});

	it('refuses one more than the plan allows; disabled ones count', async () => {
		sendGrid.addWebhook({ url: 'https://example.com/1', enabled: false });
		sendGrid.addWebhook({ url: 'https://example.com/2', enabled: false });
		const { status, body } = await call(sendGrid, `POST ${SETTINGS}`, HOOK);
		expect(status).toBe(400);
		expect(body).toEqual({
			errors: [
				{
					message: 'You have reached the maximum number of webhooks per your current billing plan.',
				},
			],
		});
	});

	it('refuses a flag that is not a boolean', async () => {
		const { status, body } = await call(sendGrid, `POST ${SETTINGS}`, { ...HOOK, open: 'yes' });
		expect(status).toBe(400);
		expect(body).toEqual({
			errors: [{ field: 'open', message: 'Invalid type. Expected: boolean, given: string.' }],
		});
	});
});

describe('listing Event Webhooks', () => {
	it('shows an empty object when there is none, as documented', async () => {
		const { status, body } = await call(sendGrid, `GET ${SETTINGS}/all`);
		expect(status).toBe(200);
		expect(body).toEqual({ max_allowed: 2, webhooks: [{}] });
	});

	it('can show an empty list instead', async () => {
		const other = await start.sendGrid({ emptyWebhookList: 'array' });
		const { body } = await call(other, `GET ${SETTINGS}/all`);
		expect(body).toEqual({ max_allowed: 5, webhooks: [] });
	});

	it('shows dates, and the public key of those that are signed', async () => {
		const { id } = sendGrid.addWebhook({ url: 'https://example.com/1', signed: true });
		sendGrid.addWebhook({ url: 'https://example.com/2' });
		const { body } = await call(sendGrid, `GET ${SETTINGS}/all`);
		const [signed, unsigned] = (body as { webhooks: Array<Record<string, unknown>> }).webhooks;
		expect(signed).toMatchObject({
			id,
			public_key: sendGrid.publicKey(id),
			created_date: '2026-01-02T03:04:05Z',
		});
		expect(unsigned).not.toHaveProperty('public_key');
	});

	it('shows account_status_change only when asked', async () => {
		sendGrid.addWebhook({ url: 'https://example.com/1', account_status_change: true });
		const plain = await call(sendGrid, `GET ${SETTINGS}/all`);
		const asked = await call(sendGrid, `GET ${SETTINGS}/all?include=account_status_change`);
		expect(JSON.stringify(plain.body)).not.toContain('account_status_change');
		expect(asked.body).toMatchObject({ webhooks: [{ account_status_change: true }] });
	});
});

describe('reading an Event Webhook', () => {
	it('shows it without dates, as documented', async () => {
		const id = await create();
		const { status, body } = await call(sendGrid, `GET ${SETTINGS}/${id}`);
		expect(status).toBe(200);
		expect(body).toMatchObject({ id, url: HOOK.url, open: true });
		expect(body).not.toHaveProperty('created_date');
	});

	it('shows the oldest one when no id is given', async () => {
		sendGrid.addWebhook({ url: 'https://example.com/2', created_date: '2025-02-01T00:00:00Z' });
		sendGrid.addWebhook({ url: 'https://example.com/1', created_date: '2025-01-01T00:00:00Z' });
		const { body } = await call(sendGrid, `GET ${SETTINGS}`);
		expect(body).toMatchObject({ url: 'https://example.com/1' });
	});
});

describe('changing an Event Webhook', () => {
	it('changes what is given and leaves the rest', async () => {
		const id = await create();
		const { status, body } = await call(sendGrid, `PATCH ${SETTINGS}/${id}`, { click: true });
		expect(status).toBe(200);
		expect(body).toMatchObject({ id, url: HOOK.url, open: true, click: true });
	});

	it('sets account_status_change', async () => {
		const id = await create();
		await call(sendGrid, `PATCH ${SETTINGS}/${id}`, { account_status_change: true });
		expect(sendGrid.webhooks[0]?.account_status_change).toBe(true);
	});

	it("refuses another webhook's URL but not its own", async () => {
		const id = await create();
		sendGrid.addWebhook({ url: 'https://example.com/taken' });
		const taken = await call(sendGrid, `PATCH ${SETTINGS}/${id}`, {
			url: 'https://example.com/taken',
		});
		const own = await call(sendGrid, `PATCH ${SETTINGS}/${id}`, { url: HOOK.url });
		expect([taken.status, own.status]).toEqual([400, 200]);
	});

	it('refuses one beyond the plan', async () => {
		const { id } = sendGrid.addWebhook({ url: 'https://example.com/1', locked: true });
		const { status, body } = await call(sendGrid, `PATCH ${SETTINGS}/${id}`, { open: true });
		expect(status).toBe(400);
		expect(body).toEqual({
			errors: [{ message: 'This webhook cannot be modified based on your current billing plan.' }],
		});
	});
});

describe('deleting an Event Webhook', () => {
	it('answers 204 and frees the URL', async () => {
		const id = await create();
		const { status } = await call(sendGrid, `DELETE ${SETTINGS}/${id}`);
		expect(status).toBe(204);
		expect((await call(sendGrid, `POST ${SETTINGS}`, HOOK)).status).toBe(201);
	});

	it('needs an id', async () => {
		await create();
		const { status } = await call(sendGrid, `DELETE ${SETTINGS}`);
		expect(status).toBe(404);
		expect(sendGrid.webhooks).toHaveLength(1);
	});
});

it.each([
	['GET', `${SETTINGS}/unknown`, undefined],
	['PATCH', `${SETTINGS}/unknown`, {}],
	['DELETE', `${SETTINGS}/unknown`, undefined],
	['GET', `${SETTINGS}/signed/unknown`, undefined],
	['PATCH', `${SETTINGS}/signed/unknown`, { enabled: true }],
	['POST', '/v3/user/webhooks/event/test', { url: 'https://example.com', id: 'unknown' }],
])('%s %s answers 404', async (method, path, body) => {
	const answer = await call(sendGrid, `${method} ${path}`, body);
	expect(answer.status).toBe(404);
	expect(answer.body).toEqual({ errors: [{ message: 'Invalid id provided.' }] });
});

describe('signing', () => {
	it('has an empty key until it is turned on', async () => {
		const id = await create();
		const { status, body } = await call(sendGrid, `GET ${SETTINGS}/signed/${id}`);
		expect(status).toBe(200);
		expect(body).toEqual({ id, public_key: '' });
	});

	it('gets a key pair when it is turned on, and keeps it when turned on again', async () => {
		const id = await create();
		const first = await call(sendGrid, `PATCH ${SETTINGS}/signed/${id}`, { enabled: true });
		const second = await call(sendGrid, `PATCH ${SETTINGS}/signed/${id}`, { enabled: true });
		expect(first.body).toEqual({ id, public_key: sendGrid.publicKey(id) });
		expect(second.body).toEqual(first.body);
	});

	it('gets another pair after it was off', async () => {
		const id = await create();
		const before = await call(sendGrid, `PATCH ${SETTINGS}/signed/${id}`, { enabled: true });
		const off = await call(sendGrid, `PATCH ${SETTINGS}/signed/${id}`, { enabled: false });
		const after = await call(sendGrid, `PATCH ${SETTINGS}/signed/${id}`, { enabled: true });
		expect(off.body).toEqual({ id, public_key: '' });
		expect(after.body).not.toEqual(before.body);
	});

	it('needs to be told on or off', async () => {
		const id = await create();
		const { status } = await call(sendGrid, `PATCH ${SETTINGS}/signed/${id}`, {});
		expect(status).toBe(400);
	});
});

it('acts on the oldest webhook when no id is given', async () => {
	sendGrid.addWebhook({ url: 'https://example.com/2', created_date: '2025-02-01T00:00:00Z' });
	const { id } = sendGrid.addWebhook({ url: 'https://example.com/1', created_date: null });
	const changed = await call(sendGrid, `PATCH ${SETTINGS}`, { bounce: true });
	expect(changed.body).toMatchObject({ id, bounce: true });
	const signed = await call(sendGrid, `PATCH ${SETTINGS}/signed`, { enabled: true });
	expect(signed.body).toEqual({ id: '', public_key: sendGrid.publicKey(id) });
	expect((await call(sendGrid, `GET ${SETTINGS}/signed`)).body).toEqual(signed.body);
});

describe('the test endpoint', () => {
	it("answers 204 and posts eleven events to the URL given, signed with the webhook's key", async () => {
		const receiver = await start.receiver();
		const id = await create();
		await call(sendGrid, `PATCH ${SETTINGS}/signed/${id}`, { enabled: true });
		const { status } = await call(sendGrid, 'POST /v3/user/webhooks/event/test', {
			url: receiver.url,
			id,
		});
		await sendGrid.idle();
		expect(status).toBe(204);
		const [{ rawBody, headers, events }] = receiver.posts as [(typeof receiver.posts)[0]];
		expect(new Set(events.map(({ event }) => event)).size).toBe(11);
		expect(events[0]).toMatchObject({ category: ['cat facts'], timestamp: 1767323045 });
		expect(rawBody.toString()).toContain('\\u003c14c5d75ce93.dfd.64b469@ismtpd-555\\u003e');
		const oracle = new EventWebhook();
		expect(
			oracle.verifySignature(
				oracle.convertPublicKeyToECDSA(sendGrid.publicKey(id)),
				rawBody,
				headers[SIGNATURE_HEADER.toLowerCase()] as string,
				headers[TIMESTAMP_HEADER.toLowerCase()] as string,
			),
		).toBe(true);
	});

	it('posts unsigned without an id', async () => {
		const receiver = await start.receiver();
		await call(sendGrid, 'POST /v3/user/webhooks/event/test', { url: receiver.url });
		await sendGrid.idle();
		expect(receiver.posts[0]?.headers).not.toHaveProperty(SIGNATURE_HEADER.toLowerCase());
	});

	it('tries once only', async () => {
		const receiver = await start.receiver(500);
		await call(sendGrid, 'POST /v3/user/webhooks/event/test', { url: receiver.url });
		await sendGrid.idle();
		expect(receiver.posts).toHaveLength(1);
	});

	it('refuses what is not a URL', async () => {
		const { status, body } = await call(sendGrid, 'POST /v3/user/webhooks/event/test', {});
		expect(status).toBe(400);
		expect(body).toEqual({ errors: [{ message: "'' is not a valid url" }] });
	});
});

describe('subusers', () => {
	it.each(['ann', 'account-id 4711'])('keep webhooks of their own: %s', async (name) => {
		const onBehalf = { 'on-behalf-of': name };
		await create();
		const { body } = await call(sendGrid, `GET ${SETTINGS}/all`, undefined, onBehalf);
		expect(body).toEqual({ max_allowed: 2, webhooks: [{}] });
		await call(sendGrid, `POST ${SETTINGS}`, HOOK, onBehalf);
		expect(sendGrid.account(name).webhooks).toHaveLength(1);
		expect(sendGrid.webhooks).toHaveLength(1);
	});
});
