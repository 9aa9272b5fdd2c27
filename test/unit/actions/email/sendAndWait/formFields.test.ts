import type { IDataObject } from 'n8n-workflow';
import {
	decodeFormFields,
	encodeFormFields,
	nameOf,
	readFormAnswer,
	readFormFields,
} from '../../../../../nodes/SendGrid/actions/email/sendAndWait/formFields';

const ROWS = [
	{ fieldLabel: 'Name', requiredField: true },
	{ fieldLabel: 'Cost', fieldType: 'number' },
	{ fieldLabel: 'Size', fieldType: 'dropdown', choices: 'Small, Large' },
	{ fieldLabel: 'Urgent', fieldType: 'checkbox' },
	{ fieldLabel: 'Until', fieldType: 'date' },
	{ fieldLabel: 'Copy to', fieldType: 'email' },
	{ fieldLabel: '__proto__', fieldType: 'textarea' },
];
const fields = readFormFields(ROWS);

/** What the page posts when these values are entered from top to bottom. */
function answer(...values: Array<string | undefined>) {
	const body = Object.fromEntries(values.map((value, index) => [nameOf(index), value]));
	return readFormAnswer(fields, body as IDataObject);
}

describe('the fields of a form', () => {
	it('travel in the link of the mail', () => {
		expect(decodeFormFields(encodeFormFields(fields))).toEqual(fields);
	});

	it.each([
		['Add at least one field', []],
		['Give field 2 a label', [ROWS[0]!, { fieldLabel: ' ' }]],
		['Enter choices for "Size"', [{ fieldLabel: 'Size', fieldType: 'dropdown', choices: ' , ' }]],
		['Give each field a label of its own. "Name"', [ROWS[0]!, ROWS[0]!]],
	])('are refused: %s', (problem, rows) => {
		expect(() => readFormFields(rows)).toThrow(`Form Fields: ${problem}`);
	});

	it('are refused if the link would become too long', () => {
		const many = Array.from({ length: 60 }, (_, index) => ({ fieldLabel: `Question ${index}` }));
		expect(() => encodeFormFields(readFormFields(many))).toThrow('Use fewer or shorter ones');
	});
});

describe('the answer', () => {
	it('has what was entered, by label and in its type', () => {
		const all = answer(' Ann ', '1.5', 'Large', 'yes', '2026-11-20', 'a@example.com', 'Hi\nthere');
		expect(all).toEqual({
			values: Object.fromEntries([
				['Name', 'Ann'],
				['Cost', 1.5],
				['Size', 'Large'],
				['Urgent', true],
				['Until', '2026-11-20'],
				['Copy to', 'a@example.com'],
				['__proto__', 'Hi\nthere'],
			]),
		});
		expect(answer('Ann')).toEqual({ values: { Name: 'Ann', Urgent: false } });
	});

	it.each([
		['Please fill in: Name', [' ']],
		['Please check: Cost', ['Ann', 'much']],
		['Please check: Size', ['Ann', '1', 'Huge']],
		['Please check: Until', ['Ann', '1', 'Large', '', 'tomorrow']],
		['Please check: Until', ['Ann', '1', 'Large', '', '2026-13-01']],
		['Please check: Copy to', ['Ann', '1', 'Large', '', '2026-11-20', 'nobody']],
	])('is not taken: %s', (problem, values) => {
		expect(answer(...values)).toEqual({ problem });
	});

	it('is not taken from what is no text', () => {
		expect(readFormAnswer(fields, { [nameOf(0)]: ['a', 'b'] })).toEqual({
			problem: 'Please fill in: Name',
		});
	});
});
