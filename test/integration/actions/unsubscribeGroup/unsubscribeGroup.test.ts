import type { INodeParameters } from 'n8n-workflow';
import { SendGridEmulator } from '../../../../emulator';
import { outputOf } from '../../support/runSendGridEmail';

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start();
});
afterEach(async () => await sendGrid.stop());

const run = async (operation: string, parameters: INodeParameters = {}) =>
	await outputOf(sendGrid, { resource: 'unsubscribeGroup', operation, ...parameters });

describe('Unsubscribe Group', () => {
	it('lists all groups with how many have left them', async () => {
		const { id, suppressed } = sendGrid.account().addGroup({ name: 'News' });
		suppressed.set('ann@example.com', 1);
		sendGrid.account().addGroup({ name: 'Offers', is_default: true });

		await expect(run('getAll', { returnAll: true })).resolves.toEqual([
			{ id, name: 'News', description: '', isDefault: false, unsubscribes: 1 },
			expect.objectContaining({ name: 'Offers', isDefault: true, unsubscribes: 0 }),
		]);
		await expect(run('getAll', { limit: 1 })).resolves.toHaveLength(1);
	});

	it('creates a group', async () => {
		const parameters = { name: 'News', description: 'Our newsletter', isDefault: true };
		const [made] = await run('create', parameters);

		const [group] = sendGrid.account().groups;
		expect(made).toEqual({ id: group!.id, ...parameters });
		expect(group).toMatchObject({ name: 'News', description: 'Our newsletter', is_default: true });
	});

	it.each([
		[{ name: '' }, 'Name: Enter text such as "Newsletter". The value is empty.'],
		[{ description: ' ' }, 'Description: Enter text such as "Our monthly newsletter".'],
		[{ name: 'x'.repeat(31) }, 'Name: Enter 30 characters at most'],
		[{ description: 'x'.repeat(101) }, 'Description: Enter 100 characters at most'],
		[{ isDefault: '={{ "perhaps" }}' }, 'Default Group: Enter true or false'],
	])('refuses %j before the call', async (wrong, message) => {
		const valid = { name: 'News', description: 'Our newsletter' };
		await expect(run('create', { ...valid, ...wrong })).rejects.toThrow(message);
		expect(sendGrid.requests).toHaveLength(0);
	});

	it('is not created twice after an error of SendGrid', async () => {
		sendGrid.failNext(/groups/, { status: 502, afterWork: true });
		await expect(run('create', { name: 'News', description: 'x' })).rejects.toThrow('status 502');
		expect(sendGrid.account().groups).toHaveLength(1);
	});
});
