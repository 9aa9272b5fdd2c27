import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { SendGridEmulator } from '../../../../emulator';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { until } from '../../../support/until';
import {
	outputOf,
	runSendGridEmail,
	sendGridEmailWorkflow,
	type RunOptions,
} from '../../support/runSendGridEmail';

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({ now: () => Date.UTC(2026, 0, 15) });
});
afterEach(async () => await sendGrid.stop());

const book = () => sendGrid.account().contactBook;
const run = async (operation: string, parameters: INodeParameters = {}, options: RunOptions = {}) =>
	await outputOf(sendGrid, { resource: 'contact', operation, ...parameters }, options);
const callsTo = (method: string, path: string) =>
	sendGrid.requests.filter((request) => request.method === method && request.path === path);
const mapping = (value: IDataObject) =>
	({ mappingMode: 'defineBelow', value }) as unknown as INodeParameters;
const autoMapping = { mappingMode: 'autoMapInputData', value: null } as unknown as INodeParameters;
const addresses = (count: number) =>
	Array.from({ length: count }, (_, index) => ({ email: `c${index}@example.com` }));

describe('Create or Update', () => {
	const EMAIL = { email: '={{ $json.email }}' };

	it('takes a contact on and says which job it is in', async () => {
		const [result] = await run('upsert', { email: 'Ann@Example.com' });

		const [job] = [...book().jobs.values()];
		expect(result).toEqual({ email: 'ann@example.com', job: { id: job!.id, status: 'pending' } });
		expect(book().byEmail('ann@example.com')).toBeDefined();
	});

	it('puts thousands of items into one call, each with its own result', async () => {
		const items = addresses(2000);
		const output = await runSendGridEmail(
			sendGrid,
			{ resource: 'contact', operation: 'upsert', ...EMAIL },
			{ items },
		);

		expect(callsTo('PUT', '/v3/marketing/contacts')).toHaveLength(1);
		expect(book().contacts.size).toBe(2000);
		expect(output).toHaveLength(2000);
		expect(output.at(-1)).toMatchObject({
			json: { email: 'c1999@example.com' },
			pairedItem: { item: 1999 },
		});
	});

	it('stays below 6 MB in a call', async () => {
		const items = addresses(70).map((item) => ({ ...item, facebook: 'x'.repeat(100_000) }));
		await run('upsert', { ...EMAIL, fields: autoMapping }, { items });

		const calls = callsTo('PUT', '/v3/marketing/contacts');
		expect(calls).toHaveLength(2);
		for (const { bytes } of calls) expect(bytes).toBeLessThan(6_000_000);
		expect(book().contacts.size).toBe(70);
	});

	it('merges items with the same address, the later value winning', async () => {
		const items = [
			{ email: 'ann@example.com', first_name: 'Ann', city: 'Bonn' },
			{ email: 'ANN@example.com', first_name: 'Anna' },
		];
		const output = await run('upsert', { ...EMAIL, fields: autoMapping }, { items });

		expect(output).toHaveLength(2);
		expect(callsTo('PUT', '/v3/marketing/contacts')).toHaveLength(1);
		expect(book().byEmail('ann@example.com')?.fields).toEqual({ first_name: 'Anna', city: 'Bonn' });
	});

	it("writes SendGrid's own fields and custom fields of each type", async () => {
		book().addCustomField('plan');
		book().addCustomField('orders', 'Number');
		book().addCustomField('born', 'Date');
		await run('upsert', {
			email: 'ann@example.com',
			fields: mapping({
				first_name: 'Ann',
				alternate_emails: 'ann@work.example, a@b.example',
				plan: 'pro',
				orders: '7',
				born: '2001-02-03T00:00:00Z',
				last_name: '',
				city: null,
			}),
		});

		expect(book().byEmail('a@b.example')).toMatchObject({
			email: 'ann@example.com',
			fields: { first_name: 'Ann' },
			custom_fields: { plan: 'pro', orders: 7, born: '2001-02-03T00:00:00.000Z' },
		});
		expect(book().byEmail('ann@example.com')?.fields).not.toHaveProperty('last_name');
	});

	it('maps input fields with the names of contact fields, and passes over others', async () => {
		const { id } = book().addCustomField('plan');
		const items = [
			{ email: 'a@example.com', firstName: 'Ann', plan: 'pro', internal: 1 },
			{ email: 'b@example.com', first_name: 'Bob', [id]: 'free' },
		];
		await run('upsert', { ...EMAIL, fields: autoMapping }, { items });

		expect(book().byEmail('a@example.com')).toMatchObject({
			fields: { first_name: 'Ann' },
			custom_fields: { plan: 'pro' },
		});
		expect(book().byEmail('b@example.com')).toMatchObject({
			fields: { first_name: 'Bob' },
			custom_fields: { plan: 'free' },
		});
		expect(callsTo('GET', '/v3/marketing/field_definitions')).toHaveLength(1);
	});

	it.each([
		['a field that is not there', { shoe: '42' }, 'Fields: Refresh the list of fields in the node'],
		[
			'text for a number',
			{ orders: 'many' },
			'Fields › orders: Enter a number such as 42. The value is the text "many".',
		],
		['text for a date', { born: 'long ago' }, 'Fields › born: Enter a date and time'],
		[
			'too many alternate addresses',
			{ alternate_emails: 'a@x.org,b@x.org,c@x.org,d@x.org,e@x.org,f@x.org' },
			'Fields › alternate_emails: Enter 5 addresses at most: SendGrid takes no more. There are 6.',
		],
	])('refuses %s, and names the item', async (_, value, message) => {
		book().addCustomField('orders', 'Number');
		book().addCustomField('born', 'Date');
		const running = run('upsert', { email: 'ann@example.com', fields: mapping(value) });

		await expect(running).rejects.toThrow(message);
		await expect(running).rejects.toThrow('[item 0]');
		expect(callsTo('PUT', '/v3/marketing/contacts')).toHaveLength(0);
	});

	it.each([
		['chosen', (id: string) => [id]],
		['from an expression', (id: string) => `={{ "${id}" }}`],
	])('adds to lists, %s', async (_, listsOf) => {
		const { id } = book().addList('Newsletter');
		await run('upsert', { email: 'ann@example.com', listIds: listsOf(id) });

		expect(book().onList(id)).toMatchObject([{ email: 'ann@example.com' }]);
	});

	it('makes a call for each set of lists', async () => {
		const [a, b] = [book().addList('A').id, book().addList('B').id];
		const items = addresses(4).map((item, index) => ({ ...item, list: index % 2 ? a : b }));
		await run('upsert', { ...EMAIL, listIds: '={{ [$json.list] }}' }, { items });

		expect(callsTo('PUT', '/v3/marketing/contacts')).toHaveLength(2);
		expect(book().onList(a)).toHaveLength(2);
		expect(book().onList(b)).toHaveLength(2);
	});

	it('says which list does not exist', async () => {
		await expect(
			run('upsert', { email: 'ann@example.com', listIds: ['nowhere'] }),
		).rejects.toMatchObject({
			message: 'See whether these lists still exist: SendGrid does not know one of nowhere',
			description: expect.stringContaining('list nowhere not found'),
		});
	});

	describe('waiting', () => {
		const WAIT = { ...EMAIL, wait: true };

		it('gives the ID of each contact and the counts of the job', async () => {
			book().put('c0@example.com');
			book().pendingReads = 1;
			const output = await run('upsert', WAIT, { items: addresses(2) });

			expect(output).toMatchObject([
				{
					email: 'c0@example.com',
					contactId: book().byEmail('c0@example.com')?.id,
					job: { status: 'completed', requestedCount: 2, createdCount: 1, updatedCount: 1 },
				},
				{ email: 'c1@example.com', contactId: book().byEmail('c1@example.com')?.id },
			]);
		});

		it('looks 100 contacts up at a time', async () => {
			await run('upsert', WAIT, { items: addresses(250) });
			expect(callsTo('POST', '/v3/marketing/contacts/search/emails')).toHaveLength(3);
		});

		it('calls no import a failure because its contacts could not be looked up', async () => {
			sendGrid.failNext(/search\/emails/, { status: 400 });
			await expect(run('upsert', WAIT, { items: addresses(1) })).resolves.toEqual([
				{ email: 'c0@example.com', job: expect.objectContaining({ status: 'completed' }) },
			]);
		});

		it('fails only the contacts that were not imported', async () => {
			book().unimportable.add('c1@example.com');
			const output = await run('upsert', WAIT, { items: addresses(3), continueOnFail: true });

			expect(output).toMatchObject([
				{ email: 'c0@example.com', contactId: expect.any(String), job: { status: 'errored' } },
				{ error: 'Check the contact c1@example.com: SendGrid did not import it' },
				{ email: 'c2@example.com', contactId: expect.any(String) },
			]);
		});

		it('fails with a job of which nothing could be done', async () => {
			book().unimportable.add('c0@example.com');
			await expect(run('upsert', WAIT, { items: addresses(1) })).rejects.toThrow(
				/^Correct the contacts and try again: SendGrid could not do the job .*, and none of its contacts was changed/,
			);
		});

		it('goes on when the time is up, and the job is found again', async () => {
			book().pendingReads = 1;
			const [result] = await run('upsert', { ...WAIT, maxWaitMinutes: 0 }, { items: addresses(1) });
			expect(result).toMatchObject({ email: 'c0@example.com', job: { status: 'pending' } });

			const { id } = result!.job as IDataObject;
			await expect(run('getJob', { jobId: id as string })).resolves.toMatchObject([
				{ id, jobType: 'upsert', status: 'completed', createdCount: 1 },
			]);
		});
	});

	it('stops waiting when the user stops the execution', async () => {
		book().pendingReads = 1000;
		const workflow = sendGridEmailWorkflow(sendGrid, {
			resource: 'contact',
			operation: 'upsert',
			email: 'ann@example.com',
			wait: true,
		});
		const user = new AbortController();
		const context = workflow.executeContext(undefined, undefined, undefined, 0, user.signal);
		const running = new SendGridEmail().execute.call(context);
		const polls = () =>
			callsTo('GET', `/v3/marketing/contacts/imports/${[...book().jobs.keys()][0]}`);
		await until(() => polls().length >= 2);
		user.abort();
		// It ends well while it waits, and with an error while it asks; otherwise after ten minutes.
		const [ended] = await Promise.allSettled([running]);
		if (ended.status === 'rejected') expect(String(ended.reason)).toContain('stopped');
		else expect(ended.value).toMatchObject([[{ json: { job: { status: 'pending' } } }]]);
	});

	describe('what SendGrid refuses', () => {
		const parameters = { ...EMAIL, fields: autoMapping };
		const items = addresses(3).map((item, index) => ({
			...item,
			city: index === 1 ? 'x'.repeat(61) : 'Bonn',
		}));

		it('is named by its item', async () => {
			await expect(run('upsert', parameters, { items })).rejects.toMatchObject({
				message: expect.stringContaining('city is invalid'),
				description: expect.stringContaining('contacts[1] is item 1 (c1@example.com).'),
				context: expect.objectContaining({ itemIndex: 1 }),
			});
			expect(book().contacts.size).toBe(0);
		});

		it('does not keep the other items back, if the node continues on fail', async () => {
			const output = await run('upsert', parameters, { items, continueOnFail: true });
			expect(output).toMatchObject([
				{ email: 'c0@example.com' },
				{ error: expect.stringContaining('city is invalid') },
				{ email: 'c2@example.com' },
			]);
			expect(book().contacts.size).toBe(2);
		});
	});

	it('fails only the items that are wrong before any call', async () => {
		const items = [{ email: 'ann@' }, { email: 'bob@example.com' }];
		const output = await run('upsert', EMAIL, { items, continueOnFail: true });
		expect(output).toMatchObject([
			{ error: expect.stringContaining('Email: Enter an address') },
			{ email: 'bob@example.com' },
		]);
	});

	it('waits when SendGrid has had enough calls', async () => {
		sendGrid.failNext('PUT /v3/marketing/contacts', {
			status: 429,
			headers: { 'X-RateLimit-Reset': '0' },
		});
		await expect(run('upsert', { email: 'ann@example.com' })).resolves.toHaveLength(1);
	});
});

describe('Get', () => {
	it.each([
		['address', () => 'ANN@example.com'],
		['alternate address', () => 'ann@work.example'],
		['ID', () => book().byEmail('ann@example.com')!.id],
	])('reads a contact by its %s', async (_, contact) => {
		book().addCustomField('favourite_colour');
		const { contact: stored } = book().put('ann@example.com', {
			alternate_emails: ['ann@work.example'],
			fields: { first_name: 'Ann', address_line_1: 'Main Street 1' },
			custom_fields: { favourite_colour: 'red' },
		});

		const [result] = await run('get', { contact: contact() });
		expect(result).toMatchObject({
			id: stored.id,
			email: 'ann@example.com',
			firstName: 'Ann',
			addressLine1: 'Main Street 1',
			// Names of the user's own stay as they are.
			customFields: { favourite_colour: 'red' },
			listIds: [],
			createdAt: '2026-01-15T00:00:00Z',
		});
		expect(result).not.toHaveProperty('_metadata');
	});

	it.each(['nobody@example.com', 'no-such-id'])(
		'says that there is no contact %s',
		async (contact) => {
			await expect(run('get', { contact })).rejects.toThrow(
				`Check the address or ID: there is no contact ${contact}`,
			);
		},
	);

	it.each([
		['', 'Contact: Enter an email address or the ID of a contact. The value is empty.'],
		[
			'a b',
			'Contact: Enter an email address such as ann@example.com, or the ID of a contact. "a b" is neither.',
		],
		['../lists', '"../lists" is neither'],
		['ann@', 'Contact: Enter an address'],
	])('refuses "%s"', async (contact, message) => {
		await expect(run('get', { contact })).rejects.toThrow(message);
		expect(sendGrid.requests).toHaveLength(0);
	});
});

describe('Get Many', () => {
	const fill = (count: number, list_ids: string[] = []) => {
		for (const { email } of addresses(count)) book().put(email, { list_ids });
	};

	it('gives the newest contacts at once', async () => {
		fill(60);
		await expect(run('getAll')).resolves.toHaveLength(50);
		await expect(run('getAll', { limit: 3 })).resolves.toHaveLength(3);
		expect(callsTo('POST', '/v3/marketing/contacts/exports')).toHaveLength(0);
	});

	it('gives all contacts through an export', async () => {
		fill(1234);
		book().pendingReads = 1;
		const output = await run('getAll', { returnAll: true });

		expect(output).toHaveLength(1234);
		expect(output[0]).toMatchObject({
			id: book().byEmail('c0@example.com')?.id,
			email: 'c0@example.com',
			createdAt: '2026-01-15T00:00:00Z',
		});
	});

	it('does not send the API key to where the file is', async () => {
		fill(1);
		await run('getAll', { returnAll: true });
		const download = sendGrid.requests.find(({ path }) => path.startsWith('/exported-contacts/'));
		expect(download).toBeDefined();
		expect(download!.headers).not.toHaveProperty('authorization');
	});

	it('gives as many as wanted beyond the newest', async () => {
		fill(100);
		await expect(run('getAll', { limit: 60 })).resolves.toHaveLength(60);
	});

	it('gives those on a list only', async () => {
		const { id } = book().addList('Newsletter');
		fill(2, [id]);
		book().put('other@example.com');
		const output = await run('getAll', { listIds: [id] });
		expect(output.map(({ email }) => email)).toEqual(['c0@example.com', 'c1@example.com']);
	});

	it('gives nothing for an account without contacts', async () => {
		await expect(run('getAll', { returnAll: true })).resolves.toEqual([]);
	});

	it('says when the file takes too long', async () => {
		book().pendingReads = 5;
		await expect(run('getAll', { returnAll: true, exportMinutes: 0 })).rejects.toThrow(
			'Raise "Wait at Most (Minutes)", or choose single lists: SendGrid has not made the file',
		);
	});

	it.each([['{ status: failure }', { status: 'failure', message: 'disk full' }, 'disk full']])(
		'says why there is no file: %s',
		async (_, body, message) => {
			sendGrid.failNext(/GET .*exports/, { status: 200, body });
			await expect(run('getAll', { returnAll: true })).rejects.toThrow(message);
		},
	);

	it('says when the file is not what SendGrid writes', async () => {
		fill(1);
		sendGrid.failNext(/GET .*exported-contacts/, { status: 200, body: '<html>' });
		await expect(run('getAll', { returnAll: true })).rejects.toThrow('holds no JSON');
	});
});

describe('Search', () => {
	beforeEach(() => {
		book().addCustomField('orders', 'Number');
		book().put('ann@example.com', { fields: { first_name: 'Ann' }, custom_fields: { orders: 7 } });
		book().put('bob@example.org', {
			fields: { first_name: "O'Neil" },
			custom_fields: { orders: 1 },
		});
	});

	it.each([
		["email LIKE 'ann%'", ['ann@example.com']],
		["first_name = 'O\\'Neil'", ['bob@example.org']],
		['orders > 5 AND email LIKE "%.com"', ['ann@example.com']],
		['NOT (orders > 5)', ['bob@example.org']],
		["email IN ('ann@example.com', 'bob@example.org')", ['ann@example.com', 'bob@example.org']],
	])('finds %s', async (query, emails) => {
		const output = await run('search', { query });
		expect(output.map(({ email }) => email)).toEqual(emails);
	});

	it('finds who is on a list', async () => {
		const { id } = book().addList('Newsletter');
		book().put('ann@example.com', { list_ids: [id] });
		await expect(run('search', { query: `CONTAINS(list_ids, '${id}')` })).resolves.toMatchObject([
			{ email: 'ann@example.com', listIds: [id] },
		]);
	});

	it('says what SendGrid does not understand', async () => {
		await expect(run('search', { query: "shoe = '42'" })).rejects.toThrow(
			"Correct what SendGrid refuses: invalid syntax: 'shoe' is not a known field",
		);
	});

	it('refuses an empty query', async () => {
		await expect(run('search', { query: ' ' })).rejects.toThrow('Query: Enter what to look for');
	});

	it('gives 50 contacts at most', async () => {
		for (const { email } of addresses(60)) book().put(email);
		await expect(run('search', { query: "email LIKE 'c%'" })).resolves.toHaveLength(50);
	});
});

describe('Delete', () => {
	beforeEach(() => {
		for (const { email } of addresses(3)) book().put(email);
	});

	it('deletes by address and by ID, and leaves the others', async () => {
		const { id } = book().byEmail('c1@example.com')!;
		const output = await run('delete', { contacts: `c0@example.com, ${id}`, wait: true });

		expect(output).toMatchObject([
			{ contact: 'c0@example.com', deleted: true, job: { status: 'completed', deletedCount: 2 } },
			{ contact: id, contactId: id, deleted: true },
		]);
		expect([...book().contacts.values()].map(({ email }) => email)).toEqual(['c2@example.com']);
	});

	it('tells whom it did not find', async () => {
		await expect(run('delete', { contacts: 'nobody@example.com' })).resolves.toEqual([
			{ contact: 'nobody@example.com', deleted: false },
		]);
		expect(callsTo('DELETE', '/v3/marketing/contacts')).toHaveLength(0);
	});

	it('takes the contacts of many items together, 100 to a call', async () => {
		const items = addresses(250);
		for (const { email } of items) book().put(email);
		const output = await run('delete', { contacts: '={{ $json.email }}' }, { items });

		expect(output).toHaveLength(250);
		expect(callsTo('DELETE', '/v3/marketing/contacts')).toHaveLength(3);
		expect(book().contacts.size).toBe(0);
	});

	it('starts all jobs before it waits for any', async () => {
		const items = addresses(150);
		for (const { email } of items) book().put(email);
		book().pendingReads = 1;
		await run('delete', { contacts: '={{ $json.email }}', wait: true }, { items });

		const calls = sendGrid.requests.map(({ method, path }) => `${method} ${path}`);
		const firstLook = calls.findIndex((call) => call.includes('/imports/'));
		expect(calls.lastIndexOf('DELETE /v3/marketing/contacts')).toBeLessThan(firstLook);
		expect(book().contacts.size).toBe(0);
	});

	it('fails only the items that are wrong', async () => {
		const items = [{ who: 'c0@example.com' }, { who: 'a/b' }, { who: '' }];
		const options = { items, continueOnFail: true };
		await expect(run('delete', { contacts: '={{ $json.who }}' }, options)).resolves.toMatchObject([
			{ contact: 'c0@example.com', deleted: true },
			{ error: expect.stringContaining('"a/b" is neither') },
			{ error: expect.stringContaining('Contacts: Enter email addresses or contact IDs') },
		]);
	});

	it('fails the items of a call that fails', async () => {
		sendGrid.failNext(/search\/emails/, { status: 403 });
		const options = { items: [{}], continueOnFail: true };
		await expect(run('delete', { contacts: 'c0@example.com' }, options)).resolves.toMatchObject([
			{ error: expect.stringContaining('Use a SendGrid API key with the permission') },
		]);
		expect(book().contacts.size).toBe(3);
	});
});

describe('Delete All', () => {
	it('deletes every contact once it is confirmed', async () => {
		book().put('ann@example.com');
		await expect(run('deleteAll', { confirmation: 'yes' })).rejects.toThrow(
			'Confirmation: Type "delete all contacts"',
		);
		expect(book().contacts.size).toBe(1);

		const output = await run('deleteAll', { confirmation: 'delete all contacts', wait: true });
		expect(output).toMatchObject([{ job: { status: 'completed', deletedCount: 1 } }]);
		expect(book().contacts.size).toBe(0);
	});
});

it('says which permission the key lacks', async () => {
	await sendGrid.stop();
	sendGrid = await SendGridEmulator.start({
		apiKeys: [{ key: 'SG.emulator.full-access', scopes: ['mail.send'] }],
	});
	await expect(run('getAll')).rejects.toMatchObject({
		message: expect.stringContaining('marketing.read'),
		description: expect.stringContaining('Marketing'),
	});
});
