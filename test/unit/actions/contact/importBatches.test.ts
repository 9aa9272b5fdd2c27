import * as fc from 'fast-check';
import { ImportBatcher } from '../../../../nodes/SendGrid/actions/contact/importBatches';
import { PROPERTY } from '../../../support/property';

const batcherOf = (count: number, more: object = {}, listIds: string[] = []) => {
	const batcher = new ImportBatcher();
	for (let item = 0; item < count; item++) {
		batcher.add(item, { email: `c${item}@example.com`, ...more }, listIds);
	}
	return batcher;
};

describe('the calls that import contacts', () => {
	it('have 30,000 contacts at most', () => {
		const sizes = batcherOf(60_001).batches.map(({ contacts }) => contacts.length);
		expect(sizes).toEqual([30_000, 30_000, 1]);
	});

	it('have less than 6 MB, counted in bytes', () => {
		const { batches } = batcherOf(100, { city: 'ü'.repeat(50_000) });
		expect(batches).toHaveLength(2);
		for (const { contacts } of batches) {
			const body = { contacts: contacts.map(({ contact }) => contact) };
			expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(6_000_000);
		}
	});

	it('keep every item, in order', () => {
		const items = batcherOf(60_001).batches.flatMap(({ contacts }) =>
			contacts.flatMap((entry) => entry.items),
		);
		expect(items).toEqual(Array.from({ length: 60_001 }, (_, item) => item));
	});

	it('hold an address once, with the later values, for all its items', () => {
		const batcher = new ImportBatcher();
		const email = 'ann@example.com';
		batcher.add(0, { email, city: 'Bonn', custom_fields: { w1: 'a', w2: 'b' } }, []);
		batcher.add(1, { email, first_name: 'Ann', custom_fields: { w2: 'c' } }, []);
		batcher.add(2, { email, city: 'Rome' }, []);
		expect(batcher.batches).toEqual([
			{
				listIds: [],
				contacts: [
					{
						contact: {
							email,
							city: 'Rome',
							first_name: 'Ann',
							custom_fields: { w1: 'a', w2: 'c' },
						},
						items: [0, 1, 2],
					},
				],
			},
		]);
	});

	it('are apart for other lists, whatever their order', () => {
		const batcher = new ImportBatcher();
		batcher.add(0, { email: 'a@example.com' }, ['x', 'y']);
		batcher.add(1, { email: 'b@example.com' }, ['y', 'x']);
		batcher.add(2, { email: 'c@example.com' }, ['x']);
		expect(
			batcher.batches.map(({ listIds, contacts }) => [listIds, contacts.map(({ items }) => items)]),
		).toEqual([
			[
				['x', 'y'],
				[[0], [1]],
			],
			[['x'], [[2]]],
		]);
	});

	it('are none without contacts', () => {
		expect(new ImportBatcher().batches).toEqual([]);
	});
});

it('every item goes out once, in one contact with its address and its lists', () => {
	const items = fc.array(
		fc.record({
			email: fc.constantFrom('a@x.org', 'b@x.org', 'c@x.org'),
			listIds: fc.uniqueArray(fc.constantFrom('l', 'm'), { maxLength: 2 }),
		}),
	);
	fc.assert(
		fc.property(items, (wanted) => {
			const batcher = new ImportBatcher();
			for (const [item, { email, listIds }] of wanted.entries())
				batcher.add(item, { email }, listIds);
			const sent = batcher.batches.flatMap(({ listIds, contacts }) =>
				contacts.flatMap(({ contact, items: numbers }) =>
					numbers.map((item) => [item, { email: contact.email, listIds: [...listIds].sort() }]),
				),
			);
			const sorted = wanted.map(({ email, listIds }) => ({ email, listIds: [...listIds].sort() }));
			expect(sent.sort(([a], [b]) => Number(a) - Number(b))).toEqual([...sorted.entries()]);
		}),
		PROPERTY,
	);
});
