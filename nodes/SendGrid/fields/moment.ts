import { tryToParseDateTime, type IExecuteFunctions } from 'n8n-workflow';
import { isMoment, unexpectedValue } from './values';

type DateTime = ReturnType<typeof tryToParseDateTime>;

/** Separates Unix seconds from Unix milliseconds: as seconds, it lies in the year 5138. */
const SMALLEST_MILLISECONDS = 100_000_000_000;

/**
 * Reads a moment.
 *
 * @param value ISO 8601, RFC 2822 or SQL text, a `Date`, a luxon `DateTime` (n8n's `$now`), or a
 * Unix time in seconds or milliseconds
 * @param timeZone IANA name; taken for text that names no zone
 * @throws Error if it is none of these
 */
export function parseMoment(value: unknown, timeZone: string): DateTime {
	if (typeof value !== 'string' && typeof value !== 'number') {
		if (!isMoment(value)) throw new Error('is no moment');
		return tryToParseDateTime(value, timeZone);
	}
	if (!/^[-+.\d]+$/.test(String(value))) return tryToParseDateTime(value, timeZone);
	if (/^\d{9,}$/.test(String(value))) {
		const unix = Number(value);
		const date = new Date(unix < SMALLEST_MILLISECONDS ? unix * 1000 : unix);
		return tryToParseDateTime(date, timeZone);
	}
	// Luxon would take 7 for July. Of what is all digits, only days are clear: 2026-11-20, 20261120.
	if (!/^\d{4}-?\d\d-?\d\d$/.test(String(value))) throw new Error('is no moment');
	return tryToParseDateTime(String(value), timeZone);
}

/**
 * Reads a date-time field; text without a zone is in the workflow's time zone, as everywhere in
 * n8n.
 *
 * @returns `undefined` if the field is empty
 * @throws InvalidFieldError that names the field
 */
export function momentValue(value: unknown, field: string, timeZone: string): DateTime | undefined {
	if (value === '' || value === null || value === undefined) return undefined;
	try {
		return parseMoment(value, timeZone);
	} catch {
		throw unexpectedValue(
			value,
			field,
			'Enter a date and time such as 2026-11-20T10:15:00Z, or an expression such as {{ $now.plus({ hours: 2 }) }}.',
		);
	}
}

/** Reads a date-time parameter; see `momentValue`. */
export function readMoment(
	context: IExecuteFunctions,
	itemIndex: number,
	{ name, displayName }: { name: string; displayName: string },
): DateTime | undefined {
	const value: unknown = context.getNodeParameter(name, itemIndex, '');
	return momentValue(value, displayName, context.getTimezone());
}

/** ISO 8601 in UTC for Unix seconds, as SendGrid has them. */
export function isoFromUnix(seconds: number): string {
	return new Date(seconds * 1000).toISOString();
}
