import type { INodeListSearchResult } from 'n8n-workflow';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { DEFAULT_API_KEY, SendGridEmulator } from '../../../../emulator';
import { sendGridEmailWorkflow } from '../../support/runSendGridEmail';

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({ mailEvents: false });
});
afterEach(async () => await sendGrid.stop());

const { listSearch, loadOptions, resourceMapping } = new SendGridEmail().methods;

const context = () => sendGridEmailWorkflow(sendGrid, {}).loadOptionsContext();

/** The entries of a list as the editor gets them. */
async function entries(
	list: keyof typeof listSearch,
	filter?: string,
): Promise<INodeListSearchResult['results']> {
	return (await listSearch[list].call(context(), filter)).results;
}

describe('the list of templates', () => {
	it('has all of them, however many pages SendGrid makes', async () => {
		const account = sendGrid.account();
		const names = Array.from({ length: 450 }, (_, index) => `Template ${1000 + index}`);
		for (const name of names) account.addTemplate({ name });
		expect((await entries('searchTemplates')).map(({ name }) => name)).toEqual(names);
		expect(sendGrid.requests).toHaveLength(3);
	});

	it('tells legacy templates, and finds a name on any page', async () => {
		const account = sendGrid.account();
		for (let index = 0; index < 250; index++) account.addTemplate({ name: `Template ${index}` });
		const { id } = account.addTemplate({ name: 'Welcome back', generation: 'legacy' });
		expect(await entries('searchTemplates', 'welcome')).toEqual([
			{ name: 'Welcome back (legacy)', value: id },
		]);
	});

	it('finds a template by its ID', async () => {
		const { id } = sendGrid.account().addTemplate({ name: 'Welcome' });
		sendGrid.account().addTemplate({ name: 'Other' });
		expect(await entries('searchTemplates', id)).toEqual([{ name: 'Welcome', value: id }]);
	});
});

describe('the list of senders', () => {
	it('has all verified ones, in the form in which From takes them', async () => {
		const account = sendGrid.account();
		for (let index = 0; index < 230; index++) {
			account.addVerifiedSender({ from_email: `s${1000 + index}@example.com`, from_name: '' });
		}
		account.addVerifiedSender({ from_email: 'ann@example.com', from_name: 'Smith, Ann' });
		account.addVerifiedSender({ from_email: 'new@example.com', verified: false });
		const list = await entries('searchVerifiedSenders');
		expect(list).toHaveLength(231);
		expect(list[0]).toEqual({
			name: '"Smith, Ann" <ann@example.com>',
			value: '"Smith, Ann" <ann@example.com>',
		});
		expect(list.map(({ value }) => value)).not.toContain('new@example.com');
	});
});

describe('the list of unsubscribe groups', () => {
	it('has all of them by name, with the number as the value', async () => {
		const { id } = sendGrid.account().addGroup({ name: 'News' });
		sendGrid.account().addGroup({ name: 'Offers' });
		expect(await entries('searchUnsubscribeGroups', 'new')).toMatchObject([
			{ name: 'News', value: id },
		]);
		expect(await loadOptions.getUnsubscribeGroups.call(context())).toHaveLength(2);
	});
});

describe('the list of IP pools', () => {
	it('has all of them', async () => {
		sendGrid.account().ipPools.push('marketing', 'billing');
		expect(await entries('searchIpPools')).toEqual([
			{ name: 'billing', value: 'billing' },
			{ name: 'marketing', value: 'marketing' },
		]);
	});
});

describe('the list of contact lists', () => {
	it('has all of them by name, however many pages SendGrid makes', async () => {
		const book = sendGrid.account().contactBook;
		for (let index = 0; index < 1100; index++) book.addList(`List ${1000 + index}`);
		const { id } = book.addList('Newsletter');
		expect(await entries('searchContactLists')).toHaveLength(1101);
		expect(await entries('searchContactLists', 'news')).toEqual([
			{ name: 'Newsletter', value: id },
		]);
		expect(await loadOptions.getContactLists.call(context())).toHaveLength(1101);
	});
});

describe('the fields of a contact', () => {
	it("are SendGrid's own that can be written, and the custom ones by name and type", async () => {
		const book = sendGrid.account().contactBook;
		book.addCustomField('orders', 'Number');
		book.addCustomField('born', 'Date');
		const { fields } = await resourceMapping.getContactFields.call(context());
		const names = fields.map(({ id }) => id);

		expect(names).toContain('address_line_1');
		expect(names).not.toContain('email');
		expect(names).not.toContain('last_opened');
		expect(fields.filter(({ removed }) => !removed)).toMatchObject([
			{ id: 'first_name', displayName: 'First Name', type: 'string' },
			{ id: 'last_name', displayName: 'Last Name', type: 'string' },
			{ id: 'orders', displayName: 'orders', type: 'number' },
			{ id: 'born', displayName: 'born', type: 'dateTime' },
		]);
	});
});

it.each(Object.keys(listSearch) as Array<keyof typeof listSearch>)(
	'%s says which permission the key lacks',
	async (list) => {
		await sendGrid.stop();
		const apiKeys = [{ key: DEFAULT_API_KEY, scopes: ['mail.send'] }];
		sendGrid = await SendGridEmulator.start({ apiKeys });
		await expect(entries(list)).rejects.toMatchObject({
			message: expect.stringMatching(/permission/),
		});
	},
);
