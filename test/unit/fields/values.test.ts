import {
	booleanValue,
	chosenValue,
	fieldGroup,
	fieldRows,
	jsonObject,
	optionList,
	optionValue,
	textList,
	textTable,
	textValue,
	wholeNumber,
} from '../../../nodes/SendGrid/fields/values';

describe('textValue', () => {
	it.each([
		['text', 'Hello', 'Hello'],
		['a number', 42, '42'],
		['nothing', undefined, ''],
		['null', null, ''],
	])('reads %s', (_, value, text) => {
		expect(textValue(value, 'Subject')).toBe(text);
	});

	it.each([
		['a list', ['a']],
		['an object', { a: 1 }],
	])('refuses %s', (what, value) => {
		expect(() => textValue(value, 'Subject')).toThrow(`Subject: Enter text. The value is ${what}.`);
	});

	it('refuses a date, and says how to make text of it', () => {
		expect(() => textValue(new Date(), 'Subject')).toThrow(
			'Subject: Add .toISO(), or another format. The value is a date and time.',
		);
		expect(() => textValue({ isLuxonDateTime: true }, 'Subject')).toThrow('a date and time');
	});
});

describe('booleanValue', () => {
	it.each([
		[true, true],
		[false, false],
		['true', true],
		['false', false],
		[' False ', false],
		['TRUE', true],
	])('reads %j', (value, read) => {
		expect(booleanValue(value, 'Sandbox Mode')).toBe(read);
	});

	it.each([
		['', 'empty'],
		[null, 'empty'],
		[undefined, 'empty'],
		['yes', 'the text "yes"'],
		[0, 'the number 0'],
		[1, 'the number 1'],
		[[true], 'a list'],
		[{}, 'an object'],
		[new Date(), 'a date and time'],
	])('refuses %j', (value, what) => {
		expect(() => booleanValue(value, 'Sandbox Mode')).toThrow(
			`Sandbox Mode: Enter true or false. The value is ${what}.`,
		);
	});
});

describe('wholeNumber', () => {
	it.each([
		[7, 7],
		['7', 7],
		[' -7 ', -7],
		[0, 0],
	])('reads %j', (value, read) => {
		expect(wholeNumber(value, 'Limit')).toBe(read);
	});

	it.each([
		[''],
		[null],
		[1.5],
		['1.5'],
		['1e3'],
		['7x'],
		[NaN],
		[Infinity],
		[2 ** 60],
		[true],
		[[7]],
		[{}],
	])('refuses %p', (value) => {
		expect(() => wholeNumber(value, 'Limit')).toThrow(
			/^Limit: Enter a whole number\. The value is /,
		);
	});

	it('keeps to its bounds', () => {
		const bounds = { minValue: 1, maxValue: 20 };
		expect([1, 20].map((value) => wholeNumber(value, 'Limit', bounds))).toEqual([1, 20]);
		for (const value of [0, 21]) {
			expect(() => wholeNumber(value, 'Limit', bounds)).toThrow('whole number from 1 to 20.');
		}
		expect(() => wholeNumber(0, 'Limit', { minValue: 1 })).toThrow('whole number of 1 or more.');
	});
});

describe('optionValue and optionList', () => {
	const CHOICE = ['html', 'off'] as const;

	it('read what is among the choice', () => {
		expect(optionValue('off', 'Click Tracking', CHOICE)).toBe('off');
		expect(optionList(['off', 'html', 'off'], 'Lists', CHOICE)).toEqual(['off', 'html']);
		expect(optionList('off, html', 'Lists', CHOICE)).toEqual(['off', 'html']);
		expect(optionList('', 'Lists', CHOICE)).toEqual([]);
	});

	it.each([['false'], [''], [null], [false], [7], [['off']], [{}]])('refuse %p', (value) => {
		expect(() => optionValue(value, 'Click Tracking', CHOICE)).toThrow(
			/^Click Tracking: Use one of: html, off\. The value is /,
		);
	});

	it('refuse one bad entry of several', () => {
		expect(() => optionList(['off', 'on'], 'Lists', CHOICE)).toThrow('The value is the text "on".');
	});
});

describe('fieldGroup and fieldRows', () => {
	it('read what the form gives', () => {
		expect(fieldGroup({ a: 1 }, 'Settings')).toEqual({ a: 1 });
		expect(fieldRows({ values: [{ name: 'a' }] }, 'Headers')).toEqual([{ name: 'a' }]);
		expect(fieldRows([{ name: 'a' }], 'Headers')).toEqual([{ name: 'a' }]);
		for (const nothing of [undefined, null, '', {}])
			expect(fieldRows(nothing, 'Headers')).toEqual([]);
	});

	it.each([['text'], [7], [true], [new Date()]])('refuse %p', (value) => {
		expect(() => fieldGroup(value, 'Settings')).toThrow(/^Settings: Give an object.+The value is /);
		expect(() => fieldRows(value, 'Headers')).toThrow(/^Headers: Give an object/);
		expect(() => fieldRows({ values: value }, 'Headers')).toThrow(/^Headers: Give a list of rows/);
		expect(() => fieldRows([value], 'Headers')).toThrow(/^Headers: Give an object/);
	});
});

describe('textList', () => {
	it.each([
		['names separated by commas', 'a, b ,,c', ['a', 'b', 'c']],
		['a list, whose entries may hold commas', ['a, b', ' c '], ['a, b', 'c']],
		['a number', 7, ['7']],
		['nothing', '', []],
	])('reads %s', (_, value, list) => {
		expect(textList(value, 'Categories')).toEqual(list);
	});

	it('refuses an object in the list', () => {
		expect(() => textList(['a', { b: 1 }], 'Categories')).toThrow(
			'Categories: Enter text. The value is an object.',
		);
	});
});

describe('chosenValue', () => {
	it.each([
		['what a list holds', { __rl: true, mode: 'list', value: 'd-1' }, 'd-1'],
		['the bare value', 'd-1', 'd-1'],
		['a number', 7, 7],
	])('takes %s', (_, value, chosen) => {
		expect(chosenValue(value)).toBe(chosen);
	});
});

describe('textTable', () => {
	const row = (name: unknown, value: unknown) => [{ name, value }];

	it.each([
		['text', 'a', 'a'],
		['the empty text', '', ''],
		['a number', 42, '42'],
		['a boolean', false, 'false'],
	])('reads %s', (_, value, text) => {
		expect(textTable(row('key', value), 'Custom Args')).toEqual({ key: text });
	});

	it('keeps a key that JavaScript treats in its own way', () => {
		expect(JSON.stringify(textTable(row('__proto__', 'a'), 'Headers'))).toBe('{"__proto__":"a"}');
	});

	it.each([
		['nothing', undefined, 'empty'],
		['null', null, 'empty'],
		['an object', { a: 1 }, 'an object'],
		['a list', ['a'], 'a list'],
	])('refuses %s, and names the key', (_, value, shown) => {
		expect(() => textTable(row('contactId', value), 'Custom Args')).toThrow(
			`Custom Args: Enter text as the value of "contactId". The value is ${shown}.`,
		);
	});

	it('refuses a row without a name', () => {
		expect(() => textTable(row(' ', 'a'), 'Headers')).toThrow(
			'Headers: Name every row. One has no name.',
		);
	});

	it('refuses a name twice', () => {
		expect(() => textTable([...row('a', '1'), ...row('a', '2')], 'Headers')).toThrow(
			'Headers: Use each name once. "a" is there twice.',
		);
	});
});

describe('jsonObject', () => {
	it.each([
		['JSON text', '{ "a": [1, null] }', { a: [1, null] }],
		['an object', { a: 1 }, { a: 1 }],
		['the empty field', ' ', {}],
	])('reads %s', (_, value, object) => {
		expect(jsonObject(value, 'Template Data')).toEqual(object);
	});

	it('says where text is not JSON', () => {
		expect(() => jsonObject('{ "a": }', 'Template Data')).toThrow(
			/^Template Data: Enter valid JSON.+The text is not JSON: Unexpected token/,
		);
	});

	it.each([['[1]'], ['"a"'], ['null'], [42], [null], [undefined]])('refuses %p', (value) => {
		expect(() => jsonObject(value, 'Template Data')).toThrow(
			/^Template Data: Enter an object such as .+The value is /,
		);
	});
});
