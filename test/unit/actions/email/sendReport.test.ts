import * as fc from 'fast-check';
import { ranges } from '../../../../nodes/SendGrid/actions/email/sendReport';

describe('ranges', () => {
	it.each([
		[[], ''],
		[[4], '4'],
		[[0, 1, 2, 5], '0–2, 5'],
		[[0, 2, 4], '0, 2, 4'],
		[[7, 8], '7–8'],
	])('writes %j as "%s"', (numbers, text) => {
		expect(ranges(numbers)).toBe(text);
	});

	it('writes each number once, and nothing else', () => {
		fc.assert(
			fc.property(fc.uniqueArray(fc.nat(50)), (numbers) => {
				const sorted = numbers.sort((a, b) => a - b);
				const read = ranges(sorted)
					.split(', ')
					.filter(Boolean)
					.flatMap((range) => {
						const [first = 0, last = first] = range.split('–').map(Number);
						return Array.from({ length: last - first + 1 }, (_, index) => first + index);
					});
				expect(read).toEqual(sorted);
			}),
			{ seed: 6 },
		);
	});
});
