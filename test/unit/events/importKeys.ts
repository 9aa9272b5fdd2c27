/**
 * Imports odd verification keys; run by signature.test.ts in a process of its own, because what Node.js
 * makes of a bad key may end the process. Prints JSON: how many were tried, and which were taken.
 */
import { createECDH } from 'node:crypto';
import * as fc from 'fast-check';
import { isVerificationKey, verifySignature } from '../../../nodes/SendGrid/events/signature';
import { PROPERTY } from '../../support/property';

/** SPKI of P-256 up to the length of the point. */
const ALGORITHM = '301306072a8648ce3d020106082a8648ce3d030107';
const ecdh = createECDH('prime256v1');
ecdh.setPrivateKey(Buffer.alloc(32, 7));
const point = ecdh.getPublicKey();
const [x, y] = [point.subarray(1, 33), point.subarray(33)];

/** A key with these bytes in place of the point, all lengths right. */
function spki(...bytes: Uint8Array[]): Buffer {
	const content = Buffer.concat(bytes);
	const algorithm = Buffer.from(ALGORITHM, 'hex');
	const bitString = Buffer.concat([Buffer.from([0x03, content.length + 1, 0]), content]);
	const length = algorithm.length + bitString.length;
	return Buffer.concat([Buffer.from([0x30, length]), algorithm, bitString]);
}

const zero = Buffer.alloc(32);
const field = Buffer.from(`ffffffff00000001${'0'.repeat(24)}${'f'.repeat(24)}`, 'hex');
const genuine = spki(Buffer.from([4]), x, y);

const POINTS: Record<string, Buffer> = {
	'at infinity': spki(Buffer.from([0])),
	'at infinity, longer': spki(Buffer.from([0]), x, y),
	'all zero': spki(Buffer.from([4]), zero, zero),
	'zero beside x': spki(Buffer.from([4]), x, zero),
	'zero beside y': spki(Buffer.from([4]), zero, y),
	'exchanged coordinates': spki(Buffer.from([4]), y, x),
	'x at the end of the field': spki(Buffer.from([4]), field, y),
	'both at the end of the field': spki(Buffer.from([4]), field, field),
	'compressed, even': spki(Buffer.from([2]), x),
	'compressed, odd': spki(Buffer.from([3]), x),
	'hybrid, even': spki(Buffer.from([6]), x, y),
	'hybrid, odd': spki(Buffer.from([7]), x, y),
	'of no form': spki(Buffer.from([5]), x, y),
	missing: spki(),
	'cut off': genuine.subarray(0, -1),
	'followed by a byte': Buffer.concat([genuine, Buffer.from([0])]),
};

const taken: string[] = [];
let tried = 0;

function tryKey(name: string, key: Buffer | string): void {
	const text = typeof key === 'string' ? key : key.toString('base64');
	tried++;
	const isTaken = isVerificationKey(text);
	verifySignature(Buffer.from('[]'), 'MAYCAQECAQE=', '1', text);
	if (isTaken) taken.push(name);
}

for (const [name, key] of Object.entries(POINTS)) tryKey(name, key);

const anyKey = fc.oneof(
	fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)),
	// The right start, and any point.
	fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => spki(Buffer.from([4]), bytes)),
	// Any point in a form that is right around it.
	fc.uint8Array({ maxLength: 100 }).map((bytes) => spki(bytes)),
	// A genuine key with some bytes exchanged.
	fc
		.array(fc.tuple(fc.nat({ max: genuine.length - 1 }), fc.integer({ min: 1, max: 255 })), {
			minLength: 1,
			maxLength: 3,
		})
		.map((changes) => {
			const changed = Buffer.from(genuine);
			for (const [position, mask] of changes) changed[position]! ^= mask;
			return changed.equals(genuine) ? Buffer.alloc(0) : changed;
		}),
);
fc.assert(
	fc.property(anyKey, (key) => tryKey(key.toString('hex'), key)),
	{ ...PROPERTY, numRuns: 20_000 },
);

console.log(
	JSON.stringify({ tried, taken, isGenuineTaken: isVerificationKey(genuine.toString('base64')) }),
);
