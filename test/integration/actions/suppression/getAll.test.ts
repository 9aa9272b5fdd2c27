import type { INodeParameters } from 'n8n-workflow';
import { outputOf } from '../../support/runSendGridEmail';
import { SendGridEmulator } from '../../../../emulator/sendGridEmulator';

/** 2025-11-20T10:00:00Z. */
const TEN = 1_763_632_800;
const HOUR = 3600;

describe('Suppression > Get Many', () => {
	let sendGrid: SendGridEmulator;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start();
	});

	afterEach(async () => {
		await sendGrid.stop();
	});

	const getAll = async (parameters: INodeParameters = {}, options = {}) =>
		await outputOf(
			sendGrid,
			{ resource: 'suppression', operation: 'getAll', returnAll: true, ...parameters },
			options,
		);

	/** One address on each list, an hour apart, and two in an unsubscribe group. */
	function fillEveryList(): void {
		const account = sendGrid.account();
		const lists = ['blocks', 'bounces', 'unsubscribes', 'invalid_emails', 'spam_reports'] as const;
		for (const [index, list] of lists.entries()) {
			account.addSuppression(list, { email: `${list}@example.com`, created: TEN + index * HOUR });
		}
		const { suppressed } = account.addGroup({ id: 42, name: 'Newsletter' });
		suppressed.set('early@example.com', TEN - HOUR);
		suppressed.set('late@example.com', TEN + 9 * HOUR);
	}

	it('reads every list by default and says for each entry which one it is from', async () => {
		fillEveryList();

		const entries = await getAll();

		expect(entries.map(({ list, email }) => `${String(list)} ${String(email)}`)).toEqual([
			'blocks blocks@example.com',
			'bounces bounces@example.com',
			'globalUnsubscribes unsubscribes@example.com',
			'groupUnsubscribes early@example.com',
			'groupUnsubscribes late@example.com',
			'invalidEmails invalid_emails@example.com',
			'spamReports spam_reports@example.com',
		]);
	});

	it("keeps SendGrid's fields and adds the time as ISO 8601", async () => {
		const bounce = { email: 'ann@example.com', reason: '550 5.1.1 unknown', status: '5.1.1' };
		sendGrid.account().addSuppression('bounces', { ...bounce, created: TEN });
		sendGrid
			.account()
			.addGroup({ id: 42, name: 'Newsletter' })
			.suppressed.set('bob@example.com', TEN + 1);

		await expect(getAll({ lists: ['bounces', 'groupUnsubscribes'] })).resolves.toEqual([
			{ list: 'bounces', ...bounce, created: TEN, createdAt: '2025-11-20T10:00:00.000Z' },
			{
				list: 'groupUnsubscribes',
				email: 'bob@example.com',
				groupId: 42,
				groupName: 'Newsletter',
				created: TEN + 1,
				createdAt: '2025-11-20T10:00:01.000Z',
			},
		]);
	});

	it('reads only the chosen lists', async () => {
		fillEveryList();

		await expect(getAll({ lists: ['spamReports'] })).resolves.toMatchObject([
			{ list: 'spamReports' },
		]);
		expect(sendGrid.requests.map(({ path }) => path)).toEqual(['/v3/suppression/spam_reports']);
	});

	it('takes the lists from an expression', async () => {
		fillEveryList();

		const entries = await getAll({ lists: '={{ ["blocks"] }}' });

		expect(entries).toMatchObject([{ list: 'blocks' }]);
	});

	it.each([
		['ISO 8601 in UTC', '2025-11-20T12:00:00Z'],
		['ISO 8601 with an offset', '2025-11-20T07:00:00-05:00'],
		['Unix seconds, such as "created" of the last run', TEN + 2 * HOUR],
		['a moment of an expression', '={{ DateTime.fromISO("2025-11-20T12:00:00Z") }}'],
	])('starts at "since", itself included, given as %s', async (_, since) => {
		fillEveryList();

		const entries = await getAll({ since });

		expect(entries.map(({ email }) => email)).toEqual([
			'unsubscribes@example.com',
			'late@example.com',
			'invalid_emails@example.com',
			'spam_reports@example.com',
		]);
	});

	it('ends at "until", itself included', async () => {
		fillEveryList();

		const entries = await getAll({ until: '2025-11-20T11:00:00Z' });

		expect(entries.map(({ email }) => email)).toEqual([
			'blocks@example.com',
			'bounces@example.com',
			'early@example.com',
		]);
	});

	it('pages through a list until its end, and gives the same a second time', async () => {
		for (let index = 0; index < 1001; index++) {
			const email = `user${index}@example.com`;
			sendGrid.account().addSuppression('bounces', { email, created: TEN + index });
		}

		const entries = await getAll({ lists: ['bounces'] });

		expect(entries).toHaveLength(1001);
		expect(new Set(entries.map(({ email }) => email)).size).toBe(1001);
		expect(sendGrid.requests.map(({ query }) => query.get('offset'))).toEqual([
			null,
			'500',
			'1000',
		]);
		await expect(getAll({ lists: ['bounces'] })).resolves.toEqual(entries);
	});

	it('gives an address once that a newer one pushes on to the next page', async () => {
		const account = sendGrid.account();
		for (let index = 0; index < 501; index++) {
			account.addSuppression('bounces', { email: `user${index}@example.com`, created: TEN });
		}
		sendGrid.failNext(({ query }) => {
			if (query.get('offset') === '500') {
				account.suppressions.bounces.unshift({ email: 'newest@example.com', created: TEN });
			}
			return false;
		}, {});

		const emails = (await getAll({ lists: ['bounces'] })).map(({ email }) => email);

		expect(emails).toHaveLength(501);
		expect(new Set(emails).size).toBe(501);
	});

	it.each([500, 501])('reads %i group unsubscribes, which come all at once', async (count) => {
		const { suppressed } = sendGrid.account().addGroup({ name: 'Newsletter' });
		for (let index = 0; index < count; index++) suppressed.set(`user${index}@example.com`, TEN);

		await expect(getAll({ lists: ['groupUnsubscribes'] })).resolves.toHaveLength(count);
	});

	it('stops at the limit, over all lists, without a request too many', async () => {
		fillEveryList();

		const entries = await getAll({ returnAll: false, limit: 2 });

		expect(entries).toMatchObject([{ list: 'blocks' }, { list: 'bounces' }]);
		expect(sendGrid.requests.map(({ path }) => path)).toEqual([
			'/v3/suppression/blocks',
			'/v3/suppression/bounces',
		]);
		expect(sendGrid.requests[0]?.query.get('limit')).toBe('2');
	});

	it('puts out nothing for empty lists', async () => {
		await expect(getAll()).resolves.toEqual([]);
	});

	it.each([
		[{ since: 'last week' }, 'The value is the text "last week"'],
		[{ until: 'tomorrow-ish' }, 'The value is the text "tomorrow-ish"'],
		[{ lists: [] }, 'Lists: Choose at least one'],
		[{ lists: ['bounces', 'nonsense'] }, 'Lists: Use one of: blocks, bounces,'],
	])('refuses %j with the field named', async (parameters, message) => {
		await expect(getAll(parameters)).rejects.toThrow(message);
		expect(sendGrid.requests).toHaveLength(0);
	});

	it('fails on an answer that is no list', async () => {
		sendGrid.failNext('GET /v3/suppression/blocks', { status: 200, body: { status: 'ok' } });

		await expect(getAll()).rejects.toThrow(
			"Check the base URL in the credential: what answers GET /v3/suppression/blocks is not SendGrid's list Blocks",
		);
	});

	it('says which permission is missing', async () => {
		await sendGrid.stop();
		sendGrid = await SendGridEmulator.start({
			apiKeys: [{ key: 'SG.limited', scopes: ['mail.send'] }],
		});

		await expect(getAll({ lists: ['blocks'] }, { apiKey: 'SG.limited' })).rejects.toThrow(
			'API key with the permission suppression.blocks.read',
		);
	});

	it('with continue on fail goes on after an item that failed', async () => {
		fillEveryList();
		const items = [{ list: 'nonsense' }, { list: 'blocks' }];

		const output = await getAll({ lists: '={{ [$json.list] }}' }, { items, continueOnFail: true });

		expect(output).toMatchObject([
			{ error: expect.stringContaining('The value is the text "nonsense"') },
			{ list: 'blocks' },
		]);
	});
});
