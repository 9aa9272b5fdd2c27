import { NodeOperationError, tryToParseDateTime, type IExecuteFunctions } from 'n8n-workflow';

type DateTime = ReturnType<typeof tryToParseDateTime>;

/** Separates Unix seconds from Unix milliseconds: as seconds, it lies in the year 5138. */
const SMALLEST_MILLISECONDS = 100_000_000_000;

/**
 * Reads a moment.
 *
 * @param value ISO 8601, RFC 2822 or SQL text, a `Date`, a luxon `DateTime` (n8n's `$now`), or a
 * Unix time in seconds or milliseconds
 * @param timeZone IANA name; where text without a zone is at home
 * @throws Error if it is none of these
 */
export function parseMoment(value: unknown, timeZone: string): DateTime {
	if (!/^\d{9,}$/.test(String(value))) return tryToParseDateTime(value, timeZone);
	const unix = Number(value);
	return tryToParseDateTime(new Date(unix < SMALLEST_MILLISECONDS ? unix * 1000 : unix), timeZone);
}

/**
 * Reads a date-time parameter; text without a zone is in the workflow's time zone, as everywhere
 * in n8n.
 *
 * @returns `undefined` if the field is empty
 * @throws NodeOperationError that names the field
 */
export function momentParameter(
	context: IExecuteFunctions,
	itemIndex: number,
	{ name, displayName }: { name: string; displayName: string },
): DateTime | undefined {
	const value: unknown = context.getNodeParameter(name, itemIndex, '');
	if (value === '' || value === null || value === undefined) return undefined;
	try {
		return parseMoment(value, context.getTimezone());
	} catch {
		throw new NodeOperationError(
			context.getNode(),
			`${displayName}: "${String(value)}" is not a date and time. Enter one such as 2026-11-20T10:15:00Z, or an expression such as {{ $now.minus({ days: 1 }) }}.`,
			{ itemIndex },
		);
	}
}

/** ISO 8601 in UTC for Unix seconds, as SendGrid has them. */
export function isoFromUnix(seconds: number): string {
	return new Date(seconds * 1000).toISOString();
}
