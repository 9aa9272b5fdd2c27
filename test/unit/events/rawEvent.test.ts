import { isObject, numberOf, objectOf, textOf } from '../../../nodes/SendGrid/events/rawEvent';

describe('textOf', () => {
	it.each([
		['text', 'a', 'a'],
		['blank text', ' ', ' '],
		['a number', 5, '5'],
		['zero', 0, '0'],
		['empty text', '', undefined],
		['null', null, undefined],
		['a boolean', true, undefined],
		['a list', ['a'], undefined],
		['an object', { a: 'a' }, undefined],
		['nothing', undefined, undefined],
	])('of %s', (_name, value, expected) => {
		expect(textOf({ field: value }, 'field')).toBe(expected);
	});

	it('of a field that is missing', () => {
		expect(textOf({}, 'field')).toBeUndefined();
	});
});

describe('numberOf', () => {
	it.each([
		['a number', 5, 5],
		['zero', 0, 0],
		['a number as text', '5', 5],
		['zero as text', '0', 0],
		['empty text', '', undefined],
		['blank text', ' ', undefined],
		['other text', 'five', undefined],
		['a number too large for JSON', Infinity, undefined],
		['text of such a number', '1e999', undefined],
		['null', null, undefined],
		['a boolean', true, undefined],
		['a list', [5], undefined],
		['an object', {}, undefined],
		['nothing', undefined, undefined],
	])('of %s', (_name, value, expected) => {
		expect(numberOf({ field: value }, 'field')).toBe(expected);
	});
});

describe('objectOf and isObject', () => {
	it.each([
		['an object', { a: 1 }],
		['an empty object', {}],
	])('take %s', (_name, value) => {
		expect(isObject(value)).toBe(true);
		expect(objectOf({ field: value }, 'field')).toBe(value);
	});

	it.each([
		['null', null],
		['a list', []],
		['text', 'a'],
		['a number', 1],
		['nothing', undefined],
	])('leave out %s', (_name, value) => {
		expect(isObject(value)).toBe(false);
		expect(objectOf({ field: value }, 'field')).toBeUndefined();
	});
});
