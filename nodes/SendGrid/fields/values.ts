import type { IDataObject } from 'n8n-workflow';
import { InvalidFieldError } from './invalidFieldError';

/** What an expression may give for a text field, as text; nothing is the empty text. */
export function textValue(value: unknown, field: string): string {
	if (value === undefined || value === null) return '';
	if (typeof value === 'object') {
		throw new InvalidFieldError(
			field,
			`is ${Array.isArray(value) ? 'a list' : 'an object'}, but has to be text.`,
		);
	}
	return String(value);
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
	if (text === '') throw new InvalidFieldError(field, `is empty. ${remedy}`);
	return text;
}

/** The ID of an unsubscribe group. */
export function groupId(value: unknown, field: string): number {
	const id = textValue(chosenValue(value), field).trim();
	if (!/^\d+$/.test(id)) {
		throw new InvalidFieldError(
			field,
			`"${id}" is not the ID of an unsubscribe group, which is a number such as 12345. Choose one from the list.`,
		);
	}
	return Number(id);
}

/** The rows of a Name/Value table, as one object of texts. */
export function textTable(
	rows: Array<{ name: unknown; value: unknown }>,
	field: string,
): Record<string, string> {
	const table = new Map<string, string>();
	for (const { name, value } of rows) {
		const key = textValue(name, field).trim();
		if (key === '') throw new InvalidFieldError(field, 'one of them has no name.');
		if (table.has(key)) throw new InvalidFieldError(field, `"${key}" is given twice.`);
		if (value === undefined || value === null || typeof value === 'object') {
			throw new InvalidFieldError(
				field,
				`the value of "${key}" is ${JSON.stringify(value) ?? 'missing'}, but SendGrid takes text only.`,
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
			`is not valid JSON (${parsed.message}). Enter an object such as { "name": "Ann" }, or an expression that gives one.`,
		);
	}
	if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
		throw new InvalidFieldError(field, 'has to be an object such as { "name": "Ann" }.');
	}
	return parsed as IDataObject;
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text) as unknown;
	} catch (error) {
		return error;
	}
}
