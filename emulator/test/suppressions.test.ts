import type { SendGridEmulator, SuppressionList } from '..';
import { call, cleanUp } from './support';

const start = cleanUp();
let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await start.sendGrid({ now: () => 1_767_323_045_678 });
});

const LISTS: ReadonlyArray<[SuppressionList, Record<string, unknown>]> = [
	['bounces', { reason: '550 5.1.1 unknown', status: '5.1.1' }],
	['blocks', { reason: '550 5.7.1 blocked', status: '5.7.1' }],
	['invalid_emails', { reason: 'Mail domain mentioned in email address is unknown' }],
	['spam_reports', { ip: '192.0.2.1' }],
];

function suppress(list: SuppressionList, email: string, more: Record<string, unknown> = {}): void {
	sendGrid.account().addSuppression(list, { email, ...more });
}

const emailsIn = (body: unknown) => (body as Array<{ email: string }>).map(({ email }) => email);

describe.each(LISTS)('/v3/suppression/%s', (list, details) => {
	const path = `/v3/suppression/${list}`;

	it('lists entries', async () => {
		suppress(list, 'ann@example.com', details);
		const { status, body } = await call(sendGrid, `GET ${path}`);
		expect(status).toBe(200);
		expect(body).toEqual([{ created: 1_767_323_045, email: 'ann@example.com', ...details }]);
	});

	it('shows one entry in a list, whatever its case', async () => {
		suppress(list, 'ann@example.com', details);
		const { body } = await call(sendGrid, `GET ${path}/Ann%40example.com`);
		expect(emailsIn(body)).toEqual(['ann@example.com']);
	});

	it('shows an empty list for an address that is not there', async () => {
		expect(await call(sendGrid, `GET ${path}/ann@example.com`)).toMatchObject({
			status: 200,
			body: [],
		});
	});

	it('removes one entry', async () => {
		suppress(list, 'ann@example.com');
		const first = await call(sendGrid, `DELETE ${path}/ann@example.com`);
		const second = await call(sendGrid, `DELETE ${path}/ann@example.com`);
		expect([first.status, second.status]).toEqual([204, 404]);
	});

	it('removes some entries', async () => {
		for (const name of ['ann', 'bob', 'eve']) suppress(list, `${name}@example.com`);
		const emails = ['ann@example.com', 'EVE@example.com'];
		const { status } = await call(sendGrid, `DELETE ${path}`, { emails });
		expect(status).toBe(204);
		expect(emailsIn(sendGrid.account().suppressions[list])).toEqual(['bob@example.com']);
	});

	it('removes all entries', async () => {
		for (const name of ['ann', 'bob']) suppress(list, `${name}@example.com`);
		const { status } = await call(sendGrid, `DELETE ${path}`, { delete_all: true });
		expect(status).toBe(204);
		expect(sendGrid.account().suppressions[list]).toEqual([]);
	});

	it.each([[{}], [{ delete_all: false }], [{ delete_all: true, emails: [] }]])(
		'removes nothing when it is not clear what: %j',
		async (body) => {
			suppress(list, 'ann@example.com');
			expect(await call(sendGrid, `DELETE ${path}`, body)).toMatchObject({ status: 400 });
			expect(sendGrid.account().suppressions[list]).toHaveLength(1);
		},
	);
});

describe('lists', () => {
	beforeEach(() => {
		for (let index = 0; index < 1100; index++) {
			suppress('bounces', `r${index}@example.com`, { created: index });
		}
	});
	const list = async (query: string) =>
		emailsIn((await call(sendGrid, `GET /v3/suppression/bounces?${query}`)).body);

	it('come in pages of 500', async () => {
		expect(await list('')).toHaveLength(500);
		expect(await list('offset=1000')).toHaveLength(100);
		expect(await list('limit=2&offset=499')).toEqual(['r499@example.com', 'r500@example.com']);
	});

	it.each(['limit=501', 'limit=0', 'limit=x', 'offset=-1'])('refuse %s', async (query) => {
		const { status } = await call(sendGrid, `GET /v3/suppression/bounces?${query}`);
		expect(status).toBe(400);
	});

	it('can be cut by time, both ends included', async () => {
		expect(await list('start_time=10&end_time=12')).toEqual([
			'r10@example.com',
			'r11@example.com',
			'r12@example.com',
		]);
	});

	it('can be searched by how an address begins, with % for anything', async () => {
		expect(await list('email=r109')).toHaveLength(11);
		expect(await list('email=%2599@')).toHaveLength(11);
		expect(await list('email=.')).toEqual([]);
	});
});

describe('global suppressions', () => {
	const GLOBAL = '/v3/asm/suppressions/global';

	it('are added, found and removed', async () => {
		const recipient_emails = ['ann@example.com', 'bob@example.com'];
		const added = await call(sendGrid, `POST ${GLOBAL}`, { recipient_emails });
		expect(added).toMatchObject({ status: 201, body: { recipient_emails } });
		const found = await call(sendGrid, `GET ${GLOBAL}/Ann%40example.com`);
		expect(found.body).toEqual({ recipient_email: 'ann@example.com' });
		const removed = await call(sendGrid, `DELETE ${GLOBAL}/ann@example.com`);
		expect(removed.status).toBe(204);
		const gone = await call(sendGrid, `GET ${GLOBAL}/ann@example.com`);
		expect(gone).toMatchObject({ status: 200, body: {} });
	});

	it('are listed under /v3/suppression/unsubscribes', async () => {
		await call(sendGrid, `POST ${GLOBAL}`, { recipient_emails: ['ann@example.com'] });
		const { body } = await call(sendGrid, 'GET /v3/suppression/unsubscribes');
		expect(body).toEqual([{ created: 1_767_323_045, email: 'ann@example.com' }]);
	});

	it('need addresses', async () => {
		expect(await call(sendGrid, `POST ${GLOBAL}`, {})).toMatchObject({ status: 400 });
	});
});

describe('unsubscribe groups', () => {
	const GROUPS = '/v3/asm/groups';
	const NEWS = { name: 'Newsletter', description: 'Monthly' };

	it('are created, read, listed, changed and deleted', async () => {
		const created = await call(sendGrid, `POST ${GROUPS}`, NEWS);
		const { id } = created.body as { id: number };
		expect(created.status).toBe(201);
		expect(created.body).toEqual({ id, ...NEWS, is_default: false });
		const changed = await call(sendGrid, `PATCH ${GROUPS}/${id}`, { name: 'News' });
		expect(changed.status).toBe(201);
		const group = { id, ...NEWS, name: 'News', is_default: false, unsubscribes: 0 };
		expect((await call(sendGrid, `GET ${GROUPS}/${id}`)).body).toEqual(group);
		expect((await call(sendGrid, `GET ${GROUPS}`)).body).toEqual([group]);
		expect((await call(sendGrid, `GET ${GROUPS}?id=1`)).body).toEqual([]);
		expect((await call(sendGrid, `DELETE ${GROUPS}/${id}`)).status).toBe(204);
		expect((await call(sendGrid, `GET ${GROUPS}/${id}`)).status).toBe(404);
	});

	it.each([[{ name: 'News' }], [{ description: 'Monthly' }]])(
		'need both texts: %j',
		async (body) => {
			expect(await call(sendGrid, `POST ${GROUPS}`, body)).toMatchObject({ status: 400 });
		},
	);

	describe('members', () => {
		let members: string;
		let id: number;
		beforeEach(async () => {
			({ id } = sendGrid.account().addGroup(NEWS));
			members = `${GROUPS}/${id}/suppressions`;
			const recipient_emails = ['Ann@example.com', 'bob@example.com'];
			expect(await call(sendGrid, `POST ${members}`, { recipient_emails })).toMatchObject({
				status: 201,
				body: { recipient_emails },
			});
		});

		it('are listed', async () => {
			const { body } = await call(sendGrid, `GET ${members}`);
			expect(body).toEqual(['ann@example.com', 'bob@example.com']);
			const all = await call(sendGrid, 'GET /v3/asm/suppressions');
			expect(all.body).toContainEqual({
				email: 'ann@example.com',
				group_id: id,
				group_name: 'Newsletter',
				created_at: 1_767_323_045,
			});
		});

		it('are searched', async () => {
			const { body } = await call(sendGrid, `POST ${members}/search`, {
				recipient_emails: ['bob@example.com', 'eve@example.com'],
			});
			expect(body).toEqual(['bob@example.com']);
		});

		it('are removed', async () => {
			const { status } = await call(sendGrid, `DELETE ${members}/ANN%40example.com`);
			expect(status).toBe(204);
			expect((await call(sendGrid, `GET ${members}`)).body).toEqual(['bob@example.com']);
		});

		it('are shown with every group, whether they left it or not', async () => {
			const other = sendGrid.account().addGroup({ name: 'Offers', is_default: true });
			const { body } = await call(sendGrid, 'GET /v3/asm/suppressions/ann@example.com');
			expect(body).toEqual({
				suppressions: [
					{ id, ...NEWS, is_default: false, suppressed: true },
					{ id: other.id, name: 'Offers', description: '', is_default: true, suppressed: false },
				],
			});
		});

		it('of a group that does not exist are suppressed globally', async () => {
			await call(sendGrid, `POST ${GROUPS}/1/suppressions`, {
				recipient_emails: ['eve@example.com'],
			});
			const { body } = await call(sendGrid, 'GET /v3/asm/suppressions/global/eve@example.com');
			expect(body).toEqual({ recipient_email: 'eve@example.com' });
		});
	});
});
