import type { INodeParameters } from 'n8n-workflow';
import { outputOf } from '../../support/runSendGridEmail';
import { SendGridEmulator } from '../../../../emulator/sendGridEmulator';

describe('Suppression', () => {
	let sendGrid: SendGridEmulator;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start();
	});

	afterEach(async () => {
		await sendGrid.stop();
	});

	describe('Add', () => {
		const add = async (parameters: INodeParameters) =>
			await outputOf(sendGrid, {
				resource: 'suppression',
				operation: 'add',
				email: 'ann@example.com',
				...parameters,
			});

		it('unsubscribes from everything', async () => {
			await expect(add({ list: 'globalUnsubscribes' })).resolves.toEqual([
				{ email: 'ann@example.com', list: 'globalUnsubscribes', added: true },
			]);
			expect(sendGrid.account().suppressions.unsubscribes).toMatchObject([
				{ email: 'ann@example.com' },
			]);
		});

		it.each([
			['chosen from the list', { mode: 'list', value: '42' }],
			['by ID', { mode: 'id', value: '={{ 40 + 2 }}' }],
		])('unsubscribes from one group, %s', async (_, groupId) => {
			const group = sendGrid.account().addGroup({ id: 42, name: 'Newsletter' });

			await expect(
				add({ list: 'groupUnsubscribes', groupId: { __rl: true, ...groupId } }),
			).resolves.toEqual([
				{ email: 'ann@example.com', list: 'groupUnsubscribes', groupId: 42, added: true },
			]);
			expect([...group.suppressed.keys()]).toEqual(['ann@example.com']);
		});

		it('tries again after a failure of the server: who is on the list stays on it', async () => {
			sendGrid.failNext('POST /v3/asm/suppressions/global', { status: 503 });
			await expect(add({ list: 'globalUnsubscribes' })).resolves.toMatchObject([{ added: true }]);
			const posts = sendGrid.requests.filter(({ method }) => method === 'POST');
			expect(posts).toHaveLength(2);
		});

		it('does not unsubscribe from everything when the group does not exist', async () => {
			await expect(
				add({ list: 'groupUnsubscribes', groupId: { __rl: true, mode: 'id', value: '99' } }),
			).rejects.toThrow('does not know /v3/asm/groups/99');
			expect(sendGrid.account().suppressions.unsubscribes).toEqual([]);
		});

		it('refuses a group that is not an ID', async () => {
			await expect(
				add({ list: 'groupUnsubscribes', groupId: { __rl: true, mode: 'id', value: 'News' } }),
			).rejects.toThrow('Unsubscribe Group: Choose a group from the list');
		});

		it('adds to no list that SendGrid fills itself', async () => {
			await expect(add({ list: '={{ "bounces" }}' })).rejects.toThrow(
				'List: Use one of: globalUnsubscribes, groupUnsubscribes.',
			);
			expect(sendGrid.requests).toHaveLength(0);
		});

		it('refuses what is not an address', async () => {
			await expect(add({ email: 'ann@' })).rejects.toThrow('"ann@" is not an email address');
			expect(sendGrid.requests).toHaveLength(0);
		});
	});

	describe('Remove', () => {
		const remove = async (parameters: INodeParameters) =>
			await outputOf(sendGrid, {
				resource: 'suppression',
				operation: 'remove',
				email: 'ann@example.com',
				...parameters,
			});

		it.each([
			['blocks', 'blocks'],
			['bounces', 'bounces'],
			['globalUnsubscribes', 'unsubscribes'],
			['invalidEmails', 'invalid_emails'],
			['spamReports', 'spam_reports'],
		] as const)('takes one address off %s and leaves the others', async (list, stored) => {
			sendGrid.account().addSuppression(stored, { email: 'ann@example.com' });
			sendGrid.account().addSuppression(stored, { email: 'bob@example.com' });

			await expect(remove({ list })).resolves.toEqual([
				{ email: 'ann@example.com', list, removed: true },
			]);
			expect(sendGrid.account().suppressions[stored]).toMatchObject([{ email: 'bob@example.com' }]);
		});

		it('takes one address off an unsubscribe group', async () => {
			const group = sendGrid.account().addGroup({ id: 42, name: 'Newsletter' });
			group.suppressed.set('ann@example.com', 1);
			group.suppressed.set('bob@example.com', 1);
			const groupId = { __rl: true, mode: 'id', value: '42' };

			await expect(remove({ list: 'groupUnsubscribes', groupId })).resolves.toEqual([
				{ email: 'ann@example.com', list: 'groupUnsubscribes', groupId: 42, removed: true },
			]);
			expect([...group.suppressed.keys()]).toEqual(['bob@example.com']);
		});

		it('tells when the address was not on the list', async () => {
			await expect(remove({ list: 'bounces' })).resolves.toEqual([
				{ email: 'ann@example.com', list: 'bounces', removed: false },
			]);
		});

		it('takes off what is no address, because such are on the list of invalid ones', async () => {
			const email = 'ann at home/1';
			sendGrid.account().addSuppression('invalid_emails', { email });

			await expect(remove({ email, list: 'invalidEmails' })).resolves.toMatchObject([
				{ removed: true },
			]);
		});

		it.each(['bounces', 'invalidEmails'])(
			'takes nothing off %s without an address: that path would stand for the whole list',
			async (list) => {
				await expect(remove({ email: ' ', list })).rejects.toThrow('Email: Enter ');
				expect(sendGrid.requests).toHaveLength(0);
			},
		);
	});
});
