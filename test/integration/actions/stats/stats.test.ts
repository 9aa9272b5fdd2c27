import type { INodeParameters } from 'n8n-workflow';
import { outputOf } from '../../support/runSendGridEmail';
import { SendGridEmulator } from '../../../../emulator/sendGridEmulator';

const DAY = 86_400;
/** Friday, 2025-10-31T10:00:00Z. */
const FRIDAY = 1_761_904_800;

describe('Stats > Get', () => {
	let sendGrid: SendGridEmulator;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start({ now: () => (FRIDAY + 2 * DAY) * 1000 });
		const { statistics } = sendGrid.account();
		statistics.count({ event: 'delivered', timestamp: FRIDAY, category: ['docs'] });
		statistics.count({ event: 'delivered', timestamp: FRIDAY + DAY, category: ['docs', 'news'] });
		statistics.count({ event: 'bounce', timestamp: FRIDAY + DAY });
	});

	afterEach(async () => {
		await sendGrid.stop();
	});

	const get = async (parameters: INodeParameters, options = {}) =>
		await outputOf(sendGrid, { resource: 'stats', operation: 'get', ...parameters }, options);

	it('counts day by day for the whole account, up to today', async () => {
		await expect(get({ startDate: '2025-10-31' })).resolves.toMatchObject([
			{ date: '2025-10-31', delivered: 1, bounces: 0 },
			{ date: '2025-11-01', delivered: 1, bounces: 1 },
			{ date: '2025-11-02', delivered: 0, bounces: 0 },
		]);
	});

	it('starts seven days ago unless told otherwise', async () => {
		await get({});
		const daysAgo =
			(Date.now() - Date.parse(String(sendGrid.requests[0]?.query.get('start_date')))) /
			(DAY * 1000);
		// In another time zone that day may have begun up to a day earlier or later.
		expect(daysAgo).toBeGreaterThan(6);
		expect(daysAgo).toBeLessThan(9);
	});

	it('counts up to the end date', async () => {
		await expect(get({ startDate: '2025-10-31', endDate: '2025-10-31' })).resolves.toMatchObject([
			{ date: '2025-10-31' },
		]);
	});

	it.each([
		['month', ['2025-10-01', '2025-11-01'], [1, 1]],
		['week', ['2025-10-27'], [2]],
	])('counts by %s', async (aggregatedBy, dates, delivered) => {
		const results = await get({ startDate: '2025-10-31', aggregatedBy });

		expect(results.map(({ date }) => date)).toEqual(dates);
		expect(results.map((result) => result.delivered)).toEqual(delivered);
	});

	it.each(['docs, news', '={{ ["docs", "news"] }}'])(
		'counts for each category of %s',
		async (categories) => {
			const results = await get({
				startDate: '2025-10-31',
				aggregatedBy: 'month',
				endDate: '2025-11-01',
				categories,
			});

			expect(results).toMatchObject([
				{ date: '2025-10-01', type: 'category', name: 'docs', delivered: 1 },
				{ date: '2025-10-01', type: 'category', name: 'news', delivered: 0 },
				{ date: '2025-11-01', type: 'category', name: 'docs', delivered: 1 },
				{ date: '2025-11-01', type: 'category', name: 'news', delivered: 1 },
			]);
		},
	);

	it.each([
		['with a time, as the editor has it', '2025-11-01T00:00:00'],
		['with a time in its own zone', '2025-11-01T23:30:00-08:00'],
		['as a moment of an expression', '={{ DateTime.fromISO("2025-11-01T23:30:00Z") }}'],
	])('takes the day of a date %s', async (_, startDate) => {
		await get({ startDate });

		expect(sendGrid.requests[0]?.query.get('start_date')).toBe('2025-11-01');
	});

	it('reads more days than fit on a page, each once', async () => {
		const results = await get({ startDate: '2024-01-01' });

		expect(new Set(results.map(({ date }) => date)).size).toBe(results.length);
		expect(results).toHaveLength(672);
		expect(sendGrid.requests).toHaveLength(2);
	});

	it.each([
		[{ startDate: '' }, 'Start Date: Enter the first day'],
		[{ startDate: 'yesterday-ish' }, 'The value is the text "yesterday-ish"'],
		[
			{ startDate: '2025-10-31', categories: 'a,b,c,d,e,f,g,h,i,j,k' },
			'Categories: Use several items, each with up to 10 categories',
		],
	])('refuses %j with the field named', async (parameters, message) => {
		await expect(get(parameters)).rejects.toThrow(message);
		expect(sendGrid.requests).toHaveLength(0);
	});

	it('names the permission that the API key lacks', async () => {
		await sendGrid.stop();
		sendGrid = await SendGridEmulator.start({
			apiKeys: [{ key: 'SG.limited', scopes: ['mail.send'] }],
		});

		await expect(get({ startDate: '2025-10-31' }, { apiKey: 'SG.limited' })).rejects.toThrow(
			'API key with the permission stats.read',
		);
	});

	it('goes on after a failed item with continue on fail', async () => {
		const items = [{ day: 'never' }, { day: '2025-11-02' }];

		await expect(
			get({ startDate: '={{ $json.day }}' }, { items, continueOnFail: true }),
		).resolves.toMatchObject([
			{ error: expect.stringContaining('The value is the text "never"') },
			{ date: '2025-11-02' },
		]);
	});
});
