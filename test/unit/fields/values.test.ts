import {
	chosenValue,
	jsonObject,
	textList,
	textTable,
	textValue,
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
		expect(() => textValue(value, 'Subject')).toThrow(`Subject: is ${what}`);
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
		expect(() => textList(['a', { b: 1 }], 'Categories')).toThrow('Categories: is an object');
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
		['nothing', undefined, 'missing'],
		['null', null, 'null'],
		['an object', { a: 1 }, '{"a":1}'],
		['a list', ['a'], '["a"]'],
	])('refuses %s, and names the key', (_, value, shown) => {
		expect(() => textTable(row('contactId', value), 'Custom Args')).toThrow(
			`Custom Args: the value of "contactId" is ${shown}`,
		);
	});

	it('refuses a row without a name', () => {
		expect(() => textTable(row(' ', 'a'), 'Headers')).toThrow('Headers: one of them has no name');
	});

	it('refuses a name twice', () => {
		expect(() => textTable([...row('a', '1'), ...row('a', '2')], 'Headers')).toThrow(
			'Headers: "a" is given twice',
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
			/^Template Data: is not valid JSON \(Unexpected token.+\)/,
		);
	});

	it.each([['[1]'], ['"a"'], ['null'], [42], [null], [undefined]])('refuses %p', (value) => {
		expect(() => jsonObject(value, 'Template Data')).toThrow('Template Data: has to be an object');
	});
});
