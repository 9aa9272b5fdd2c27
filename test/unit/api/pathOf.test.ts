import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { pathOf } from '../../../nodes/SendGrid/api/pathOf';

const BASE = '/v3/asm/groups';

describe('the path of a call', () => {
	it('holds ids and addresses as they are, encoded', () => {
		expect(pathOf(BASE, 7, 'suppressions', 'ann+b@example.com')).toBe(
			'/v3/asm/groups/7/suppressions/ann%2Bb%40example.com',
		);
		expect(pathOf(BASE, 'a/../b?c#d')).toBe('/v3/asm/groups/a%2F..%2Fb%3Fc%23d');
	});

	it.each(['', '.', '..'])('does not take "%s" for an id', (id) => {
		expect(() => pathOf(BASE, id)).toThrow(`"${id}" cannot be one`);
	});

	it('has each part at its place, whatever it is', () => {
		fc.assert(
			fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 }), (parts) => {
				fc.pre(parts.every((part) => !/^\.{0,2}$/.test(part) && !/\p{Surrogate}/u.test(part)));
				const { pathname, search, hash } = new URL(pathOf(BASE, ...parts), 'https://example.com');
				expect(pathname.split('/').slice(4).map(decodeURIComponent)).toEqual(parts);
				expect(pathname.startsWith(BASE)).toBe(true);
				expect(search + hash).toBe('');
			}),
			{ seed: 20261120 },
		);
	});

	it('is made here only', () => {
		const root = path.join(__dirname, '../../../nodes');
		const others = readdirSync(root, { recursive: true, encoding: 'utf8' })
			.filter((file) => file.endsWith('.ts'))
			.filter((file) =>
				readFileSync(path.join(root, file), 'utf8').includes('/${encodeURIComponent('),
			);
		expect(others).toEqual([]);
	});
});
