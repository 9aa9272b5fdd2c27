import fc from 'fast-check';
import { isoFromUnix, momentValue, parseMoment } from '../../../nodes/SendGrid/fields/moment';

const NEW_YORK = 'America/New_York';
const millis = (value: unknown, timeZone = NEW_YORK) => parseMoment(value, timeZone).toMillis();
const iso = (value: unknown, timeZone = NEW_YORK) =>
	new Date(millis(value, timeZone)).toISOString();

describe('parseMoment', () => {
	it.each([
		['ISO 8601 in UTC', '2026-11-20T10:15:00Z', '2026-11-20T10:15:00.000Z'],
		['ISO 8601 with an offset', '2026-11-20T10:15:00+02:00', '2026-11-20T08:15:00.000Z'],
		[
			'text without a zone: that of the workflow',
			'2026-11-20T10:15:00',
			'2026-11-20T15:15:00.000Z',
		],
		['a day: its beginning in the workflow', '2026-11-20', '2026-11-20T05:00:00.000Z'],
		['SQL', '2026-11-20 10:15:00', '2026-11-20T15:15:00.000Z'],
		['RFC 2822', 'Fri, 20 Nov 2026 10:15:00 +0000', '2026-11-20T10:15:00.000Z'],
		['Unix seconds', 1_795_169_700, '2026-11-20T10:15:00.000Z'],
		['Unix seconds as text', '1795169700', '2026-11-20T10:15:00.000Z'],
		['Unix milliseconds', 1_795_169_700_000, '2026-11-20T10:15:00.000Z'],
		['a day without hyphens', 20_261_120, '2026-11-20T05:00:00.000Z'],
		['a Date', new Date('2026-11-20T10:15:00Z'), '2026-11-20T10:15:00.000Z'],
	])('reads %s', (_, value, expected) => {
		expect(iso(value)).toBe(expected);
	});

	it.each([
		'last week',
		'2026-13-01',
		'',
		{},
		null,
		true,
		[],
		['2026-11-20'],
		7,
		-5,
		1.5,
		'7',
		'2026',
	])('throws on %j', (value) => {
		expect(() => parseMoment(value, NEW_YORK)).toThrow();
	});

	it('reads an instant to the same moment in whichever form, from 1973 to 5138', () => {
		const seconds = fc.integer({ min: 100_000_000, max: 99_999_999_999 });
		fc.assert(
			fc.property(seconds, fc.constantFrom(NEW_YORK, 'Asia/Kolkata', 'UTC'), (unix, zone) => {
				expect(millis(unix, zone)).toBe(unix * 1000);
				expect(millis(isoFromUnix(unix), zone)).toBe(unix * 1000);
			}),
			{ seed: 20261120 },
		);
	});
});

describe('momentValue', () => {
	it.each([[''], [null], [undefined]])('takes %p for nothing', (value) => {
		expect(momentValue(value, 'Send At', NEW_YORK)).toBeUndefined();
	});

	it('takes text for the time of the zone', () => {
		const inNewYork = momentValue('2026-11-20T10:15:00', 'Send At', NEW_YORK)?.toMillis();
		const inUtc = momentValue('2026-11-20T10:15:00', 'Send At', 'UTC')?.toMillis();
		expect(inNewYork! - inUtc!).toBe(5 * 3_600_000);
	});

	it('says what to enter', () => {
		expect(() => momentValue('tomorrow', 'Send At', NEW_YORK)).toThrow(
			/^Send At: Enter a date and time such as .+ The value is the text "tomorrow"\.$/,
		);
	});
});
