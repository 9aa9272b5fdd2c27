import type { IDataObject } from 'n8n-workflow';
import { InvalidFieldError } from './invalidFieldError';

/** What a value is, for an error: "a list", "the text "abc"". Long text is cut. */
export function describeValue(value: unknown): string {
	if (value === undefined || value === null || value === '') return 'empty';
	if (Array.isArray(value)) return 'a list';
	if (isMoment(value)) return 'a date and time';
	switch (typeof value) {
		case 'string':
			return `the text "${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`;
		case 'number':
		case 'bigint':
			return `the number ${value}`;
		case 'boolean':
			return String(value);
		default:
			return 'an object';
	}
}

/** A `Date`, or a luxon `DateTime` such as n8n's `$now`. */
export function isMoment(value: unknown): boolean {
	return (
		value instanceof Date ||
		(typeof value === 'object' && value !== null && 'isLuxonDateTime' in value)
	);
}

/**
 * The error for a value of the wrong kind: what to enter, then what is there.
 *
 * @param remedy a sentence such as "Enter true or false."
 */
export function unexpectedValue(value: unknown, field: string, remedy: string): InvalidFieldError {
	return new InvalidFieldError(field, `${remedy} The value is ${describeValue(value)}.`);
}

/**
 * What an expression may give for a text field, as text; nothing is the empty text.
 *
 * @throws InvalidFieldError on a list, an object or a date
 */
export function textValue(value: unknown, field: string): string {
	if (value === undefined || value === null) return '';
	if (typeof value === 'object' || typeof value === 'function') {
		const remedy = isMoment(value) ? 'Add .toISO(), or another format.' : 'Enter text.';
		throw unexpectedValue(value, field, remedy);
	}
	return String(value);
}

/**
 * A switch: true, false, or the same as text, as it comes out of forms, tables and models.
 *
 * @throws InvalidFieldError on anything else
 */
export function booleanValue(value: unknown, field: string): boolean {
	const read = typeof value === 'string' ? value.trim().toLowerCase() : value;
	if (read === true || read === 'true') return true;
	if (read === false || read === 'false') return false;
	throw unexpectedValue(value, field, 'Enter true or false.');
}

export interface NumberBounds {
	minValue?: number;
	maxValue?: number;
}

/**
 * A whole number, also as text.
 *
 * @throws InvalidFieldError on anything else, and beyond the bounds
 */
export function wholeNumber(
	value: unknown,
	field: string,
	{ minValue = -Infinity, maxValue = Infinity }: NumberBounds = {},
): number {
	const isNumber =
		typeof value === 'number' || (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value));
	const number = isNumber ? Number(value) : NaN;
	if (!Number.isSafeInteger(number) || number < minValue || number > maxValue) {
		const remedy = `Enter a whole number${boundsText(minValue, maxValue)}.`;
		throw unexpectedValue(value, field, remedy);
	}
	return number;
}

function boundsText(minValue: number, maxValue: number): string {
	if (maxValue !== Infinity) return ` from ${minValue} to ${maxValue}`;
	return minValue === -Infinity ? '' : ` of ${minValue} or more`;
}

/**
 * One of a fixed choice.
 *
 * @throws InvalidFieldError that lists the choice
 */
export function optionValue<T extends string>(
	value: unknown,
	field: string,
	choice: readonly T[],
): T {
	const chosen = choice.find((option) => option === value);
	if (chosen !== undefined) return chosen;
	throw unexpectedValue(value, field, `Use one of: ${choice.join(', ')}.`);
}

/**
 * Several of a fixed choice, each once: a list, or text with commas.
 *
 * @throws InvalidFieldError that lists the choice
 */
export function optionList<T extends string>(
	value: unknown,
	field: string,
	choice: readonly T[],
): T[] {
	const chosen = textList(value, field).map((entry) => optionValue(entry, field, choice));
	return [...new Set(chosen)];
}

/**
 * What a group of fields holds, by name; nothing is an empty group.
 *
 * @throws InvalidFieldError if an expression gave something else
 */
export function fieldGroup(value: unknown, field: string): Record<string, unknown> {
	if (value === undefined || value === null || value === '') return {};
	if (typeof value !== 'object' || Array.isArray(value) || isMoment(value)) {
		throw unexpectedValue(value, field, 'Give an object with the fields by name.');
	}
	return value as Record<string, unknown>;
}

/**
 * The rows of a table such as Headers, each with its fields by name.
 *
 * @param value the group that holds them, `{ values: [ … ] }`, or just the rows
 */
export function fieldRows(value: unknown, field: string): Array<Record<string, unknown>> {
	const rows = Array.isArray(value) ? value : (fieldGroup(value, field).values ?? []);
	if (!Array.isArray(rows)) {
		throw unexpectedValue(rows, field, 'Give a list of rows.');
	}
	return rows.map((row) => fieldGroup(row, field));
}

/** Names separated by commas, or a list of them from an expression. */
export function textList(value: unknown, field: string): string[] {
	const entries = Array.isArray(value) ? value : textValue(value, field).split(',');
	return entries.map((entry) => textValue(entry, field).trim()).filter((entry) => entry !== '');
}

/**
 * What a list with a search box holds: its own `{ mode, value }`, or, from an expression or an
 * imported workflow, just the value.
 */
export function chosenValue(value: unknown): unknown {
	return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}

/**
 * What a field that has to be filled in holds, without spaces around it.
 *
 * @param remedy what to do if it is empty, in the user's words
 */
export function requiredText(value: unknown, field: string, remedy: string): string {
	const text = textValue(chosenValue(value), field).trim();
	if (text === '') throw unexpectedValue(text, field, remedy);
	return text;
}

/** The ID of an unsubscribe group. */
export function groupId(value: unknown, field: string): number {
	const id = textValue(chosenValue(value), field).trim();
	if (!/^\d+$/.test(id)) {
		throw new InvalidFieldError(
			field,
			`Choose a group from the list, or enter its ID, a number such as 12345. "${id}" is not one.`,
		);
	}
	return Number(id);
}

/** The rows of a Name/Value table, as one object of texts. */
export function textTable(
	rows: ReadonlyArray<{ name?: unknown; value?: unknown }>,
	field: string,
): Record<string, string> {
	const table = new Map<string, string>();
	for (const { name, value } of rows) {
		const key = textValue(name, field).trim();
		if (key === '') throw new InvalidFieldError(field, 'Name every row. One has no name.');
		if (table.has(key)) {
			throw new InvalidFieldError(field, `Use each name once. "${key}" is there twice.`);
		}
		if (value === undefined || value === null || typeof value === 'object') {
			throw new InvalidFieldError(
				field,
				`Enter text as the value of "${key}". The value is ${describeValue(value)}.`,
			);
		}
		table.set(key, String(value));
	}
	return Object.fromEntries(table);
}

/** A JSON field: text as typed into the form, or an object from an expression. */
export function jsonObject(value: unknown, field: string): IDataObject {
	const parsed = typeof value === 'string' ? parseJson(value.trim() || '{}') : value;
	if (parsed instanceof SyntaxError) {
		throw new InvalidFieldError(
			field,
			`Enter valid JSON such as { "name": "Ann" }, or an expression that gives an object. The text is not JSON: ${parsed.message}`,
		);
	}
	if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed) || isMoment(parsed)) {
		throw unexpectedValue(parsed, field, 'Enter an object such as { "name": "Ann" }.');
	}
	return parsed as IDataObject;
}

/** What the text says as JSON, or the SyntaxError that says why it is none. */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text) as unknown;
	} catch (error) {
		return error;
	}
}
