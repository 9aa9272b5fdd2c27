import type { SendGridEmulator } from '..';
import { call, cleanUp, validMail } from './support';

const SETTINGS = '/v3/user/webhooks/event/settings';
const HOOK = { url: 'https://example.com/hook', enabled: true };

const start = cleanUp();

describe('keys', () => {
	it.each([
		['a missing key', { Authorization: '' }],
		['an unknown key', { Authorization: 'Bearer SG.unknown' }],
		['another scheme', { Authorization: 'Basic SG.emulator.full-access' }],
	])('%s is answered 401', async (_, headers) => {
		const sendGrid = await start.sendGrid();
		const { status, body } = await call(sendGrid, 'GET /v3/scopes', undefined, headers);
		expect(status).toBe(401);
		expect(body).toEqual({ errors: [{ field: null, message: 'authorization required' }] });
	});

	it('have full access unless scopes are given', async () => {
		const sendGrid = await start.sendGrid();
		const { status, body } = await call(sendGrid, 'GET /v3/scopes');
		expect(status).toBe(200);
		expect((body as { scopes: string[] }).scopes).toEqual(
			expect.arrayContaining([
				'mail.send',
				'stats.read',
				'templates.read',
				'user.webhooks.event.settings.create',
			]),
		);
	});

	it('with scopes tell them and may do what they say', async () => {
		const scopes = ['mail.send', 'suppression.bounces.read'];
		const sendGrid = await start.sendGrid({ apiKeys: [{ key: 'SG.few', scopes }] });
		const few = { Authorization: 'Bearer SG.few' };
		expect((await call(sendGrid, 'GET /v3/scopes', undefined, few)).body).toEqual({ scopes });
		const send = await call(sendGrid, 'POST /v3/mail/send', validMail(), few);
		const read = await call(sendGrid, 'GET /v3/suppression/bounces', undefined, few);
		const remove = await call(sendGrid, 'DELETE /v3/suppression/bounces/a@b.co', undefined, few);
		expect([send.status, read.status, remove.status]).toEqual([202, 200, 403]);
		expect(remove.body).toEqual({ errors: [{ field: null, message: 'access forbidden' }] });
	});

	it('from before there were several webhooks may create and delete with update', async () => {
		const scopes = ['user.webhooks.event.settings.read', 'user.webhooks.event.settings.update'];
		const sendGrid = await start.sendGrid({ apiKeys: [{ key: 'SG.old', scopes }] });
		const old = { Authorization: 'Bearer SG.old' };
		const created = await call(sendGrid, `POST ${SETTINGS}`, HOOK, old);
		const { id } = created.body as { id: string };
		const deleted = await call(sendGrid, `DELETE ${SETTINGS}/${id}`, undefined, old);
		expect([created.status, deleted.status]).toEqual([201, 204]);
	});
});

describe('addresses', () => {
	it('that do not exist are answered 404', async () => {
		const sendGrid = await start.sendGrid();
		const { status, body } = await call(sendGrid, 'GET /v3/unknown');
		expect(status).toBe(404);
		expect(body).toEqual({ errors: [{ field: null, message: 'not found' }] });
	});

	it('called with another method are answered 405', async () => {
		const sendGrid = await start.sendGrid();
		const { status, body } = await call(sendGrid, 'GET /v3/mail/send');
		expect(status).toBe(405);
		expect(body).toEqual({ errors: [{ field: null, message: 'method not allowed' }] });
	});
});

describe('requests', () => {
	it('are recorded with what was sent and answered', async () => {
		const sendGrid = await start.sendGrid();
		await call(sendGrid, 'POST /v3/asm/suppressions/global?x=1&x=2', {
			recipient_emails: ['a@b.co'],
		});
		const [request] = sendGrid.requests;
		expect(request).toMatchObject({
			method: 'POST',
			path: '/v3/asm/suppressions/global',
			body: { recipient_emails: ['a@b.co'] },
			bytes: 31,
			concurrent: 1,
			status: 201,
		});
		expect(request?.query.getAll('x')).toEqual(['1', '2']);
		expect(request?.headers.authorization).toBe('Bearer SG.emulator.full-access');
	});

	it('tell how many were under way', async () => {
		const sendGrid = await start.sendGrid();
		sendGrid.failNext('GET /v3/scopes', { connection: 'hang' });
		const hanging = call(sendGrid, 'GET /v3/scopes').catch(() => undefined);
		for (let tries = 0; sendGrid.requests.length < 1; tries++) {
			expect(tries).toBeLessThan(1000);
			await call(sendGrid, 'GET /v3/templates?page_size=1');
		}
		await call(sendGrid, 'GET /v3/templates?page_size=2');
		expect(sendGrid.requests.at(-1)).toMatchObject({ concurrent: 2 });
		await sendGrid.stop();
		await hanging;
	});
});

describe('the rate limit', () => {
	it('answers 429 when it is used up, and begins again with the next window', async () => {
		let now = 1_767_323_045_000;
		const rateLimit = { limit: 2, windowSeconds: 60 };
		const sendGrid = await start.sendGrid({ rateLimit, now: () => now });
		const answers = [];
		for (let index = 0; index < 3; index++) answers.push(await call(sendGrid, 'GET /v3/scopes'));
		const [first, , third] = answers;
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
		expect(third?.body).toEqual({ errors: [{ field: null, message: 'too many requests' }] });
		const limitsOf = (headers?: Headers) =>
			['Limit', 'Remaining', 'Reset'].map((name) => headers?.get(`X-RateLimit-${name}`));
		expect(limitsOf(first?.headers)).toEqual(['2', '1', '1767323105']);
		expect(limitsOf(third?.headers)).toEqual(['2', '0', '1767323105']);
		now += 60_000;
		expect(await call(sendGrid, 'GET /v3/scopes')).toMatchObject({ status: 200 });
	});

	it('is not spoken of when there is none', async () => {
		const { headers } = await call(await start.sendGrid(), 'GET /v3/scopes');
		expect(headers.get('X-RateLimit-Limit')).toBeNull();
	});
});

describe('faults', () => {
	let sendGrid: SendGridEmulator;
	beforeEach(async () => {
		sendGrid = await start.sendGrid({ now: () => 1_767_323_045_678 });
	});
	const send = () => call(sendGrid, 'POST /v3/mail/send', validMail());

	it('are used up one request at a time', async () => {
		sendGrid.failNext('POST /v3/mail/send', { status: 500 }, 2);
		const statuses = [await send(), await send(), await send()].map(({ status }) => status);
		expect(statuses).toEqual([500, 500, 202]);
		expect(sendGrid.mails).toHaveLength(1);
	});

	it('come in the order in which they were asked for', async () => {
		sendGrid.failNext('POST /v3/mail/send', { status: 500 });
		sendGrid.failNext(/mail/, { status: 503 });
		expect([(await send()).status, (await send()).status]).toEqual([500, 503]);
	});

	it('leave other requests alone', async () => {
		sendGrid.failNext(({ path }) => path.startsWith('/v3/mail'), { status: 500 });
		expect(await call(sendGrid, 'GET /v3/scopes')).toMatchObject({ status: 200 });
	});

	it('answer with SendGrid’s usual error unless told otherwise', async () => {
		sendGrid.failNext(/./, { status: 403 });
		sendGrid.failNext(/./, { status: 400, body: { errors: [{ message: 'No.' }] } });
		expect((await send()).body).toEqual({
			errors: [{ field: null, message: 'access forbidden' }],
		});
		expect((await send()).body).toEqual({ errors: [{ message: 'No.' }] });
	});

	it('with 429 say when to come again', async () => {
		sendGrid.failNext(/./, { status: 429 });
		sendGrid.failNext(/./, { status: 429, headers: { 'X-RateLimit-Reset': '1' } });
		expect((await send()).headers.get('X-RateLimit-Reset')).toBe('1767323047');
		expect((await send()).headers.get('X-RateLimit-Reset')).toBe('1');
	});

	it('break the connection without doing what was asked', async () => {
		sendGrid.failNext(/mail/, { connection: 'break' });
		await expect(send()).rejects.toThrow('fetch failed');
		expect(sendGrid.mails).toHaveLength(0);
		expect(sendGrid.requests[0]?.status).toBeUndefined();
	});

	it('break the connection after doing what was asked', async () => {
		sendGrid.failNext(/mail/, { connection: 'break', afterWork: true });
		await expect(send()).rejects.toThrow('fetch failed');
		expect(sendGrid.mails).toHaveLength(1);
	});

	it('answer with an error after doing what was asked', async () => {
		sendGrid.failNext(/mail/, { status: 502, afterWork: true });
		expect(await send()).toMatchObject({ status: 502 });
		expect(sendGrid.mails).toHaveLength(1);
	});

	it('post the sample events even if the answer was lost', async () => {
		const receiver = await start.receiver();
		sendGrid.failNext(/test/, { connection: 'break', afterWork: true });
		const tested = call(sendGrid, 'POST /v3/user/webhooks/event/test', { url: receiver.url });
		await expect(tested).rejects.toThrow('fetch failed');
		await sendGrid.idle();
		expect(receiver.events).toHaveLength(11);
	});

	it('never answer', async () => {
		sendGrid.failNext(/mail/, { connection: 'hang' });
		const answer = fetch(`${sendGrid.url}/v3/mail/send`, {
			method: 'POST',
			signal: AbortSignal.timeout(50),
		});
		await expect(answer).rejects.toThrow(/timeout/);
		expect(sendGrid.mails).toHaveLength(0);
	});

	it('make an answer slow without spoiling it', async () => {
		const before = performance.now();
		sendGrid.failNext(/mail/, { delayMs: 40 });
		expect(await send()).toMatchObject({ status: 202 });
		expect(performance.now() - before).toBeGreaterThanOrEqual(39);
	});
});
