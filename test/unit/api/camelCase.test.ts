import { inCamelCase } from '../../../nodes/SendGrid/api/camelCase';

it('names fields as nodes do, at every depth, and leaves values alone', () => {
	expect(
		inCamelCase({
			batch_id: 'a_b',
			versions: [{ html_content: null, 'smtp-id': 1, _metadata: { page_2_token: 'x' } }],
			alreadyCamel: true,
		}),
	).toEqual({
		batchId: 'a_b',
		versions: [{ htmlContent: null, 'smtp-id': 1, _metadata: { page2Token: 'x' } }],
		alreadyCamel: true,
	});
});

it.each([[null], ['batch_id'], [7], [[]]])('leaves %p as it is', (value) => {
	expect(inCamelCase(value)).toEqual(value);
});

it.each(['custom_fields', 'unique_args'])(
	'keeps the names that users made inside of %s',
	(name) => {
		const own = { favourite_colour: { dark_red: 1 } };
		expect(Object.values(inCamelCase({ [name]: own }))).toEqual([own]);
	},
);
