import type { INodeParameters } from 'n8n-workflow';
import { SendGridEmulator } from '../../../../emulator';
import { outputOf, type RunOptions } from '../../support/runSendGridEmail';

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start();
});
afterEach(async () => await sendGrid.stop());

const book = () => sendGrid.account().contactBook;
const run = async (operation: string, parameters: INodeParameters = {}, options: RunOptions = {}) =>
	await outputOf(sendGrid, { resource: 'list', operation, ...parameters }, options);
const chosen = (value: string) => ({ __rl: true, mode: 'id', value });

describe('List', () => {
	it('is created', async () => {
		const [list] = await run('create', { name: 'Newsletter' });
		expect(list).toEqual({ id: book().lists[0]!.id, name: 'Newsletter', contactCount: 0 });
	});

	it.each([
		['', 'Name: Enter a name for the list'],
		['x'.repeat(101), 'Name: Enter 100 characters at most'],
	])('needs a name: "%s"', async (name, message) => {
		await expect(run('create', { name })).rejects.toThrow(message);
		expect(sendGrid.requests).toHaveLength(0);
	});

	it('cannot have the name of another', async () => {
		book().addList('Newsletter');
		await expect(run('create', { name: 'Newsletter' })).rejects.toThrow(
			'Correct what SendGrid refuses: a list with this name already exists',
		);
	});

	it('is read, with a sample of its contacts if wanted', async () => {
		const { id } = book().addList('Newsletter');
		book().put('ann@example.com', { fields: { first_name: 'Ann' }, list_ids: [id] });

		await expect(run('get', { listId: chosen(id) })).resolves.toEqual([
			{ id, name: 'Newsletter', contactCount: 1 },
		]);
		await expect(run('get', { listId: chosen(id), contactSample: true })).resolves.toMatchObject([
			{ id, contactSample: [{ email: 'ann@example.com', firstName: 'Ann' }] },
		]);
	});

	it('is listed with all others, however many pages SendGrid makes', async () => {
		for (let index = 0; index < 1100; index++) book().addList(`List ${index}`);
		await expect(run('getAll', { returnAll: true })).resolves.toHaveLength(1100);
		expect(sendGrid.requests).toHaveLength(2);
		await expect(run('getAll', { limit: 2 })).resolves.toMatchObject([
			{ name: 'List 0' },
			{ name: 'List 1' },
		]);
	});

	it('gets another name', async () => {
		const { id } = book().addList('Old');
		await expect(run('update', { listId: chosen(id), name: 'New' })).resolves.toMatchObject([
			{ id, name: 'New' },
		]);
		expect(book().lists).toEqual([{ id, name: 'New' }]);
	});

	it.each(['get', 'update', 'delete', 'addContacts', 'removeContacts'])(
		'has to be chosen for %s',
		async (operation) => {
			const more = { name: 'New', email: 'ann@example.com', contacts: 'ann@example.com' };
			await expect(run(operation, more)).rejects.toThrow(
				'List: Choose one from the list or enter its ID.',
			);
		},
	);

	it('is looked up by the ID that was entered, whatever is in it', async () => {
		await expect(run('get', { listId: chosen('../contacts') })).rejects.toThrow(
			'does not know /v3/marketing/lists/..%2Fcontacts',
		);
	});
});

describe('Delete', () => {
	let id: string;
	beforeEach(() => {
		id = book().addList('Newsletter').id;
		book().put('ann@example.com', { list_ids: [id] });
	});

	it('leaves the contacts', async () => {
		await expect(run('delete', { listId: chosen(id) })).resolves.toEqual([{ id, deleted: true }]);
		expect(book().lists).toEqual([]);
		expect(book().contacts.size).toBe(1);
	});

	it('deletes the contacts, too, if wanted', async () => {
		const parameters = { listId: chosen(id), deleteContacts: true, wait: true };
		await expect(run('delete', parameters)).resolves.toMatchObject([
			{ id, deleted: true, job: { status: 'completed', deletedCount: 1 } },
		]);
		expect(book().contacts.size).toBe(0);
	});

	it('tells when there is no such list', async () => {
		await expect(run('delete', { listId: chosen('gone') })).resolves.toEqual([
			{ id: 'gone', deleted: false },
		]);
	});
});

describe('Add Contacts', () => {
	it('puts the contacts of all items on the list in one call, new ones with their fields', async () => {
		const { id } = book().addList('Newsletter');
		book().put('ann@example.com', { fields: { city: 'Bonn' } });
		const items = [{ email: 'ann@example.com' }, { email: 'bob@example.com', first_name: 'Bob' }];
		const fields = { mappingMode: 'autoMapInputData', value: null } as unknown as INodeParameters;
		const parameters = { listId: chosen(id), email: '={{ $json.email }}', fields, wait: true };

		await expect(run('addContacts', parameters, { items })).resolves.toMatchObject([
			{ email: 'ann@example.com', contactId: expect.any(String) },
			{ email: 'bob@example.com', contactId: expect.any(String) },
		]);
		expect(book().onList(id)).toMatchObject([
			{ email: 'ann@example.com', fields: { city: 'Bonn' } },
			{ email: 'bob@example.com', fields: { first_name: 'Bob' } },
		]);
		expect(sendGrid.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
	});
});

describe('Remove Contacts', () => {
	it('takes contacts off the list and keeps them', async () => {
		const { id } = book().addList('Newsletter');
		const other = book().addList('Other').id;
		for (const name of ['ann', 'bob', 'eve']) {
			book().put(`${name}@example.com`, { list_ids: [id, other] });
		}
		const items = [{ who: 'ann@example.com, nobody@example.com' }, { who: 'bob@example.com' }];
		const parameters = { listId: chosen(id), contacts: '={{ $json.who }}', wait: true };

		await expect(run('removeContacts', parameters, { items })).resolves.toMatchObject([
			{ contact: 'ann@example.com', removed: true, job: { status: 'completed' } },
			{ contact: 'nobody@example.com', removed: false },
			{ contact: 'bob@example.com', removed: true },
		]);
		expect(book().onList(id)).toMatchObject([{ email: 'eve@example.com' }]);
		expect(book().onList(other)).toHaveLength(3);
		expect(sendGrid.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
	});

	it('fails for a list that does not exist', async () => {
		book().put('ann@example.com');
		const parameters = { listId: chosen('gone'), contacts: 'ann@example.com' };
		await expect(run('removeContacts', parameters)).rejects.toThrow('does not know');
	});
});
