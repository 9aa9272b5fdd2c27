import * as fc from 'fast-check';
import { HashSet } from '../../../nodes/SendGrid/events/hashSet';
import { PROPERTY } from '../../support/property';

/** A few values that meet in one slot or lie at an edge, and any others. */
const half = fc.oneof(
	fc.constantFrom(0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
	fc.integer({ min: 0, max: 0xffffffff }),
);

it('behaves like a set', () => {
	const step = fc.record({ isAdded: fc.boolean(), low: half, high: half });
	fc.assert(
		fc.property(fc.nat({ max: 20 }), fc.array(step, { maxLength: 200 }), (usualSize, steps) => {
			const hashes = new HashSet(usualSize);
			const reference = new Set<string>();
			for (const { isAdded, low, high } of steps) {
				// No room is left for a zero in the higher half: it counts as a one.
				const name = `${low} ${high || 1}`;
				expect(hashes.has(low, high)).toBe(reference.has(name));
				if (!isAdded) continue;
				hashes.add(low, high);
				reference.add(name);
				expect(hashes.has(low, high)).toBe(true);
				expect(hashes.size).toBe(reference.size);
			}
		}),
		PROPERTY,
	);
});

it('keeps all it holds while it grows', () => {
	const hashes = new HashSet(100_000);
	const lowOf = (index: number) => Math.imul(index, 0x9e3779b1) >>> 0;
	for (let index = 0; index < 150_000; index++) hashes.add(lowOf(index), 7);
	const missing = Array.from({ length: 150_000 }, (_, index) => index).filter(
		(index) => !hashes.has(lowOf(index), 7),
	);

	expect(missing).toEqual([]);
	expect(hashes.has(lowOf(150_000), 7)).toBe(false);
	expect(hashes.size).toBe(150_000);
});
