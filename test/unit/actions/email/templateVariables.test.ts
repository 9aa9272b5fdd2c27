import { HandlebarsText } from '../../../../nodes/SendGrid/actions/email/handlebars';
import { variablesOf } from '../../../../nodes/SendGrid/actions/email/templateVariables';

const variables = (template: string, testData = '') =>
	Object.fromEntries(
		variablesOf([new HandlebarsText(template)], testData).map(({ name, type }) => [name, type]),
	);

describe('the variables of a template', () => {
	it.each<[what: string, template: string, found: Record<string, string>]>([
		['what it shows', '{{name}} {{{html}}}', { name: 'string', html: 'string' }],
		['an object, by its parts', '{{address.city}} {{address.zip}}', { address: 'object' }],
		['a list, by its places', '{{tags.0}} {{rows.[1].a}}', { tags: 'array', rows: 'array' }],
		['the list of a loop', '{{#each items}}{{title}} {{this.price}}{{/each}}', { items: 'array' }],
		[
			'what a loop says without its list',
			'{{#each l}}{{a}}{{else}}{{none}}{{/each}}',
			{
				l: 'array',
				none: 'string',
			},
		],
		[
			'what is around a loop',
			'{{#each l}}{{../name}} {{@root.city}} {{@index}}{{/each}}',
			{
				l: 'array',
				name: 'string',
				city: 'string',
			},
		],
		[
			'only the top, however deep',
			'{{#each a}}{{#each b}}{{../c}}{{../../d}}{{/each}}{{/each}}',
			{
				a: 'array',
				d: 'string',
			},
		],
		['the group of with', '{{#with user}}{{name}}{{/with}}', { user: 'object' }],
		[
			'a condition',
			'{{#if vip}}!{{/if}}{{#unless paid}}due{{/unless}}',
			{
				vip: 'boolean',
				paid: 'boolean',
			},
		],
		['what a condition both asks for and shows', '{{#if name}}{{name}}{{/if}}', { name: 'string' }],
		[
			'what is compared',
			'{{#greaterThan total 5}}{{#equals plan "pro"}}{{/equals}}{{/greaterThan}}',
			{
				total: 'number',
				plan: 'string',
			},
		],
		['how long a list is', '{{#if (length items)}}{{items.length}}{{/if}}', { items: 'array' }],
		['what is inserted', '{{insert name "default=you"}}', { name: 'string' }],
		['what is called this', '{{this.name}} {{this}}', { name: 'string' }],
		['nothing outside of the top', '{{../name}}', { name: 'string' }],
		["nothing of SendGrid's own", '{{{unsubscribe}}} {{Sender_City}}', {}],
	])('are %s', (_, template, found) => {
		expect(variables(template)).toEqual(found);
	});

	it('have the types of the test data, which may know more of them', () => {
		const testData = { vip: 'gold', name: null, total: 3, items: [], address: {}, paid: true };
		expect(variables('{{#if vip}}{{name}}{{/if}}', JSON.stringify(testData))).toEqual({
			vip: 'string',
			name: 'string',
			total: 'number',
			items: 'array',
			address: 'object',
			paid: 'boolean',
		});
	});

	it.each(['', 'no JSON', '[1]', 'null', '"text"'])('do without the test data %j', (testData) => {
		expect(variables('{{name}}', testData)).toEqual({ name: 'string' });
	});

	it('come in the order in which the template uses them', () => {
		expect(Object.keys(variables('{{b}}{{a}}{{b}}', '{"c":1,"a":1}'))).toEqual(['b', 'a', 'c']);
	});
});
