import { outputOf } from '../../support/runSendGridEmail';
import { SendGridEmulator } from '../../../../emulator/sendGridEmulator';

const CREATED = 1_763_633_700;
const CREATED_AT = '2025-11-20T10:15:00.000Z';

describe('Suppression > Check', () => {
	let sendGrid: SendGridEmulator;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start();
	});

	afterEach(async () => {
		await sendGrid.stop();
	});

	const check = async (email: string, options = {}) =>
		await outputOf(sendGrid, { resource: 'suppression', operation: 'check', email }, options);

	it('tells that an address is on no list', async () => {
		sendGrid.account().addSuppression('bounces', { email: 'other@example.com' });
		sendGrid.account().addGroup({ name: 'Newsletter' });

		await expect(check('ann@example.com')).resolves.toEqual([
			{ email: 'ann@example.com', suppressed: false, allMailStopped: false, reasons: [] },
		]);
	});

	it.each([
		['bounces', 'bounces', { reason: '550 5.1.1 unknown', status: '5.1.1' }, 'allMail'],
		['blocks', 'blocks', { reason: '421 try later', status: '4.0.0' }, 'nothing'],
		['invalid_emails', 'invalidEmails', { reason: 'Mail domain is unknown' }, 'allMail'],
		['spam_reports', 'spamReports', { ip: '10.63.202.100' }, 'allMail'],
	] as const)('finds an address in %s and says why', async (stored, list, details, stops) => {
		sendGrid
			.account()
			.addSuppression(stored, { email: 'ann@example.com', created: CREATED, ...details });

		await expect(check('ann@example.com')).resolves.toEqual([
			{
				email: 'ann@example.com',
				suppressed: true,
				allMailStopped: stops === 'allMail',
				reasons: [
					{
						list,
						email: 'ann@example.com',
						...details,
						created: CREATED,
						createdAt: CREATED_AT,
						stops,
					},
				],
			},
		]);
	});

	it('finds a global unsubscribe', async () => {
		sendGrid.account().addSuppression('unsubscribes', { email: 'ann@example.com' });

		await expect(check('ann@example.com')).resolves.toEqual([
			{
				email: 'ann@example.com',
				suppressed: true,
				allMailStopped: true,
				reasons: [{ list: 'globalUnsubscribes', email: 'ann@example.com', stops: 'allMail' }],
			},
		]);
	});

	it('names the unsubscribe groups that an address left, and only those', async () => {
		const left = sendGrid.account().addGroup({ name: 'Newsletter' });
		left.suppressed.set('ann@example.com', CREATED);
		sendGrid.account().addGroup({ name: 'Receipts' });

		await expect(check('ann@example.com')).resolves.toEqual([
			{
				email: 'ann@example.com',
				suppressed: true,
				allMailStopped: false,
				reasons: [
					{
						list: 'groupUnsubscribes',
						groupId: left.id,
						groupName: 'Newsletter',
						stops: 'groupMail',
					},
				],
			},
		]);
	});

	it('gives every reason, each list asked once and all of them at the same time', async () => {
		await sendGrid.stop();
		sendGrid = await SendGridEmulator.start({ latencyMs: 300 });
		sendGrid.account().addSuppression('bounces', { email: 'ann@example.com' });
		sendGrid.account().addSuppression('unsubscribes', { email: 'ann@example.com' });

		const [result] = await check('ann@example.com');

		expect(result).toMatchObject({
			reasons: [{ list: 'bounces' }, { list: 'globalUnsubscribes' }],
		});
		expect(sendGrid.requests).toHaveLength(6);
		expect(Math.max(...sendGrid.requests.map(({ concurrent }) => concurrent))).toBe(6);
	});

	it('has no call under way any more when it has failed', async () => {
		sendGrid.failNext(/\/bounces\//, { status: 400 });
		sendGrid.failNext(/./, { delayMs: 300 }, Infinity);

		await expect(check('ann@example.com')).rejects.toThrow();

		expect(sendGrid.requests.map(({ status }) => status).sort()).toEqual([
			...[200, 200, 200, 200, 200],
			400,
		]);
	});

	it('takes "Name <address>" and encodes what a path cannot hold', async () => {
		sendGrid.account().addSuppression('bounces', { email: 'ann+50%/x@example.com' });

		await expect(check('Ann <ann+50%/x@example.com>')).resolves.toMatchObject([
			{ email: 'ann+50%/x@example.com', suppressed: true },
		]);
	});

	it('takes a 404 of SendGrid for "not on this list"', async () => {
		sendGrid.failNext(/GET .*\/bounces\//, { status: 404 });

		await expect(check('ann@example.com')).resolves.toMatchObject([{ suppressed: false }]);
	});

	it.each([
		'/v3/suppression/bounces/',
		'/v3/suppression/blocks/',
		'/v3/suppression/invalid_emails/',
		'/v3/suppression/spam_reports/',
		'/v3/asm/suppressions/global/',
		'/v3/asm/suppressions/ann',
	])('fails when %s cannot be read, rather than to say "not suppressed"', async (path) => {
		sendGrid.failNext(({ path: asked }) => asked.startsWith(path), {
			status: 400,
			body: { errors: [{ message: 'this list is being rebuilt', field: null }] },
		});

		await expect(check('ann@example.com')).rejects.toThrow('this list is being rebuilt');
	});

	it.each([
		['a 404 of something else than SendGrid', { status: 404, body: 'no such route' }],
		['an answer that is no list', { status: 200, body: {} }],
	])('fails on %s', async (_, fault) => {
		sendGrid.failNext(/GET .*\/bounces\//, fault);

		await expect(check('ann@example.com')).rejects.toThrow(/bounces/i);
	});

	it('names the permission that the API key lacks', async () => {
		await sendGrid.stop();
		const scopes = ['suppression.read', 'asm.suppressions.global.read'];
		sendGrid = await SendGridEmulator.start({ apiKeys: [{ key: 'SG.limited', scopes }] });

		await expect(check('ann@example.com', { apiKey: 'SG.limited' })).rejects.toThrow(
			'API key with the permission asm.groups.suppressions.read',
		);
	});

	it('refuses what is not an address, with the field named', async () => {
		await expect(check('ann')).rejects.toThrow('"ann" is not an email address');
		expect(sendGrid.requests).toHaveLength(0);
	});

	it('gives each item its own result, and with continue on fail its own error', async () => {
		sendGrid.account().addSuppression('bounces', { email: 'bob@example.com' });
		const items = [{ to: 'ann@example.com' }, { to: 'nobody' }, { to: 'bob@example.com' }];

		const output = await check('={{ $json.to }}', { items, continueOnFail: true });

		expect(output).toMatchObject([
			{ email: 'ann@example.com', suppressed: false },
			{ error: expect.stringContaining('"nobody" is not an email address') },
			{ email: 'bob@example.com', suppressed: true },
		]);
	});
});
