import { gunzipSync } from 'node:zlib';
import type { SendGridEmulator } from '..';
import { call, cleanUp } from './support';

const start = cleanUp();
let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await start.sendGrid({ now: () => Date.UTC(2026, 0, 15) });
});

const book = () => sendGrid.account().contactBook;
const put = async (contacts: unknown, more: object = {}) =>
	await call(sendGrid, 'PUT /v3/marketing/contacts', { contacts, ...more });
const get = async (path: string) => await call(sendGrid, `GET /v3/marketing/${path}`);

describe('contacts', () => {
	it('are created and updated by a job, and keep what is not given', async () => {
		const { id } = book().addCustomField('plan');
		const list = book().addList('News');
		const first = await put([{ email: 'Ann@Example.com', city: 'Bonn' }], { list_ids: [list.id] });
		expect(first).toMatchObject({ status: 202, body: { job_id: expect.any(String) } });
		await put([{ email: 'ann@example.com', first_name: 'Ann', custom_fields: { [id]: 'pro' } }]);

		const { body } = await get('contacts');
		expect(body).toMatchObject({
			contact_count: 1,
			result: [
				{
					email: 'ann@example.com',
					city: 'Bonn',
					first_name: 'Ann',
					last_name: '',
					custom_fields: { plan: 'pro' },
					list_ids: [list.id],
					segment_ids: [],
					created_at: '2026-01-15T00:00:00Z',
				},
			],
		});
	});

	it('appear once the job is done', async () => {
		book().pendingReads = 1;
		const { body } = await put([{ email: 'ann@example.com' }]);
		const job = `contacts/imports/${(body as { job_id: string }).job_id}`;

		expect(await get(job)).toMatchObject({ body: { status: 'pending', job_type: 'upsert' } });
		expect(book().contacts.size).toBe(0);
		expect(await get(job)).toMatchObject({
			body: {
				status: 'completed',
				results: { requested_count: 1, created_count: 1, updated_count: 0, errored_count: 0 },
				finished_at: '2026-01-15T00:00:00Z',
			},
		});
		expect(book().contacts.size).toBe(1);
	});

	it.each([
		[['bad@example.com', 'good@example.com'], 'errored'],
		[['bad@example.com'], 'failed'],
	])('that cannot be imported let the job end with errors: %j', async (emails, status) => {
		book().unimportable.add('bad@example.com');
		const { body } = await put(emails.map((email) => ({ email })));
		const { job_id } = body as { job_id: string };
		expect(await get(`contacts/imports/${job_id}`)).toMatchObject({ body: { status } });
	});

	it.each([
		[[], 'contacts'],
		['x', 'contacts'],
		[[{ first_name: 'Ann' }], 'contacts[0].email'],
		[[{ email: 'a@x.org' }, { email: 'nobody' }], 'contacts[1].email'],
		[[{ email: 'a@x.org', shoe: '42' }], 'contacts[0].shoe'],
		[[{ email: 'a@x.org', last_clicked: 'x' }], 'contacts[0].last_clicked'],
		[[{ email: 'a@x.org', first_name: 'x'.repeat(51) }], 'contacts[0].first_name'],
		[[{ email: 'a@x.org', custom_fields: { w9: 'x' } }], 'contacts[0].custom_fields.w9'],
		[
			[{ email: 'a@x.org', alternate_emails: ['1', '2', '3', '4', '5', '6'] }],
			'contacts[0].alternate_emails',
		],
	])('are refused all together if one is wrong: %j', async (contacts, field) => {
		expect(await put(contacts)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
		expect(book().contacts.size).toBe(0);
	});

	it('are refused beyond 30,000 and 6 MB', async () => {
		const contacts = Array.from({ length: 30_001 }, (_, index) => ({ email: `c${index}@x.org` }));
		expect(await put(contacts)).toMatchObject({ status: 400 });
		expect(await put([{ email: 'a@x.org', facebook: 'x'.repeat(6_000_000) }])).toMatchObject({
			status: 413,
		});
	});

	it('are refused for a list that does not exist', async () => {
		expect(await put([{ email: 'a@x.org' }], { list_ids: ['x'] })).toMatchObject({ status: 404 });
	});

	it('are found by address, also by an alternate one', async () => {
		book().put('ann@example.com', { alternate_emails: ['ann@work.example'] });
		const find = async (...emails: string[]) =>
			await call(sendGrid, 'POST /v3/marketing/contacts/search/emails', { emails });

		expect(await find('ANN@work.example', 'bob@example.com')).toMatchObject({
			status: 200,
			body: {
				result: {
					'ann@work.example': { contact: { email: 'ann@example.com' } },
					'bob@example.com': { error: 'contact not found' },
				},
			},
		});
		expect(await find('bob@example.com')).toMatchObject({ status: 404 });
		expect(await find('bob')).toMatchObject({ status: 400 });
		expect(await find(...Array.from({ length: 101 }, () => 'a@x.org'))).toMatchObject({
			status: 400,
		});
	});

	it('are found by ID, one or several', async () => {
		const { contact } = book().put('ann@example.com');
		expect(await get(`contacts/${contact.id}`)).toMatchObject({
			body: { email: 'ann@example.com' },
		});
		expect(await get('contacts/x')).toMatchObject({ status: 404 });
		const batch = { ids: [contact.id, 'x'] };
		expect(await call(sendGrid, 'POST /v3/marketing/contacts/batch', batch)).toMatchObject({
			body: { result: [{ id: contact.id }] },
		});
	});

	it('are shown 50 at most, with the count of all', async () => {
		for (let index = 0; index < 60; index++) book().put(`c${index}@example.com`);
		const { body } = await get('contacts');
		const search = { query: "email LIKE 'c%'" };
		const found = await call(sendGrid, 'POST /v3/marketing/contacts/search', search);
		for (const answer of [body, found.body] as Array<{
			result: unknown[];
			contact_count: number;
		}>) {
			expect(answer.result).toHaveLength(50);
			expect(answer.contact_count).toBe(60);
		}
		expect(await get('contacts/count')).toMatchObject({ body: { contact_count: 60 } });
	});

	it('are not searched by what there is not', async () => {
		const search = { query: "shoe = '42'" };
		expect(await call(sendGrid, 'POST /v3/marketing/contacts/search', search)).toMatchObject({
			status: 400,
			body: { errors: [{ field: 'query', message: expect.stringContaining("'shoe'") }] },
		});
	});

	it('are deleted by ID or all at once, but not by neither or both', async () => {
		const [ann] = ['ann', 'bob', 'eve'].map((name) => book().put(`${name}@example.com`).contact);
		const remove = async (query: string) =>
			await call(sendGrid, `DELETE /v3/marketing/contacts?${query}`);

		expect(await remove('')).toMatchObject({ status: 400 });
		expect(await remove(`ids=${ann!.id}&delete_all_contacts=true`)).toMatchObject({ status: 400 });
		expect(await remove(`ids=${ann!.id}`)).toMatchObject({ status: 202 });
		expect(book().contacts.size).toBe(2);
		expect(await remove('delete_all_contacts=true')).toMatchObject({ status: 202 });
		expect(book().contacts.size).toBe(0);
	});

	it('are exported into a file that needs no key', async () => {
		const list = book().addList('News');
		book().put('ann@example.com', { list_ids: [list.id] });
		book().put('bob@example.com');
		const exportFile = async (body: object) => {
			const made = await call(sendGrid, 'POST /v3/marketing/contacts/exports', body);
			expect(made).toMatchObject({ status: 202 });
			const { id } = made.body as { id: string };
			const { body: status } = await get(`contacts/exports/${id}`);
			const [url] = (status as { urls: string[] }).urls;
			const response = await fetch(url!);
			return gunzipSync(Buffer.from(await response.arrayBuffer())).toString();
		};

		const lines = (await exportFile({ file_type: 'json' })).trim().split('\n');
		expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
			{ contact_id: expect.any(String), email: 'ann@example.com' },
			{ email: 'bob@example.com' },
		]);
		const csv = await exportFile({ list_ids: [list.id] });
		expect(csv).toContain('"ann@example.com"');
		expect(csv).not.toContain('bob');
	});

	it('have files only once they are made', async () => {
		book().pendingReads = 1;
		const made = await call(sendGrid, 'POST /v3/marketing/contacts/exports', { file_type: 'json' });
		const { id } = made.body as { id: string };
		expect(await get(`contacts/exports/${id}`)).toMatchObject({
			body: { status: 'pending', urls: [] },
		});
		expect((await fetch(`${sendGrid.url}/exported-contacts/-/${id}`)).status).toBe(404);
		expect(await get(`contacts/exports/${id}`)).toMatchObject({ body: { status: 'ready' } });
	});
});

it('lists the fields of contacts', async () => {
	const field = book().addCustomField('orders', 'Number');
	const { body } = await get('field_definitions');
	expect(body).toMatchObject({
		custom_fields: [field],
		reserved_fields: expect.arrayContaining([
			{ id: '_rf0_T', name: 'first_name', field_type: 'Text' },
			{ id: '_rf23_T', name: 'contact_id', field_type: 'Text', read_only: true },
		]),
	});
});

describe('contact lists', () => {
	it('are created, renamed and read with their contacts', async () => {
		const made = await call(sendGrid, 'POST /v3/marketing/lists', { name: 'News' });
		expect(made).toMatchObject({ status: 201, body: { name: 'News', contact_count: 0 } });
		const { id } = made.body as { id: string };
		book().put('ann@example.com', { list_ids: [id] });

		const renamed = await call(sendGrid, `PATCH /v3/marketing/lists/${id}`, { name: 'Offers' });
		expect(renamed).toMatchObject({ status: 200, body: { name: 'Offers', contact_count: 1 } });
		expect((await get(`lists/${id}`)).body).not.toHaveProperty('contact_sample');
		expect(await get(`lists/${id}?contact_sample=true`)).toMatchObject({
			body: { contact_sample: [{ email: 'ann@example.com' }] },
		});
		expect(await get(`lists/${id}/contacts/count`)).toMatchObject({ body: { contact_count: 1 } });
	});

	it.each([{}, { name: '' }, { name: 'x'.repeat(101) }, { name: 'news' }])(
		'are not named %j',
		async (body) => {
			book().addList('News');
			expect(await call(sendGrid, 'POST /v3/marketing/lists', body)).toMatchObject({ status: 400 });
		},
	);

	it('come in pages that lead to each other', async () => {
		for (const name of ['A', 'B', 'C']) book().addList(name);
		const first = (await get('lists?page_size=2')).body as {
			result: Array<{ name: string }>;
			_metadata: { next: string };
		};
		expect(first.result.map(({ name }) => name)).toEqual(['A', 'B']);
		const second = await call(sendGrid, `GET ${first._metadata.next.slice(sendGrid.url.length)}`);
		expect(second.body).toMatchObject({ result: [{ name: 'C' }] });
		expect((second.body as typeof first)._metadata).not.toHaveProperty('next');
		expect(await get('lists?page_size=1001')).toMatchObject({ status: 400 });
	});

	it('are deleted without their contacts, or with them by a job', async () => {
		const [a, b] = [book().addList('A'), book().addList('B')];
		book().put('ann@example.com', { list_ids: [a.id] });
		book().put('bob@example.com', { list_ids: [b.id] });

		expect(await call(sendGrid, `DELETE /v3/marketing/lists/${a.id}`)).toMatchObject({
			status: 204,
		});
		expect(book().contacts.size).toBe(2);
		expect(
			await call(sendGrid, `DELETE /v3/marketing/lists/${b.id}?delete_contacts=true`),
		).toMatchObject({ status: 200, body: { job_id: expect.any(String) } });
		expect([...book().contacts.values()]).toMatchObject([{ email: 'ann@example.com' }]);
		expect(await call(sendGrid, `DELETE /v3/marketing/lists/${a.id}`)).toMatchObject({
			status: 404,
		});
	});

	it('lose contacts that exist', async () => {
		const { id } = book().addList('A');
		const { contact } = book().put('ann@example.com', { list_ids: [id] });
		const remove = async (query: string) =>
			await call(sendGrid, `DELETE /v3/marketing/lists/${id}/contacts?${query}`);

		expect(await remove('')).toMatchObject({ status: 400 });
		expect(await remove(`contact_ids=${contact.id},x`)).toMatchObject({ status: 404 });
		expect(book().onList(id)).toHaveLength(1);
		expect(await remove(`contact_ids=${contact.id}`)).toMatchObject({ status: 202 });
		expect(book().onList(id)).toHaveLength(0);
		expect(book().contacts.size).toBe(1);
	});
});
