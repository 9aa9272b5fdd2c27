import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER, sampleEvent } from '..';
import type { PostOptions, SendGridEmulator, PostedEvent } from '..';
import { cleanUp } from './support';
import type { Receiver } from './support';

const start = cleanUp();
let sendGrid: SendGridEmulator;
let receiver: Receiver;
let id: string;

async function startWith(...statuses: number[]): Promise<void> {
	sendGrid = await start.sendGrid({
		now: () => 1_767_323_045_678,
		retryDelaysMs: [1, 1, 1],
		deliveryTimeoutMs: 5_000,
	});
	receiver = await start.receiver(...statuses);
	({ id } = sendGrid.addWebhook({ url: receiver.url, signed: true }));
}
beforeEach(() => startWith());

const opens = (count: number): PostedEvent[] =>
	Array.from({ length: count }, (_, index) => sampleEvent('open', { sg_event_id: `e${index}` }));
const idsOf = (events: readonly PostedEvent[]) => events.map(({ sg_event_id }) => sg_event_id);
const post = (count: number, options?: PostOptions) =>
	sendGrid.postEvents(id, opens(count), options);

describe('a post', () => {
	it('has the headers that SendGrid sends', async () => {
		await post(1);
		expect(receiver.posts[0]?.headers).toMatchObject({
			'user-agent': 'SendGrid Event API',
			'content-type': 'application/json;charset=utf-8',
			[TIMESTAMP_HEADER.toLowerCase()]: '1767323045',
			[SIGNATURE_HEADER.toLowerCase()]: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
		});
	});

	it('has no signature while signing is off', async () => {
		const unsigned = sendGrid.addWebhook({ url: receiver.url });
		await sendGrid.postEvents(unsigned.id, opens(1));
		expect(receiver.posts[0]?.headers).not.toHaveProperty(SIGNATURE_HEADER.toLowerCase());
		expect(receiver.posts[0]?.headers).not.toHaveProperty(TIMESTAMP_HEADER.toLowerCase());
	});

	it('is noted with what was sent and answered', async () => {
		const heard: number[] = [];
		sendGrid.onAttempt(({ attempt }) => heard.push(attempt));
		await post(2);
		expect(heard).toEqual([1]);
		expect(sendGrid.attempts).toEqual([
			expect.objectContaining({
				webhookId: id,
				url: receiver.url,
				attempt: 1,
				status: 200,
				responseBody: 'received',
				body: receiver.posts[0]?.rawBody,
				eventIds: ['e0', 'e1'],
			}),
		]);
	});

	it('can be signed at another time', async () => {
		await post(1, { timestamp: 1600112502 });
		expect(receiver.posts[0]?.headers[TIMESTAMP_HEADER.toLowerCase()]).toBe('1600112502');
	});

	it('can have headers changed or left out after signing', async () => {
		await post(1, { headers: { [SIGNATURE_HEADER]: undefined, 'Content-Type': 'text/plain' } });
		expect(receiver.posts[0]?.headers).not.toHaveProperty(SIGNATURE_HEADER.toLowerCase());
		expect(receiver.posts[0]?.headers['content-type']).toBe('text/plain');
	});

	it('can be changed after signing', async () => {
		await post(1, { tamper: (body) => Buffer.from(body.toString().replace('e0', 'e1')) });
		expect(idsOf(receiver.events)).toEqual(['e1']);
	});
});

describe('events', () => {
	it('are split by number', async () => {
		await post(5, { eventsPerPost: 2 });
		expect(receiver.posts.map(({ events }) => idsOf(events))).toEqual([
			['e0', 'e1'],
			['e2', 'e3'],
			['e4'],
		]);
	});

	it('are split at 768 KB', async () => {
		const big = Array.from({ length: 5 }, (_, index) =>
			sampleEvent('open', { sg_event_id: `e${index}`, note: 'x'.repeat(300 * 1024) }),
		);
		await sendGrid.postEvents(id, big);
		expect(receiver.posts.map(({ events }) => events.length)).toEqual([2, 2, 1]);
		for (const { rawBody } of receiver.posts)
			expect(rawBody.length).toBeLessThanOrEqual(768 * 1024);
	});

	it('can come in another order, the same for the same seed', async () => {
		await post(10, { order: 'reversed' });
		await post(10, { order: 'shuffled', seed: 7 });
		await post(10, { order: 'shuffled', seed: 7 });
		const [reversed, shuffled, again] = receiver.posts.map(({ events }) => idsOf(events));
		const given = idsOf(opens(10));
		expect(reversed).toEqual([...given].reverse());
		expect(shuffled).not.toEqual(given);
		expect([...shuffled!].sort()).toEqual([...given].sort());
		expect(again).toEqual(shuffled);
	});

	it('can come twice in one post', async () => {
		await post(2, { copiesInPost: 2 });
		expect(idsOf(receiver.events)).toEqual(['e0', 'e1', 'e0', 'e1']);
		expect(receiver.posts).toHaveLength(1);
	});

	it('can come twice in posts of their own', async () => {
		await post(2, { copies: 2 });
		expect(receiver.posts.map(({ events }) => idsOf(events))).toEqual([
			['e0', 'e1'],
			['e0', 'e1'],
		]);
	});

	it('can be posted in parallel', async () => {
		let underWay = 0;
		let most = 0;
		const waiting: Array<() => void> = [];
		const server = createServer((request, response) => {
			most = Math.max(most, ++underWay);
			waiting.push(() => response.end());
			request.resume().on('end', () => {
				// Answers only once three are there: with fewer in parallel this would never end.
				if (underWay === 3) waiting.splice(0).forEach((answer) => (underWay--, answer()));
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const { port } = server.address() as AddressInfo;
		const target = sendGrid.addWebhook({ url: `http://127.0.0.1:${port}/` });
		await sendGrid.postEvents(target.id, opens(6), { eventsPerPost: 1, concurrency: 3 });
		server.closeAllConnections();
		server.close();
		expect(most).toBe(3);
	});
});

describe('a post that is not acknowledged', () => {
	it.each([302, 400, 401, 404, 500, 503])('is repeated until it is: %i', async (status) => {
		await startWith(status, status);
		const [last] = await post(1);
		expect(last).toMatchObject({ attempt: 3, status: 200 });
		expect(sendGrid.attempts.map((attempt) => attempt.status)).toEqual([status, status, 200]);
	});

	it('is given up at the end of the schedule', async () => {
		await startWith(500, 500, 500, 500, 500);
		const [last] = await post(1);
		expect(last).toMatchObject({ attempt: 4, status: 500 });
		expect(receiver.posts).toHaveLength(4);
	});

	it('follows a schedule of its own', async () => {
		await startWith(500);
		await post(1, { retryDelaysMs: [] });
		expect(receiver.posts).toHaveLength(1);
	});

	it('keeps body, signature and timestamp when repeated', async () => {
		await startWith(500);
		await post(1);
		const [first, second] = receiver.posts;
		expect(second).toEqual(first);
	});

	it('can be signed anew when repeated', async () => {
		await startWith(500);
		await post(1, { signRetriesAnew: true });
		const [first, second] = receiver.posts.map(
			({ headers }) => headers[SIGNATURE_HEADER.toLowerCase()],
		);
		expect(second).not.toBe(first);
	});

	it('does not follow redirects', async () => {
		const elsewhere = await start.receiver();
		await startWith(307);
		receiver.answerHeaders = { Location: elsewhere.url };
		await post(1);
		expect(elsewhere.posts).toEqual([]);
		expect(receiver.posts).toHaveLength(2);
	});

	it('is noted with the reason when there was no answer', async () => {
		await receiver.stop();
		const [last] = await post(1);
		expect(last?.status).toBeUndefined();
		expect(last?.error).toMatch(/ECONNREFUSED/);
		expect(sendGrid.attempts).toHaveLength(4);
	});

	it('is broken off when the answer takes too long', async () => {
		const silent = createServer((request) => request.resume());
		await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
		const { port } = silent.address() as AddressInfo;
		sendGrid = await start.sendGrid({ deliveryTimeoutMs: 20, retryDelaysMs: [] });
		const webhook = sendGrid.addWebhook({ url: `http://127.0.0.1:${port}/` });
		const [last] = await sendGrid.postEvents(webhook.id, opens(1));
		silent.closeAllConnections();
		silent.close();
		expect(last?.error).toBe('No answer within 20 ms');
	});
});

describe('idle', () => {
	it('waits for repetitions', async () => {
		await startWith(500, 500);
		void post(1);
		await sendGrid.idle();
		expect(receiver.posts).toHaveLength(3);
	});

	it('posts what is still being collected at once', async () => {
		const slow = await start.sendGrid({ collectMs: 60_000 });
		slow.addWebhook({ url: receiver.url, open: true });
		slow.emit(opens(2));
		slow.emit(opens(1));
		await slow.idle();
		expect(receiver.posts.map(({ events }) => events.length)).toEqual([3]);
	});
});

describe('stop', () => {
	it('gives up what waits to be repeated', async () => {
		await startWith(500, 500);
		const posted = post(1, { retryDelaysMs: [60_000] });
		await new Promise<void>((resolve) => sendGrid.onAttempt(() => resolve()));
		await sendGrid.stop();
		expect(await posted).toMatchObject([{ attempt: 1, status: 500 }]);
	});
});

describe('emit', () => {
	it('sends each webhook what it asked for', async () => {
		const spam = await start.receiver();
		sendGrid.addWebhook({ url: spam.url, spam_report: true });
		sendGrid.emit([sampleEvent('spamreport'), sampleEvent('open')]);
		await sendGrid.idle();
		expect(spam.events).toMatchObject([{ event: 'spamreport' }]);
		expect(receiver.posts).toEqual([]);
	});

	it('sends changes of the account to those who asked', async () => {
		const status = await start.receiver();
		sendGrid.addWebhook({ url: status.url, account_status_change: true });
		sendGrid.emit([sampleEvent('account_status_change')]);
		await sendGrid.idle();
		expect(status.events).toMatchObject([{ type: 'compliance_suspend' }]);
	});

	it('keeps subusers apart', async () => {
		const subuser = await start.receiver();
		sendGrid.addWebhook({ url: subuser.url, open: true }, 'ann');
		sendGrid.emit(opens(1), 'ann');
		await sendGrid.idle();
		expect(subuser.posts).toHaveLength(1);
		expect(receiver.posts).toEqual([]);
	});
});

it('signs with the new key after a rotation', async () => {
	const before = sendGrid.publicKey(id);
	const signature = sendGrid.sign(id, '[]', 1600112502);
	expect(sendGrid.rotateKey(id)).toBe(sendGrid.publicKey(id));
	expect(sendGrid.publicKey(id)).not.toBe(before);
	expect(sendGrid.sign(id, '[]', 1600112502)).not.toBe(signature);
});

it('says so when a webhook is unknown or unsigned', () => {
	const unsigned = sendGrid.addWebhook({ url: receiver.url });
	expect(() => sendGrid.publicKey('other')).toThrow("no webhook with the id 'other'");
	expect(() => sendGrid.publicKey(unsigned.id)).toThrow('Signing is off');
});
