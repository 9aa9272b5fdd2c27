import * as fc from 'fast-check';
import { HandlebarsText, TemplateError } from '../../../../nodes/SendGrid/actions/email/handlebars';

const fill = (template: string, data: object) => new HandlebarsText(template).fill(data);
const missing = (template: string, data: object) => new HandlebarsText(template).missingIn(data);

describe('a template as SendGrid fills it', () => {
	it.each<[what: string, template: string, data: object, text: string]>([
		['text', 'Hello { } } {', {}, 'Hello { } } {'],
		['a value, escaped', '{{name}}', { name: '<b>&"\'' }, '&lt;b&gt;&amp;&quot;&#x27;'],
		['a value as it is', '{{{name}}}{{& name}}', { name: '<b>' }, '<b><b>'],
		['a path', '{{ user.address.city }}', { user: { address: { city: 'Rome' } } }, 'Rome'],
		['a place in a list', '{{tags.[1]}}{{tags.0}}', { tags: ['a', 'b'] }, 'ba'],
		['a number and a boolean', '{{n}}{{b}}', { n: 0, b: false }, '0false'],
		['comments', 'a{{! x }}b{{!-- }} --}}c', {}, 'abc'],
		['a comment that takes spaces away', 'a {{~! x ~}} b', {}, 'ab'],
		['spaces taken away', 'a {{~x~}} b', { x: 1 }, 'a1b'],
		['if', '{{#if vip}}yes{{else}}no{{/if}}', { vip: true }, 'yes'],
		['if, for nothing', '{{#if vip}}yes{{else}}no{{/if}}', {}, 'no'],
		['if, for an empty list', '{{#if list}}yes{{else}}no{{/if}}', { list: [] }, 'no'],
		['else if', '{{#if a}}A{{else if b}}B{{else}}C{{/if}}', { b: 1 }, 'B'],
		['else if, to its end', '{{#if a}}A{{else if b}}B{{else}}C{{/if}}-', {}, 'C-'],
		['unless', '{{#unless paid}}due{{/unless}}', {}, 'due'],
		[
			'each',
			'{{#each items}}{{@index}}:{{this.name}}{{#unless @last}}, {{/unless}}{{/each}}',
			{ items: [{ name: 'a' }, { name: 'b' }] },
			'0:a, 1:b',
		],
		['each of texts', '{{#each tags}}[{{this}}]{{/each}}', { tags: ['a', 'b'] }, '[a][b]'],
		[
			'each of an object',
			'{{#each o}}{{@key}}={{this}};{{/each}}',
			{ o: { a: 1, b: 2 } },
			'a=1;b=2;',
		],
		['each of nothing', '{{#each items}}x{{else}}none{{/each}}', {}, 'none'],
		['what is around', '{{#each l}}{{../n}}{{@root.n}}{{/each}}', { n: 'x', l: [1] }, 'xx'],
		['with', '{{#with user}}{{name}}{{/with}}', { user: { name: 'Ann' } }, 'Ann'],
		['equals', '{{#equals a "x"}}=={{else}}!={{/equals}}', { a: 'x' }, '=='],
		['equals, of number and text', '{{#equals a 1}}=={{/equals}}', { a: '1' }, '=='],
		['notEquals', '{{#notEquals a b}}!={{else}}=={{/notEquals}}', { a: 1, b: 1 }, '=='],
		['greaterThan', '{{#greaterThan a 2}}>{{else}}<={{/greaterThan}}', { a: 10 }, '>'],
		['lessThan', '{{#lessThan a 2}}<{{else}}>={{/lessThan}}', { a: 10 }, '>='],
		['and', '{{#and a b}}both{{else}}not{{/and}}', { a: 1, b: 0 }, 'not'],
		['or', '{{#or a b}}one{{else}}none{{/or}}', { a: 0, b: 1 }, 'one'],
		['length', '{{#greaterThan (length l) 1}}many{{/greaterThan}}', { l: [1, 2] }, 'many'],
		['insert', '{{insert name "default=Customer"}}', { name: 'Ann' }, 'Ann'],
		['insert, for nothing', '{{insert name "default=dear customer"}}', {}, 'dear customer'],
		['what only inherits', '{{constructor}}{{a.length}}', { a: 'x' }, ''],
	])('%s', (_, template, data, text) => {
		expect(fill(template, data)).toBe(text);
	});

	it.each([
		['a tag that is not closed', 'x {{name'],
		['a tag of three braces closed by two', 'x {{{name}}'],
		['a comment that is not closed', '{{!-- }} name'],
		['braces within a tag', '{{a{b}}'],
		['a tag as long as text', `{{${'a'.repeat(2000)}}}`],
		['a block that is not closed', '{{#if a}}x'],
		['a block closed by another', '{{#if a}}x{{/each}}'],
		['a block that is not open', 'x{{/if}}'],
		['else outside of a block', 'x{{else}}'],
		['an unknown block', '{{#repeat 3}}x{{/repeat}}'],
		['an unknown helper', '{{upper name}}'],
		['a partial', '{{> header}}'],
		['a named argument', '{{insert name default="x"}}'],
		['a bracket too many', '{{#if (length a))}}x{{/if}}'],
		['a bracket too few', '{{#if (length a}}x{{/if}}'],
		['a helper without a name', '{{("a") b}}'],
		['too many values', '{{#if a b}}x{{/if}}'],
	])('never guesses at %s', (_, template) => {
		expect(() => fill(template, { a: 1 })).toThrow(TemplateError);
	});

	it.each([
		['spaces', ' '.repeat(300_000)],
		['braces', '{{'.repeat(300_000)],
		['comments', '{{!--'.repeat(100_000)],
		['tags', '{{name}} '.repeat(30_000)],
	])('reads a long template of %s at once', (_, template) => {
		const readOnce = () => {
			try {
				return new HandlebarsText(template);
			} catch (error) {
				return error;
			}
		};
		const start = performance.now();
		readOnce();
		// With a quadratic reader it took from ten seconds to minutes.
		expect(performance.now() - start).toBeLessThan(2000);
	});

	it('leaves text without tags as it is, and shows any value whole', () => {
		fc.assert(
			fc.property(fc.string(), fc.string(), (text, value) => {
				fc.pre(!text.includes('{{'));
				expect(fill(text, {})).toBe(text);
				expect(fill('[{{{value}}}]', { value })).toBe(`[${value}]`);
			}),
			{ seed: 7 },
		);
	});
});

describe('what the data lacks', () => {
	it.each<[what: string, template: string, data: object, lacking: string[]]>([
		['each variable once', '{{name}} {{name}} {{{city}}}', {}, ['name', 'city']],
		['a value that is null', '{{name}}', { name: null }, ['name']],
		['a place inside', '{{user.id}} {{user.name}}', { user: { id: 0 } }, ['user.name']],
		['what a condition shows', '{{#if vip}}{{level}}{{/if}}', { vip: true }, ['level']],
		['the list of a loop', '{{#each items}}{{title}}{{/each}}', {}, ['items']],
		['a value of one entry', '{{#each l}}{{a}}{{/each}}', { l: [{ a: 1 }, {}] }, ['a']],
		['an entry that is null', '{{#each l}}{{this}}{{/each}}', { l: [null] }, ['this']],
		['a group', '{{#with user}}{{name}}{{/with}}', {}, ['user']],
		['what is inserted without a default', '{{insert name}}', {}, ['name']],
		['a date', '{{formatDate day "MM/DD"}}', {}, ['day']],
	])('is %s', (_, template, data, lacking) => {
		expect(missing(template, data)).toEqual(lacking);
	});

	it.each<[what: string, template: string, data: object]>([
		['text that is empty, 0 or false', '{{a}}{{b}}{{c}}', { a: '', b: 0, c: false }],
		['what a condition asks for', '{{#if vip}}!{{else}}.{{/if}}{{#unless paid}}due{{/unless}}', {}],
		['what a condition leaves out', '{{#if vip}}{{level}}{{/if}}', {}],
		['what is compared', '{{#equals a "x"}}x{{/equals}}{{#greaterThan b 1}}y{{/greaterThan}}', {}],
		['what has a default', '{{insert name "default=Customer"}}', {}],
		['an empty list', '{{#each items}}{{title}}{{/each}}', { items: [] }],
		['a list, where the text says what to show then', '{{#each items}}x{{else}}none{{/each}}', {}],
		['a list that a condition guards', '{{#if l}}{{#each l}}{{a}}{{/each}}{{/if}}', {}],
		['how long a list is', '{{length items}}', {}],
		["what is SendGrid's own", '{{{unsubscribe}}} {{Sender_Name}} {{{weblink}}}', {}],
		['the value of a helper that a preview does not know', '{{upper name}}', {}],
	])('is not %s', (_, template, data) => {
		expect(missing(template, data)).toEqual([]);
	});
});
