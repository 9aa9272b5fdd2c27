/** An event as SendGrid posts it: any JSON object. Custom args may use any key, `__proto__` too. */
export type RawEvent = { readonly [field: string]: unknown };

/** The text in a field, or `undefined` when it is missing, empty or no text. Numbers become text. */
export function textOf(event: RawEvent, field: string): string | undefined {
	const value = event[field];
	if (typeof value === 'number') return String(value);
	return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The number in a field; SendGrid posts some numbers as text (`attempt`, `send_at`). */
export function numberOf(event: RawEvent, field: string): number | undefined {
	const value = event[field];
	const isNumeric = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
	const number = isNumeric ? Number(value) : NaN;
	return Number.isFinite(number) ? number : undefined;
}

/** The object in a field; arrays and `null` do not count. */
export function objectOf(event: RawEvent, field: string): RawEvent | undefined {
	const value = event[field];
	return isObject(value) ? value : undefined;
}

/** Whether a parsed JSON value is an object, so neither an array nor `null`. */
export function isObject(value: unknown): value is RawEvent {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
