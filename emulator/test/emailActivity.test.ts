import type { SendGridEmulator } from '..';
import { call, cleanUp, validMail } from './support';

const start = cleanUp();
let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await start.sendGrid({ now: () => Date.UTC(2026, 0, 15) });
});

interface Messages {
	messages: Array<Record<string, unknown>>;
}
const search = async (query: string, limit = 10) => {
	const parameters = new URLSearchParams({ query, limit: String(limit) });
	return await call(sendGrid, `GET /v3/messages?${parameters.toString()}`);
};
const found = async (query: string, limit?: number) =>
	((await search(query, limit)).body as Messages).messages;

describe('email activity', () => {
	beforeEach(async () => {
		const personalizations = [
			{ to: [{ email: 'ann@example.com' }], subject: 'For Ann', custom_args: { id: '1' } },
			{ to: [{ email: 'blocked@example.com' }] },
		];
		const mail = validMail({ personalizations, categories: ['news'] });
		await call(sendGrid, 'POST /v3/mail/send', mail);
		await sendGrid.idle();
	});

	it('knows what became of the mail to each recipient', async () => {
		expect(await found('to_email="ann@example.com"')).toEqual([
			{
				from_email: 'sender@example.com',
				msg_id: expect.stringContaining('.'),
				subject: 'For Ann',
				to_email: 'ann@example.com',
				status: 'delivered',
				opens_count: 1,
				clicks_count: 1,
				last_event_time: '2026-01-15T00:00:00Z',
			},
		]);
		expect(await found('status="not_delivered"')).toMatchObject([
			{ to_email: 'blocked@example.com', subject: 'Hello', opens_count: 0 },
		]);
	});

	it('tells all events of one message', async () => {
		const [{ msg_id } = {}] = await found('to_email="blocked@example.com"');
		expect(await call(sendGrid, `GET /v3/messages/${String(msg_id)}`)).toMatchObject({
			status: 200,
			body: {
				msg_id,
				categories: ['news'],
				unique_args: '{}',
				events: [{ event_name: 'processed' }, { event_name: 'bounced', bounce_type: 'soft' }],
			},
		});
		expect(await call(sendGrid, 'GET /v3/messages/x')).toMatchObject({ status: 404 });
	});

	it('is found by what happened, and by custom args', async () => {
		expect(await found('(Contains(events,"clicked")) AND unique_args["id"]="1"')).toHaveLength(1);
		expect(await found('clicks = 0')).toHaveLength(1);
	});
});

it('gives the newest, as many as asked for', async () => {
	for (let day = 1; day <= 9; day++) {
		sendGrid.account().emailActivity.add({
			msg_id: `m${day}.x`,
			last_event_time: `2026-01-0${day}T00:00:00Z`,
		});
	}
	const range =
		'last_event_time BETWEEN TIMESTAMP "2026-01-02T00:00:00Z" AND TIMESTAMP "2026-01-08T00:00:00Z"';
	expect((await found(range, 2)).map(({ msg_id }) => msg_id)).toEqual(['m8.x', 'm7.x']);
});

it.each([
	['', 10],
	['shoe="42"', 10],
	['status="delivered"', 0],
	['status="delivered"', 1001],
])('refuses the query %j with limit %d', async (query, limit) => {
	expect(await search(query, limit)).toMatchObject({ status: 400 });
});
