import type { SendGridEmulator } from '..';
import { call, cleanUp, validMail } from './support';
import type { Receiver } from './support';

const PATH = '/v3/user/scheduled_sends';
const START_S = 1_767_323_045;

const start = cleanUp();
let seconds: number;
let sendGrid: SendGridEmulator;
let receiver: Receiver;
beforeEach(async () => {
	seconds = START_S;
	sendGrid = await start.sendGrid({ now: () => seconds * 1000 });
	receiver = await start.receiver();
	sendGrid.addWebhook({ url: receiver.url, delivered: true });
});

async function createBatch(): Promise<string> {
	const { status, body } = await call(sendGrid, 'POST /v3/mail/batch');
	expect(status).toBe(201);
	return (body as { batch_id: string }).batch_id;
}

/** Lets time pass and everything due happen. */
async function passSeconds(count: number): Promise<number> {
	seconds += count;
	sendGrid.releaseScheduled();
	await sendGrid.idle();
	return receiver.events.length;
}

describe('batch ids', () => {
	it('are valid once they were made', async () => {
		const batch_id = await createBatch();
		const { status, body } = await call(sendGrid, `GET /v3/mail/batch/${batch_id}`);
		expect(status).toBe(200);
		expect(body).toEqual({ batch_id });
	});

	it('that nobody made are refused', async () => {
		const { status, body } = await call(sendGrid, 'GET /v3/mail/batch/other');
		expect(status).toBe(400);
		expect(body).toEqual({ errors: [{ field: null, message: 'invalid batch id' }] });
	});
});

describe('scheduled mail', () => {
	it('is delivered when its time has come', async () => {
		await call(sendGrid, 'POST /v3/mail/send', validMail({ send_at: START_S + 60 }));
		expect(await passSeconds(59)).toBe(0);
		expect(await passSeconds(1)).toBe(1);
		expect(await passSeconds(1)).toBe(1);
	});

	it('is delivered at once if its time has passed', async () => {
		await call(sendGrid, 'POST /v3/mail/send', validMail({ send_at: START_S - 60 }));
		expect(await passSeconds(0)).toBe(1);
	});

	it('can have a time for each personalization', async () => {
		const personalizations = [
			{ to: [{ email: 'ann@example.com' }], send_at: START_S + 10 },
			{ to: [{ email: 'bob@example.com' }] },
		];
		await call(sendGrid, 'POST /v3/mail/send', validMail({ personalizations }));
		expect(await passSeconds(0)).toBe(1);
		expect(await passSeconds(10)).toBe(2);
	});

	it('is delivered by itself on a real clock', async () => {
		const real = await start.sendGrid();
		real.addWebhook({ url: receiver.url, delivered: true });
		const delivered = new Promise<void>((resolve) => real.onAttempt(() => resolve()));
		const send_at = Math.floor(Date.now() / 1000) + 1;
		await call(real, 'POST /v3/mail/send', validMail({ send_at }));
		await delivered;
		expect(receiver.events).toMatchObject([{ event: 'delivered' }]);
		expect(Date.now() / 1000).toBeGreaterThanOrEqual(send_at);
	});
});

describe('a batch', () => {
	let batch_id: string;
	beforeEach(async () => {
		batch_id = await createBatch();
		const mail = validMail({ send_at: START_S + 60, batch_id });
		expect(await call(sendGrid, 'POST /v3/mail/send', mail)).toMatchObject({ status: 202 });
	});
	const decide = (status: string) => call(sendGrid, `POST ${PATH}`, { batch_id, status });

	it('can be cancelled', async () => {
		const { status, body } = await decide('cancel');
		expect(status).toBe(201);
		expect(body).toEqual({ batch_id, status: 'cancel' });
		expect(await passSeconds(60)).toBe(0);
	});

	it('can be paused and let go again', async () => {
		await decide('pause');
		expect(await passSeconds(60)).toBe(0);
		const { status } = await call(sendGrid, `DELETE ${PATH}/${batch_id}`);
		expect(status).toBe(204);
		expect(await passSeconds(0)).toBe(1);
	});

	it('can be cancelled after it was paused', async () => {
		await decide('pause');
		const { status } = await call(sendGrid, `PATCH ${PATH}/${batch_id}`, { status: 'cancel' });
		expect(status).toBe(204);
		const one = await call(sendGrid, `GET ${PATH}/${batch_id}`);
		const all = await call(sendGrid, `GET ${PATH}`);
		expect(one.body).toEqual([{ batch_id, status: 'cancel' }]);
		expect(all.body).toEqual([{ batch_id, status: 'cancel' }]);
	});

	it('is decided about once', async () => {
		await decide('pause');
		expect(await decide('cancel')).toMatchObject({ status: 400 });
	});

	it('is paused or cancelled, nothing else', async () => {
		expect(await decide('stop')).toMatchObject({
			status: 400,
			body: { errors: [{ field: 'status' }] },
		});
	});

	it('that nothing was decided about cannot be changed', async () => {
		const change = await call(sendGrid, `PATCH ${PATH}/${batch_id}`, { status: 'cancel' });
		const remove = await call(sendGrid, `DELETE ${PATH}/${batch_id}`);
		const read = await call(sendGrid, `GET ${PATH}/${batch_id}`);
		expect([change.status, remove.status]).toEqual([404, 404]);
		expect(read.body).toEqual([]);
	});
});

it('refuses to decide about a batch that nobody made', async () => {
	const body = { batch_id: 'other', status: 'cancel' };
	expect(await call(sendGrid, `POST ${PATH}`, body)).toMatchObject({
		status: 400,
		body: { errors: [{ field: 'batch_id', message: 'invalid batch id' }] },
	});
});

it('decides about ten batches at most', async () => {
	const statuses: number[] = [];
	for (let index = 0; index < 11; index++) {
		const body = { batch_id: await createBatch(), status: 'cancel' };
		statuses.push((await call(sendGrid, `POST ${PATH}`, body)).status);
	}
	expect(statuses).toEqual([...Array.from({ length: 10 }, () => 201), 400]);
});
