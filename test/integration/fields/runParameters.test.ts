import * as fc from 'fast-check';
import type { IDataObject, INodeType } from 'n8n-workflow';
import { RunParameters } from '../../../nodes/SendGrid/fields/runParameters';
import { simpleResolver } from '../../../nodes/SendGrid/fields/simpleExpressions';
import { TestWorkflow } from '../support/n8nContexts';

/** A node with one parameter that can be anything. */
const nodeType = {
	description: {
		displayName: 'Reader',
		name: 'reader',
		group: ['transform'],
		version: 1,
		description: '',
		defaults: { name: 'Reader' },
		inputs: ['main'],
		outputs: ['main'],
		properties: [{ displayName: 'Value', name: 'value', type: 'string', default: '' }],
	},
} as unknown as INodeType;

const valueOrError = (value: () => unknown): unknown => {
	try {
		return value();
	} catch (error) {
		return (error as Error).message;
	}
};

/** What the parameter is for each item: as read here, and as n8n evaluates it. */
function bothWays(written: unknown, items: IDataObject[]) {
	const workflow = new TestWorkflow({ nodeType, parameters: { value: written as string } });
	const context = workflow.executeContext(items.map((json) => ({ json })));
	const parameters = new RunParameters(context);
	return items.map((_, item) => ({
		read: valueOrError(() => parameters.valueOf('value', item)),
		evaluated: valueOrError(() => context.getNodeParameter('value', item, '')),
	}));
}

const ANN = {
	email: 'ann@example.com',
	'first name': 'Ann',
	address: { city: 'Rome', zip: 187, note: null, list: [] },
	phones: ['1', 2, { home: '3' }],
	vip: false,
	empty: '',
	nothing: null,
	zero: 0,
	tag: '={{ 1 }}',
	text: 'a{{b}}',
};

const SIMPLE: unknown[] = [
	'={{ $json.email }}',
	'={{$json.email}}',
	'={{\n\t$json.email }}',
	'={{ $json["first name"] }}',
	"={{ $json['first name'] }}",
	'={{ $json.address.city }}',
	'={{ $json.address["zip"] }}',
	'={{ $json.address }}',
	'={{ $json.phones }}',
	'={{ $json.phones[0] }}',
	'={{ $json.phones.length }}',
	'={{ $json.phones[2].home }}',
	'={{ $json.vip }}',
	'={{ $json.empty }}',
	'={{ $json.zero }}',
	'={{ $json.tag }}',
	'={{ $json.text }}',
	'={{ $json }}',
	'=Hello {{ $json.email }}!',
	'= {{ $json.email }}',
	'={{ $json.email }} ',
	'={{ $json.email }}{{ $json.zero }}',
	'={{ $json["first name"] }} <{{ $json.email }}>',
	'=vip: {{ $json.vip }}, {{ $json.empty }}{ {{ $json.address.zip }} }',
	'=no expression at all',
	'={{ { name: $json["first name"] } }}',
	'={{ {name:$json.email,} }}',
	'={{ { \'a b\': $json.address, "c": $json.phones, d: \'x\', e: "y, z: 1", f: -1.50, g: true, h: $json.empty } }}',
	'={{ { a: $json.email, a: $json.zero } }}',
	'={{\n{\n\tname: $json.email,\n\tall: $json\n}\n}}',
	'={{ {} }}',
	'={ "name": "{{ $json.email }}" }',
	{
		values: [
			{ name: 'id', value: '={{ $json.zero }}' },
			{ name: 'x', value: '=a {{ $json.vip }}' },
		],
	},
	{ __rl: true, mode: 'id', value: '={{ $json.email }}' },
];

/** What only n8n can tell, at least for Ann. */
const MORE: unknown[] = [
	'={{ $json.missing }}',
	'={{ $json.missing.deeper }}',
	'={{ $json.nothing }}',
	'={{ $json.address.note }}',
	'=a {{ $json.nothing }} b {{ $json.missing }}',
	'=list: {{ $json.phones }}, {{ $json.address }}',
	'={{ $json.email.toUpperCase() }}',
	'={{ $json.email.length }}',
	'={{ $json.email + 1 }}',
	'={{ $json.toString }}',
	'={{ $itemIndex }}',
	'={{ { name: $json.email.trim() } }}',
	'={{ { name: $json.missing, x: 1 } }}',
	'={{ { name: $json.nothing } }}',
	'={{ {name: $json.email}}}',
	'={{ { ...$json } }}',
	'={{ { [$json.email]: 1 } }}',
	'={{ { name: $json.email, , } }}',
	'={{ { , } }}',
	'={{ { a: 012 } }}',
	'={{ { a: 1 b: 2 } }}',
	'={{ { a: "x\ny" } }}',
	'={{ { "a\\n": 1 } }}',
	'={{ { __proto__: $json.address } }}',
	'=object: {{ { a: 1 } }}',
	'=\\{{ $json.email }}',
	'={{ $json["a\\"b"] }}',
	'={{ $json["a}}b"] }}',
	{ values: [{ name: 'id', value: '={{ $json.address }}' }] },
	{ values: [{ name: 'id', value: '={{ $json.missing }}' }] },
	{ values: [{ name: 'id', value: '={{ $json.email.length }}' }, { value: '={{ $json.email }}' }] },
];

describe('a parameter as it is read', () => {
	it.each(SIMPLE.map((written) => [JSON.stringify(written), written]))(
		'is what n8n evaluates, without n8n: %s',
		(_, written) => {
			const { read, evaluated } = bothWays(written, [ANN])[0]!;
			expect(read).toEqual(evaluated);
			expect(simpleResolver(written)!(ANN)).toEqual(evaluated);
		},
	);

	it.each(MORE.map((written) => [JSON.stringify(written), written]))(
		'is what n8n evaluates, by n8n: %s',
		(_, written) => {
			expect(simpleResolver(written)?.(ANN)).toBeUndefined();
			const { read, evaluated } = bothWays(written, [ANN])[0]!;
			expect(read).toEqual(evaluated);
		},
	);

	it('is what n8n evaluates for each item, whatever is in it', () => {
		const key = fc.constantFrom('a', 'b_1', 'first name', 'length', 'name', '0');
		const json = fc.letrec((tie) => ({
			value: fc.oneof(
				{ maxDepth: 3 },
				fc.string(),
				fc.integer(),
				fc.boolean(),
				fc.constant(null),
				fc.array(tie('value'), { maxLength: 2 }),
				tie('object'),
			),
			object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
		})).object as fc.Arbitrary<IDataObject>;
		const path = fc
			.array(key, { maxLength: 3 })
			.map((keys) => `$json${keys.map((each) => `[${JSON.stringify(each)}]`).join('')}`);
		const text = fc.constantFrom('', ' ', 'Hello ', '{', '}', '"', '\n', '$json.a');
		const written = fc
			.array(fc.tuple(text, path), { minLength: 1, maxLength: 3 })
			.chain((parts) =>
				text.map((end) => `=${parts.map(([t, p]) => `${t}{{ ${p} }}`).join('')}${end}`),
			);
		fc.assert(
			fc.property(written, fc.array(json, { minLength: 1, maxLength: 4 }), (expression, items) => {
				for (const { read, evaluated } of bothWays(expression, items)) {
					expect(read).toEqual(evaluated);
				}
			}),
			{ numRuns: 200, seed: 42 },
		);
	});

	it('takes no name for a field that every object has', () => {
		for (const name of ['constructor', '__proto__', 'prototype']) {
			expect(simpleResolver(`={{ $json.${name} }}`)).toBeUndefined();
			expect(simpleResolver(`={{ $json["${name}"] }}`)).toBeUndefined();
		}
		expect(simpleResolver('={{ $json.hasOwnProperty }}')!({})).toBeUndefined();
	});
});
