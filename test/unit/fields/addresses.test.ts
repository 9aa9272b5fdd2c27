import * as fc from 'fast-check';
import {
	addressKey,
	formatAddress,
	parseAddress,
	parseAddresses,
	type Address,
} from '../../../nodes/SendGrid/fields/addresses';
import { InvalidFieldError } from '../../../nodes/SendGrid/fields/invalidFieldError';
import { checkVisible } from '../../../nodes/SendGrid/fields/invisible';

const ANN = { email: 'ann@example.com', name: 'Ann' };
const BOB = { email: 'bob@example.com' };

describe('parseAddresses', () => {
	it.each<[what: string, value: unknown, addresses: Address[]]>([
		['an address', 'bob@example.com', [BOB]],
		['a name and an address', 'Ann <ann@example.com>', [ANN]],
		['an address in angle brackets alone', '<bob@example.com>', [BOB]],
		['several, separated by commas', 'Ann <ann@example.com>, bob@example.com', [ANN, BOB]],
		['several lines', 'Ann <ann@example.com>,\n bob@example.com', [ANN, BOB]],
		['commas too many', ' , bob@example.com,, ', [BOB]],
		[
			'a quoted name with a comma',
			'"Smith, Ann" <ann@example.com>',
			[{ ...ANN, name: 'Smith, Ann' }],
		],
		[
			'a quoted name with quotes inside',
			'"Ann \\"Annie\\" Smith" <ann@example.com>',
			[{ ...ANN, name: 'Ann "Annie" Smith' }],
		],
		[
			'a nickname in quotes inside an unquoted name',
			'Ann "Annie" Smith <ann@example.com>',
			[{ ...ANN, name: 'Ann "Annie" Smith' }],
		],
		['a name with accents', 'Änn Ōno <ann@example.com>', [{ ...ANN, name: 'Änn Ōno' }]],
		['a name with an at sign', 'Ann @ Home <ann@example.com>', [{ ...ANN, name: 'Ann @ Home' }]],
		['an object', ANN, [ANN]],
		['an object whose name is null', { ...BOB, name: null }, [BOB]],
		['a list of texts', ['Ann <ann@example.com>', 'bob@example.com'], [ANN, BOB]],
		['a list of objects', [ANN, BOB], [ANN, BOB]],
		['a list of lists', [['bob@example.com'], [ANN]], [BOB, ANN]],
		['nothing', '', []],
		['an expression without a result', undefined, []],
		['null', null, []],
		[
			'plus, dots and quotes in the address',
			"o'neil.a+b@example.co.uk",
			[{ email: "o'neil.a+b@example.co.uk" }],
		],
		[
			'a domain with accents, as mail servers know it',
			'ann@müller.example',
			[{ email: 'ann@xn--mller-kva.example' }],
		],
		['a family of emoji', 'Ann 👩‍👩‍👧 <ann@example.com>', [{ ...ANN, name: 'Ann 👩‍👩‍👧' }]],
		['a name in Persian', 'می‌خواهم <ann@example.com>', [{ ...ANN, name: 'می‌خواهم' }]],
	])('reads %s', (_, value, addresses) => {
		expect(parseAddresses(value, 'To')).toEqual(addresses);
	});

	it.each([
		['a text without an at sign', 'ann'],
		['no domain', 'ann@'],
		['no local part', '@example.com'],
		['a domain without a dot', 'ann@localhost'],
		['two dots in a row', 'ann..smith@example.com'],
		['a dot at the end of the domain', 'ann@example.com.'],
		['a hyphen at the start of a label', 'ann@-example.com'],
		['a space', 'ann smith@example.com'],
		['two at signs', 'ann@bob@example.com'],
		['a local part of 65 characters', `${'a'.repeat(65)}@example.com`],
		['an address of 255 characters', `a@${'b.'.repeat(125)}com`],
		['a bracket that is not closed', 'Ann <ann@example.com'],
		['text after the bracket', 'Ann <ann@example.com> Smith'],
		['an unquoted comma in the name', 'Smith, Ann <ann@example.com>'],
		['semicolons instead of commas', 'ann@example.com; bob@example.com'],
		['a number', 42],
		['an object without email', { name: 'Ann' }],
		['an object whose name is no text', { email: 'ann@example.com', name: 42 }],
		['one bad entry in a list', ['ann@example.com', 'bob']],
	])('refuses %s, and names the field', (_, value) => {
		expect(() => parseAddresses(value, 'Reply To')).toThrow(InvalidFieldError);
		expect(() => parseAddresses(value, 'Reply To')).toThrow(
			/^Reply To: Enter an address such as ann@example\.com.+ (is not an email address|The value is .+)\./s,
		);
	});

	it('quotes what it refuses', () => {
		expect(() => parseAddresses('ann@example.com, bob@', 'CC')).toThrow('"bob@" is not');
	});

	it.each([
		['a line break', 'Ann\nBcc: x@example.com', 'line break (U+000A)'],
		['a tab', 'Ann\tSmith', 'tab (U+0009)'],
		['a null', 'Ann\u0000', 'invisible character (U+0000)'],
		['a space without width', 'Ann\u200bSmith', 'invisible character (U+200B)'],
		['a joiner between letters', 'Ann\u200dSmith', 'invisible character (U+200D)'],
		['a mark of direction', 'Ann\u200eSmith', 'invisible character (U+200E)'],
		['an override of direction', 'Ann \u202egpj.exe', 'invisible character (U+202E)'],
		['an isolate of direction', 'Ann \u2067x', 'invisible character (U+2067)'],
		['a soft hyphen', 'An\u00adn', 'invisible character (U+00AD)'],
		['half a character', 'Ann \ud800x', 'invisible character (U+D800)'],
	])('refuses %s in a name', (_, name, found) => {
		expect(() => parseAddresses({ email: 'ann@example.com', name }, 'To')).toThrow(
			`To: Remove the ${found} from the name`,
		);
	});

	it.each(['ann\u200b@example.com', 'ann@exam\u00adple.com', '\u202eann@example.com'])(
		'refuses what nobody sees in an address: %j',
		(email) => {
			expect(() => parseAddresses(`Ann <${email}>`, 'CC')).toThrow(
				/^CC: Remove the .+ the address/,
			);
			expect(() => parseAddresses({ email }, 'CC')).toThrow(/^CC: Remove the .+ the address/);
		},
	);

	it.each(['jürgen@example.com', 'アン@example.com', 'ann😀@example.com'])(
		'refuses %s, to which SendGrid would send nothing',
		(email) => {
			expect(() => parseAddresses(email, 'To')).toThrow(/^To: .+SendGrid accepts .+ sends nothing/);
		},
	);
});

describe('parseAddress', () => {
	it('reads one address', () => {
		expect(parseAddress('Ann <ann@example.com>', 'From')).toEqual(ANN);
	});

	it('refuses none', () => {
		expect(() => parseAddress('', 'From')).toThrow(
			'From: Enter an address such as ann@example.com. The value is empty.',
		);
	});

	it('refuses two', () => {
		expect(() => parseAddress([ANN, BOB], 'From')).toThrow(
			/^From: Enter one address only.+There are 2 now\.$/,
		);
	});
});

describe('formatAddress', () => {
	const name = fc
		.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
		.map((text) => text.trim())
		.filter((text) => text !== '' && isVisible(text));
	const address: fc.Arbitrary<Address> = fc.record(
		{ email: fc.emailAddress().filter(isAccepted), name },
		{ requiredKeys: ['email'] },
	);

	it('writes what parseAddresses reads back, whatever the names', () => {
		fc.assert(
			fc.property(fc.array(address, { maxLength: 8 }), (addresses) => {
				const text = addresses.map(formatAddress).join(', ');
				expect(parseAddresses(text, 'To')).toEqual(addresses);
			}),
			{ seed: 1 },
		);
	});

	it('quotes only the names that need it', () => {
		expect(formatAddress(ANN)).toBe('Ann <ann@example.com>');
		expect(formatAddress(BOB)).toBe('bob@example.com');
		expect(formatAddress({ ...ANN, name: 'Smith, "Ann"' })).toBe(
			'"Smith, \\"Ann\\"" <ann@example.com>',
		);
	});

	function isVisible(text: string): boolean {
		try {
			checkVisible(text, 'To', 'name');
			return true;
		} catch {
			return false;
		}
	}

	/** fast-check also makes addresses longer than RFC 5321 allows. */
	function isAccepted(email: string): boolean {
		return email.length <= 254 && email.indexOf('@') <= 64;
	}
});

describe('addressKey', () => {
	it('takes upper and lower case for the same mailbox', () => {
		expect(addressKey({ email: 'Ann@Example.com' })).toBe(addressKey(ANN));
	});
});
