import { parseQuery } from '../queryLanguage';

const record = {
	email: 'ann@example.com',
	name: "O'Neil",
	orders: 7,
	city: '',
	list_ids: ['a', 'b'],
	unique_args: { key: 'value' },
	last_event_time: '2026-01-15T10:00:00Z',
};
const fields = new Set([...Object.keys(record), 'plan']);
const fits = (query: string) => parseQuery(query, fields)(record);

describe('a query', () => {
	it.each([
		'email = "ann@example.com"',
		"email='ann@example.com'",
		"name = 'O\\'Neil'",
		'email != "bob@example.com"',
		'orders >= 7 AND orders < 8',
		'orders > 10 or orders <= 7',
		'NOT orders = 8',
		'NOT (orders = 7 AND email = "bob@example.com")',
		'orders = 8 OR orders = 7 AND email LIKE "ann%"',
		'email LIKE "%@example.com"',
		'email NOT LIKE "bob%"',
		'email IN ("x", "ann@example.com")',
		'orders NOT IN (1, 2)',
		'orders BETWEEN 7 AND 9 AND email LIKE "ann%"',
		'last_event_time BETWEEN TIMESTAMP "2026-01-15T10:00:00.000Z" AND TIMESTAMP "2026-01-16T00:00:00Z"',
		'CONTAINS(list_ids, "b")',
		'(Contains(list_ids,"a")) AND NOT CONTAINS(list_ids, "c")',
		'plan IS NULL AND city IS NULL AND email IS NOT NULL',
		'lower("ANN@example.com") = email',
		'unique_args["key"] = "value"',
	])('fits: %s', (query) => {
		expect(fits(query)).toBe(true);
	});

	it.each([
		'email = "bob@example.com"',
		'orders > 7',
		'plan = "pro"',
		'plan != "pro"',
		'email LIKE "ann"',
		'email LIKE "a.n%"',
		'CONTAINS(list_ids, "c")',
		'unique_args["other"] = "value"',
	])('does not fit: %s', (query) => {
		expect(fits(query)).toBe(false);
	});

	it.each([
		['shoe = 1', "invalid syntax: 'shoe' is not a known field"],
		['email', 'unexpected end'],
		['email = ', 'unexpected end'],
		['email = "a" email', "near 'email'"],
		['email LIKE', 'unexpected end'],
		['(email = "a"', 'unexpected end'],
		['email ~ "a"', "near '~"],
		['orders BETWEEN 1 OR 2', "near 'OR'"],
		['last_event_time > TIMESTAMP "soon"', "near 'soon'"],
	])('that is wrong says so: %s', (query, message) => {
		expect(() => fits(query)).toThrow(message);
	});

	it('takes %% for a percent sign', () => {
		const percent = parseQuery('name LIKE "100%% %"', new Set(['name']));
		expect(percent({ name: '100% sure' })).toBe(true);
		expect(percent({ name: '1000 sure' })).toBe(false);
	});
});
