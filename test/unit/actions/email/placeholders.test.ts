import * as fc from 'fast-check';
import {
	compilePlaceholders,
	fillPlaceholders,
	PlaceholderCompiler,
} from '../../../../nodes/SendGrid/actions/email/placeholders';

type Part = 'html' | 'text';

/** What the recipient reads: SendGrid replaces each tag, in no order it documents. */
function fill(text: string, part: Part, data: object, order = (tags: string[]) => tags): string {
	const compiled = compilePlaceholders(text, part, 'x7');
	const substitutions = fillPlaceholders([compiled], data);
	return order(Object.keys(substitutions)).reduce(
		(content, tag) => content.replaceAll(tag, () => substitutions[tag] as string),
		compiled.content,
	);
}

describe('placeholders', () => {
	it.each<[what: string, text: string, part: Part, data: object, result: string]>([
		['a name', 'Hello {{name}}!', 'text', { name: 'Ann' }, 'Hello Ann!'],
		['spaces inside the braces', '{{ name }} {{name }}', 'text', { name: 'Ann' }, 'Ann Ann'],
		[
			'a value in HTML, escaped',
			'<b>{{name}}</b>',
			'html',
			{ name: '<i>&"\'' },
			'<b>&lt;i&gt;&amp;&quot;&#39;</b>',
		],
		[
			'three braces in HTML, as they are',
			'{{{name}}}',
			'html',
			{ name: '<i>Ann</i>' },
			'<i>Ann</i>',
		],
		['text, as it is', '{{name}}', 'text', { name: 'Q&A <3' }, 'Q&A <3'],
		['three braces in text', '{{{name}}}', 'text', { name: 'Q&A' }, 'Q&A'],
		['both kinds of one value', '{{a}} {{{a}}}', 'html', { a: '<' }, '&lt; <'],
		['a number', '{{count}}', 'text', { count: 0 }, '0'],
		['a boolean', '{{vip}}', 'text', { vip: false }, 'false'],
		['the empty text', '[{{name}}]', 'text', { name: '' }, '[]'],
		['a path', '{{address.city}}', 'text', { address: { city: 'Rome' } }, 'Rome'],
		['a place in a list', '{{tags.1}}', 'text', { tags: ['a', 'b'] }, 'b'],
		['a key with a dot, before a path', '{{a.b}}', 'text', { 'a.b': 1, a: { b: 2 } }, '1'],
		['a key with a space', '{{first name}}', 'text', { 'first name': 'Ann' }, 'Ann'],
		['names that begin alike', '{{a}}{{ab}}', 'text', { a: 1, ab: 2 }, '12'],
		['a value with a dollar sign', '{{price}}', 'text', { price: '$& $1' }, '$& $1'],
		['a name as in an expression', '{{ $json.name }}', 'text', { name: 'Ann' }, 'Ann'],
		['a path as in an expression', '{{$json.a.b}}', 'text', { a: { b: 1 } }, '1'],
		['a quoted name as in an expression', "{{ $json['a b'] }}", 'text', { 'a b': 1 }, '1'],
		['text without placeholders', 'body { color: red }', 'html', {}, 'body { color: red }'],
	])('fill in %s', (_, text, part, data, result) => {
		expect(fill(text, part, data)).toBe(result);
	});

	it.each([
		['is missing', { other: 1 }],
		['is null', { name: null }],
		['is only inherited', Object.create({ name: 'Ann' }) as object],
	])('report a value that %s', (_, data) => {
		expect(() => fill('{{ name }}', 'text', data)).toThrow(
			'Placeholder Data: Add "name" to the data, or take the placeholder out. There is no value for the placeholder {{name}}.',
		);
	});

	it('report a built-in name as missing', () => {
		expect(() => fill('{{constructor}}', 'text', {})).toThrow('{{constructor}}');
		expect(() => fill('{{name.length}}', 'text', { name: 'Ann' })).toThrow('{{name.length}}');
	});

	it('report the blocks of Handlebars, which only templates know', () => {
		expect(() => fill('{{#if vip}}x{{/if}}', 'text', { vip: true })).toThrow('{{#if vip}}');
	});

	it.each([
		['a list', { name: ['Ann'] }],
		['a group of fields', { name: { first: 'Ann' } }],
	])('report %s where text is needed', (what, data) => {
		expect(() => fill('{{name}}', 'text', data)).toThrow(`"name" is ${what}`);
	});

	it('give the same result in whatever order SendGrid replaces them', () => {
		const word = fc.stringMatching(/^[a-c]{1,3}$/);
		const value = fc.string({ unit: fc.constantFrom('x', '<', '&', '{', '}') });
		const placeholder = fc
			.tuple(word, fc.constantFrom('{{', '{{{'))
			.map(([name, open]) => ({ name, written: `${open}${name}${'}'.repeat(open.length)}` }));
		fc.assert(
			fc.property(
				fc.array(placeholder, { maxLength: 6 }),
				fc.dictionary(word, value),
				(parts, values) => {
					const data = { ...Object.fromEntries(parts.map(({ name }) => [name, 'x'])), ...values };
					const text = parts.map(({ written }) => written).join('-');
					const forwards = fill(text, 'html', data);
					const backwards = fill(text, 'html', data, (tags) => tags.reverse());
					expect(backwards).toBe(forwards);
				},
			),
			{ seed: 2 },
		);
	});
});

describe('PlaceholderCompiler', () => {
	it('marks the tags so that no value can hold one', () => {
		const [first, second] = [1, 2].map(() => {
			const compiled = new PlaceholderCompiler().compile('{{a}} {{b}}', 'text');
			const data = { a: '{{raw:b}} {{b}} {{raw-x:b}}', b: 'B' };
			const substitutions = fillPlaceholders([compiled], data);
			for (const order of [Object.keys(substitutions), Object.keys(substitutions).reverse()]) {
				const filled = order.reduce(
					(text, tag) => text.replaceAll(tag, () => substitutions[tag] as string),
					compiled.content,
				);
				expect(filled).toBe(`${data.a} B`);
			}
			return compiled.content;
		});
		expect(first).not.toBe(second);
	});

	it('compiles a text once for each part', () => {
		const compiler = new PlaceholderCompiler();
		const html = compiler.compile('{{name}}', 'html');
		expect(compiler.compile('{{name}}', 'html')).toBe(html);
		expect(compiler.compile('{{name}}', 'text')).not.toEqual(html);
	});
});
