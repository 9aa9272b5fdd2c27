import type { IDataObject } from 'n8n-workflow';
import { InvalidFieldError } from '../../../fields/invalidFieldError';
import { booleanValue, optionValue, textList, textValue } from '../../../fields/values';

/** What a field on the recipient's page can be. */
export const FIELD_TYPES = [
	{ value: 'text', name: 'Text', description: 'One line' },
	{ value: 'textarea', name: 'Textarea', description: 'Several lines' },
	{ value: 'number', name: 'Number', description: 'A number, in the output as such' },
	{ value: 'email', name: 'Email', description: 'An email address' },
	{ value: 'date', name: 'Date', description: 'A day, in the output such as 2026-11-20' },
	{ value: 'dropdown', name: 'Dropdown', description: 'One of the choices that you give' },
	{ value: 'checkbox', name: 'Checkbox', description: 'Yes or no, in the output true or false' },
] as const;

export interface FormField {
	label: string;
	type: (typeof FIELD_TYPES)[number]['value'];
	isRequired: boolean;
	/** Of a dropdown. */
	choices: string[];
}

/** The fields travel in the link of the mail, which has to stay short enough for mail programs. */
const MAX_ENCODED_LENGTH = 1200;

const MAX_TEXT_LENGTH = 100_000;

const FIELD = 'Form Fields';

const TYPES = FIELD_TYPES.map(({ value }) => value);

/** The one field of a free text. */
export const FREE_TEXT: FormField[] = [
	{ label: 'Your answer', type: 'textarea', isRequired: true, choices: [] },
];

/** The name of a field in what the page posts. */
export const nameOf = (index: number) => `field-${index}`;

/**
 * Reads the fields that the user wishes.
 *
 * @param rows the entries of the collection "Form Fields"
 * @throws InvalidFieldError
 */
export function readFormFields(rows: Array<Record<string, unknown>>): FormField[] {
	if (rows.length === 0) {
		throw new InvalidFieldError(FIELD, 'Add at least one field for the recipient to fill in.');
	}
	const fields = rows.map((row, index) => {
		const label = textValue(row.fieldLabel, FIELD).trim();
		if (label === '') throw new InvalidFieldError(FIELD, `Give field ${index + 1} a label.`);
		const type = 'fieldType' in row ? optionValue(row.fieldType, FIELD, TYPES) : 'text';
		const field = {
			label,
			type,
			isRequired: 'requiredField' in row && booleanValue(row.requiredField, FIELD),
			choices: type === 'dropdown' ? textList(row.choices, FIELD) : [],
		};
		if (type === 'dropdown' && field.choices.length === 0) {
			throw new InvalidFieldError(
				FIELD,
				`Enter choices for "${label}", separated by commas. It has none.`,
			);
		}
		return field;
	});
	const labels = fields.map(({ label }) => label);
	const twice = labels.find((label, index) => labels.indexOf(label) < index);
	if (twice !== undefined)
		throw new InvalidFieldError(
			FIELD,
			`Give each field a label of its own. "${twice}" stands there twice.`,
		);
	return fields;
}

/** @throws InvalidFieldError if they are too many for a link */
export function encodeFormFields(fields: FormField[]): string {
	const text = JSON.stringify(
		fields.map(({ label, type, isRequired, choices }) => [label, type, +isRequired, ...choices]),
	);
	const { length } = encodeURIComponent(text);
	if (length > MAX_ENCODED_LENGTH) {
		throw new InvalidFieldError(
			FIELD,
			`Use fewer or shorter ones. They travel in the link of the mail, where ${MAX_ENCODED_LENGTH} characters are possible, and these take ${length}.`,
		);
	}
	return text;
}

/** @param text what `encodeFormFields` made; n8n's signature says that it did */
export function decodeFormFields(text: string): FormField[] {
	const rows = JSON.parse(text) as Array<[string, FormField['type'], number, ...string[]]>;
	return rows.map(([label, type, isRequired, ...choices]) => {
		return { label, type, isRequired: isRequired === 1, choices };
	});
}

/** What the recipient entered, by label, or what is wrong with it, in words for them. */
export type FormAnswer = { values: IDataObject } | { problem: string };

/**
 * Checks what the page posted. The browser has checked it already; this is for what is no browser.
 *
 * @param body by the names of `nameOf`
 */
export function readFormAnswer(fields: FormField[], body: IDataObject): FormAnswer {
	const values: Array<[label: string, value: string | number | boolean]> = [];
	for (const [index, field] of fields.entries()) {
		const posted = body[nameOf(index)];
		const text = typeof posted === 'string' ? posted.slice(0, MAX_TEXT_LENGTH).trim() : '';
		if (text === '' && field.isRequired) return { problem: `Please fill in: ${field.label}` };
		if (field.type === 'checkbox') values.push([field.label, text !== '']);
		else if (text === '') continue;
		else if (!isPossible(field, text)) return { problem: `Please check: ${field.label}` };
		else values.push([field.label, field.type === 'number' ? Number(text) : text]);
	}
	// Defines fields, so that a label such as __proto__ is one too.
	return { values: Object.fromEntries(values) };
}

function isPossible({ type, choices }: FormField, text: string): boolean {
	switch (type) {
		case 'number':
			return Number.isFinite(Number(text));
		case 'email':
			return /^[^\s@]+@[^\s@]+$/.test(text);
		case 'date':
			return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
		case 'dropdown':
			return choices.includes(text);
		default:
			return true;
	}
}
