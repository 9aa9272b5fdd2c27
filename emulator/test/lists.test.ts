import { sampleEvent } from '..';
import type { SendGridEmulator } from '..';
import { call, cleanUp } from './support';

const start = cleanUp();
let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await start.sendGrid({ now: () => Date.UTC(2026, 0, 15) });
});

describe('templates', () => {
	interface TemplatePage {
		result: Array<{ id: string; name: string; versions: unknown[] }>;
		_metadata: { self: string; next?: string; prev?: string; count: number };
	}
	const list = async (query: string) =>
		(await call(sendGrid, `GET /v3/templates?${query}`)).body as TemplatePage;
	const namesOf = ({ result }: TemplatePage) => result.map(({ name }) => name);

	beforeEach(() => {
		for (const name of ['A', 'B', 'C']) sendGrid.account().addTemplate({ name });
		sendGrid.account().addTemplate({ name: 'Old', generation: 'legacy' });
	});

	it('are legacy ones unless asked otherwise', async () => {
		expect(namesOf(await list('page_size=10'))).toEqual(['Old']);
		expect(namesOf(await list('page_size=10&generations=dynamic'))).toEqual(['A', 'B', 'C']);
		expect(namesOf(await list('page_size=10&generations=legacy,dynamic'))).toHaveLength(4);
	});

	it('come in pages that lead to each other', async () => {
		const first = await list('page_size=2&generations=dynamic');
		expect(namesOf(first)).toEqual(['A', 'B']);
		expect(first._metadata).toMatchObject({ count: 3, next: expect.any(String) });
		const second = await list(new URL(first._metadata.next!).searchParams.toString());
		expect(namesOf(second)).toEqual(['C']);
		expect(second._metadata).not.toHaveProperty('next');
		const back = await list(new URL(second._metadata.prev!).searchParams.toString());
		expect(back).toEqual(first);
	});

	it.each(['', 'page_size=0', 'page_size=201', 'page_size=1&page_token=x'])(
		'refuse the query "%s"',
		async (query) => {
			expect(await call(sendGrid, `GET /v3/templates?${query}`)).toMatchObject({ status: 400 });
		},
	);

	it('are listed without their content and read with it', async () => {
		const { result } = await list('page_size=1&generations=dynamic');
		expect(result[0]?.versions[0]).not.toHaveProperty('html_content');
		const { body } = await call(sendGrid, `GET /v3/templates/${result[0]?.id}`);
		expect(body).toMatchObject({
			name: 'A',
			generation: 'dynamic',
			versions: [{ active: 1, html_content: expect.stringContaining('<p>Hello ') }],
		});
	});

	it('that do not exist are answered 404', async () => {
		expect(await call(sendGrid, 'GET /v3/templates/d-1')).toMatchObject({ status: 404 });
	});

	it('have ids as SendGrid makes them', async () => {
		const { result } = await list('page_size=10&generations=dynamic');
		for (const { id } of result) expect(id).toMatch(/^d-[0-9a-f]{32}$/);
	});
});

describe('verified senders', () => {
	const list = async (query: string) => {
		const { body } = await call(sendGrid, `GET /v3/verified_senders?${query}`);
		return (body as { results: Array<{ id: number; from_email: string }> }).results;
	};

	it('are paged by the last id seen', async () => {
		const account = sendGrid.account();
		for (const name of ['a', 'b', 'c']) {
			account.addVerifiedSender({ from_email: `${name}@example.com` });
		}
		const [first, second] = await list('limit=2');
		const [third, ...more] = await list(`limit=2&lastSeenID=${second?.id}`);
		expect([first, second, third].map((sender) => sender?.from_email)).toEqual([
			'a@example.com',
			'b@example.com',
			'c@example.com',
		]);
		expect(more).toEqual([]);
		expect(await list(`id=${first?.id}`)).toEqual([first]);
	});
});

it('lists IP pools by name', async () => {
	sendGrid.account().ipPools.push('marketing', 'transactional');
	const { body } = await call(sendGrid, 'GET /v3/ips/pools');
	expect(body).toEqual([{ name: 'marketing' }, { name: 'transactional' }]);
});

describe('statistics', () => {
	interface Period {
		date: string;
		stats: Array<{ type?: string; name?: string; metrics: Record<string, number> }>;
	}
	const read = async (path: string) => (await call(sendGrid, `GET ${path}`)).body as Period[];
	const day = (iso: string) => Date.parse(iso) / 1000;

	beforeEach(() => {
		const first = { timestamp: day('2026-01-10'), sg_message_id: 'm1', category: ['a', 'b'] };
		const second = { timestamp: day('2026-01-12'), sg_message_id: 'm2', category: 'b' };
		sendGrid.emit([
			sampleEvent('processed', first),
			sampleEvent('delivered', first),
			sampleEvent('open', first),
			sampleEvent('open', first),
			sampleEvent('click', first),
			sampleEvent('processed', second),
			sampleEvent('bounce', { ...second, type: 'blocked' }),
			sampleEvent('dropped', { ...second, reason: 'Unsubscribed Address' }),
		]);
	});

	it('have a row for each day up to today, empty ones too', async () => {
		const days = await read('/v3/stats?start_date=2026-01-10');
		expect(days.map(({ date }) => date)).toEqual(
			[10, 11, 12, 13, 14, 15].map((number) => `2026-01-${number}`),
		);
		expect(days[0]?.stats[0]?.metrics).toMatchObject({
			requests: 1,
			processed: 1,
			delivered: 1,
			opens: 2,
			unique_opens: 1,
			clicks: 1,
			unique_clicks: 1,
			bounces: 0,
		});
		expect(days[1]?.stats[0]?.metrics).toMatchObject({ processed: 0, opens: 0 });
		expect(days[2]?.stats[0]?.metrics).toMatchObject({
			requests: 2,
			blocks: 1,
			unsubscribe_drops: 1,
		});
	});

	it.each([
		['week', ['2026-01-05', '2026-01-12']],
		['month', ['2026-01-01']],
	])('can be added up by %s', async (period, dates) => {
		const rows = await read(
			`/v3/stats?start_date=2026-01-10&end_date=2026-01-13&aggregated_by=${period}`,
		);
		expect(rows.map(({ date }) => date)).toEqual(dates);
		const requests = rows.map(({ stats }) => stats[0]?.metrics['requests'] ?? 0);
		expect(requests.reduce((sum, count) => sum + count)).toBe(3);
	});

	it('can be had by category', async () => {
		const [first] = await read(
			'/v3/categories/stats?start_date=2026-01-12&end_date=2026-01-12&categories=a&categories=b',
		);
		expect(first?.stats).toMatchObject([
			{ type: 'category', name: 'a', metrics: { requests: 0 } },
			{ type: 'category', name: 'b', metrics: { requests: 2 } },
		]);
	});

	it.each([
		['/v3/stats', 'start_date'],
		['/v3/stats?start_date=10.1.2026', 'start_date'],
		['/v3/stats?start_date=2026-01-10&aggregated_by=year', 'aggregated_by'],
		['/v3/categories/stats?start_date=2026-01-10', 'categories'],
	])('refuse %s', async (path, field) => {
		expect(await call(sendGrid, `GET ${path}`)).toMatchObject({
			status: 400,
			body: { errors: [{ field }] },
		});
	});

	it('know the categories that were used', async () => {
		const all = await call(sendGrid, 'GET /v3/categories');
		const found = await call(sendGrid, 'GET /v3/categories?category=b&limit=1');
		expect(all.body).toEqual([{ category: 'a' }, { category: 'b' }]);
		expect(found.body).toEqual([{ category: 'b' }]);
	});
});
