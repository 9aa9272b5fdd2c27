import * as fc from 'fast-check';
import { toIsoString } from '../../../nodes/SendGrid/events/isoTime';
import { PROPERTY } from '../../support/property';

const MAX_DATE_MS = 8.64e15;

test('says what Date says, whatever came before', () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: -MAX_DATE_MS, max: MAX_DATE_MS })), (times) => {
			expect(times.map(toIsoString)).toEqual(times.map((time) => new Date(time).toISOString()));
		}),
		PROPERTY,
	);
});

test.each([
	0,
	1.5,
	-0,
	-1,
	86_399_999,
	86_400_000,
	951_782_400_000,
	1_709_164_800_000,
	MAX_DATE_MS,
	-MAX_DATE_MS,
])('says what Date says of %d', (time) => {
	expect(toIsoString(time)).toBe(new Date(time).toISOString());
});

test.each([MAX_DATE_MS + 1, -MAX_DATE_MS - 1, Infinity, -Infinity, NaN])(
	'knows no date for %d',
	(time) => {
		expect(toIsoString(time)).toBeUndefined();
	},
);

test('asks Date once for a time, and keeps no more than five thousand of its answers', () => {
	const toISOString = jest.spyOn(Date.prototype, 'toISOString');
	const timesAsked = (use: () => void) => {
		toISOString.mockClear();
		use();
		return toISOString.mock.calls.length;
	};
	const later = Array.from({ length: 5000 }, (_, index) => 1_700_000_000_000 + index);

	expect(timesAsked(() => toIsoString(1_600_000_000_000))).toBe(1);
	expect(timesAsked(() => toIsoString(1_600_000_000_000))).toBe(0);
	later.forEach(toIsoString);
	expect(timesAsked(() => toIsoString(1_600_000_000_000))).toBe(1);
	toISOString.mockRestore();
});
