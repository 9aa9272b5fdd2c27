import * as fc from 'fast-check';
import { KeyHash } from '../../../nodes/SendGrid/events/keyHash';
import { anyText, PROPERTY } from '../../support/property';

const KEY = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]);

function hashOf(text: string, hash = new KeyHash(KEY)): string {
	hash.take(text);
	const bytes = Buffer.alloc(8);
	bytes.writeUInt32LE(hash.low, 0);
	bytes.writeUInt32LE(hash.high, 4);
	return bytes.toString('hex');
}

// With the key 00 01 02 … and as many bytes 00 01 02 …; from vectors.h of the reference.
it.each([
	[0, '218d1f59b9b83cc8'],
	[2, '064f39ef7c50eb57'],
	[4, 'd5e78a175be52ea1'],
	[6, 'ce3e91358aa2bc25'],
])('hashes %d bytes as the authors of HalfSipHash do', (length, hash) => {
	const bytes = Buffer.from(Array.from({ length }, (_, index) => index));
	expect(hashOf(bytes.toString('latin1'))).toBe(hash);
});

it('depends on every character, lone surrogates and zeros among them', () => {
	const texts = [
		'',
		'\0',
		'\0\0',
		'a',
		'a\0',
		'\0a',
		'ab',
		'ba',
		'\ud800',
		'\ud801',
		'š',
		'a'.repeat(128),
	];
	expect(new Set(texts.map((text) => hashOf(text))).size).toBe(texts.length);
	fc.assert(
		fc.property(anyText, anyText, (one, other) => {
			expect(hashOf(one) === hashOf(other)).toBe(one === other);
		}),
		PROPERTY,
	);
});

it('differs from ledger to ledger', () => {
	expect(hashOf('a', new KeyHash())).not.toBe(hashOf('a', new KeyHash()));
});

it('spreads texts that differ little evenly', () => {
	const hash = new KeyHash(KEY);
	const ofEach = Array.from({ length: 16 }, () => 0);
	for (let index = 0; index < 16_000; index++) {
		hash.take(`delivered-0-${index}`);
		ofEach[hash.low >>> 28]!++;
	}
	// 1000 in each is expected; 6 standard deviations are about 180.
	for (const count of ofEach) expect(Math.abs(count - 1000)).toBeLessThan(180);
});
