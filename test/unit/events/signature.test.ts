import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EventWebhook } from '@sendgrid/eventwebhook';
import * as fc from 'fast-check';
import {
	isVerificationKey,
	SIGNATURE_HEADER,
	TIMESTAMP_HEADER,
	verifySignature,
} from '../../../nodes/SendGrid/events/signature';
import { createSigningKey, signBody, type SigningKey } from '../../../emulator/signing';
import { derSignature, P256_ORDER, readSignature } from './support/der';
import { anyText, PROPERTY } from '../../support/property';

const key = createSigningKey();
const timestamp = '1600112502';
const rawBody = Buffer.from(
	'[{"event":"open","email":"zoë@example.com"},\r\n{"event":"click"}]\r\n',
);
const signature = signBody(key, rawBody, timestamp);

/** What SendGrid's own library says of a key's signatures: what it accepts, we accept. */
function oracleFor(publicKey: string) {
	const webhook = new EventWebhook();
	const parsedKey = webhook.convertPublicKeyToECDSA(publicKey);
	return (body: Buffer, text: string, time: string) =>
		webhook.verifySignature(parsedKey, body, text, time);
}

describe('the specification that ships with @sendgrid/eventwebhook, real signed posts included', () => {
	// Its file runs as it is, with our function where it asks for SendGrid's.
	class OurEventWebhook {
		convertPublicKeyToECDSA = (publicKey: string) => publicKey;

		verifySignature = (publicKey: string, payload: string, text: string, time: string) =>
			verifySignature(Buffer.from(payload), text, time, publicKey);
	}
	const OurHeaders = {
		SIGNATURE: () => 'X-Twilio-Email-Event-Webhook-Signature',
		TIMESTAMP: () => 'X-Twilio-Email-Event-Webhook-Timestamp',
	};
	const spec = readFileSync(
		require.resolve('@sendgrid/eventwebhook/src/eventwebhook.spec.js'),
		'utf8',
	);
	const chaiStyle = (actual: unknown) => ({ to: { equal: expect(actual).toBe } });

	new Function('require', 'describe', 'it', 'expect', spec)(
		() => ({ EventWebhook: OurEventWebhook, EventWebhookHeader: OurHeaders }),
		describe,
		it,
		chaiStyle,
	);

	it('names the same headers, as Node.js spells them', () => {
		expect(SIGNATURE_HEADER).toBe(OurHeaders.SIGNATURE().toLowerCase());
		expect(TIMESTAMP_HEADER).toBe(OurHeaders.TIMESTAMP().toLowerCase());
	});
});

describe('verifySignature accepts', () => {
	it('a signature over the timestamp and the exact bytes of the body', () => {
		expect(verifySignature(rawBody, signature, timestamp, key.publicKey)).toBe(true);
	});

	it('an empty body that is signed', () => {
		const empty = Buffer.alloc(0);
		expect(verifySignature(empty, signBody(key, empty, timestamp), timestamp, key.publicKey)).toBe(
			true,
		);
	});

	it('a signature whose base64 has lost its padding', () => {
		expect(verifySignature(rawBody, signature.replace(/=+$/, ''), timestamp, key.publicKey)).toBe(
			true,
		);
	});

	it("every signature SendGrid's library accepts, with a low and with a high s", () => {
		fc.assert(
			fc.property(
				fc.string({ unit: 'binary', maxLength: 300 }),
				fc.maxSafeNat(),
				(text, seconds) => {
					const ownKey = createSigningKey();
					const body = Buffer.from(text);
					const time = String(seconds);
					const oracleAccepts = oracleFor(ownKey.publicKey);
					const { r, s } = readSignature(signBody(ownKey, body, time));
					for (const spelling of [derSignature(r, s), derSignature(r, P256_ORDER - s)]) {
						expect(oracleAccepts(body, spelling, time)).toBe(true);
						expect(verifySignature(body, spelling, time, ownKey.publicKey)).toBe(true);
					}
				},
			),
			{ ...PROPERTY, numRuns: 10 },
		);
	});

	it('bodies of any bytes, whether or not they are text', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), fc.maxSafeNat(), (bytes, seconds) => {
				const body = Buffer.from(bytes);
				const time = String(seconds);
				expect(verifySignature(body, signBody(key, body, time), time, key.publicKey)).toBe(true);
			}),
			PROPERTY,
		);
	});
});

describe("verifySignature agrees with SendGrid's library on well-formed DER", () => {
	const oracleAccepts = oracleFor(key.publicKey);
	const { r, s } = readSignature(signature);
	const odd = {
		'0': 0n,
		'1': 1n,
		'n - 1': P256_ORDER - 1n,
		n: P256_ORDER,
		'n + 1': P256_ORDER + 1n,
		'2^256 - 1': 2n ** 256n - 1n,
		'2^256': 2n ** 256n,
	};
	const candidates = Object.entries(odd).flatMap(
		([name, value]): Array<[string, bigint, bigint]> => [
			[`r = ${name}`, value, s],
			[`s = ${name}`, r, value],
			[`r = s = ${name}`, value, value],
		],
	);

	it.each([
		['the signature itself', r, s],
		['s = n - s', r, P256_ORDER - s],
		['s = n + s', r, P256_ORDER + s],
		['r = n + r', P256_ORDER + r, s],
		['r = n - r', P256_ORDER - r, s],
		['r and s exchanged', s, r],
		...candidates,
	])('%s', (_name, otherR, otherS) => {
		const text = derSignature(otherR, otherS);
		expect(verifySignature(rawBody, text, timestamp, key.publicKey)).toBe(
			oracleAccepts(rawBody, text, timestamp),
		);
	});
});

describe('verifySignature refuses', () => {
	const isAccepted = (changed: {
		rawBody?: Buffer;
		signature?: string;
		timestamp?: string;
		key?: string | string[];
	}) =>
		verifySignature(
			changed.rawBody ?? rawBody,
			changed.signature ?? signature,
			changed.timestamp ?? timestamp,
			changed.key ?? key.publicKey,
		);

	it('a body with any one bit flipped', () => {
		for (let bit = 0; bit < rawBody.length * 8; bit++) {
			expect(isAccepted({ rawBody: flipBit(rawBody, bit) })).toBe(false);
		}
	});

	it('a signature with any one bit flipped', () => {
		const bytes = Buffer.from(signature, 'base64');
		for (let bit = 0; bit < bytes.length * 8; bit++) {
			expect(isAccepted({ signature: flipBit(bytes, bit).toString('base64') })).toBe(false);
		}
	});

	it('a signature header with any one bit of its text flipped', () => {
		const text = Buffer.from(signature);
		for (let bit = 0; bit < text.length * 8; bit++) {
			expect(isAccepted({ signature: flipBit(text, bit).toString('latin1') })).toBe(false);
		}
	});

	it('a timestamp with any one bit of its text flipped', () => {
		const text = Buffer.from(timestamp);
		for (let bit = 0; bit < text.length * 8; bit++) {
			expect(isAccepted({ timestamp: flipBit(text, bit).toString('latin1') })).toBe(false);
		}
	});

	it('a body that is longer or shorter than what was signed', () => {
		expect(isAccepted({ rawBody: Buffer.concat([rawBody, Buffer.from(' ')]) })).toBe(false);
		expect(isAccepted({ rawBody: rawBody.subarray(0, -2) })).toBe(false);
		expect(isAccepted({ rawBody: Buffer.alloc(0) })).toBe(false);
	});

	it.each([
		['nothing', ''],
		['what is not base64', '!!!! no base64 !!!!'],
		['base64 of something else', Buffer.from('not a signature').toString('base64')],
		['only padding', '=='],
		['half of it', signature.slice(0, 48)],
		['blanks around it', ` ${signature} `],
		['a line break in it', `${signature.slice(0, 40)}\n${signature.slice(40)}`],
		['text that is not base64 in it', `${signature.slice(0, 40)}!${signature.slice(40)}`],
		['a second one behind it', `${signature}, ${signature}`],
		['bytes behind the DER', derWith((der) => Buffer.concat([der, Buffer.from([0])]))],
		['64 plain bytes for r and s', plainSignature()],
		['a length in the long form', derWith((der) => longLength(der))],
		['a megabyte of text', 'A'.repeat(1_000_000)],
	])('as signature: %s', (_name, text) => {
		expect(isAccepted({ signature: text })).toBe(false);
	});

	it('a spelling of the same bytes that is not the canonical one', () => {
		// Bodies are chosen until the DER has a length that leaves unused bits in its last character.
		let body = rawBody;
		let text = signature;
		for (let attempt = 0; !text.endsWith('='); attempt++) {
			body = Buffer.from(`[${attempt}]`);
			text = signBody(key, body, timestamp);
		}
		const last = text.search(/.=+$/);
		const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
		const next = alphabet[alphabet.indexOf(text[last]!) + 1]!;
		const twin = text.slice(0, last) + next + text.slice(last + 1);
		expect(Buffer.from(twin, 'base64')).toEqual(Buffer.from(text, 'base64'));

		expect(verifySignature(body, text, timestamp, key.publicKey)).toBe(true);
		expect(verifySignature(body, twin, timestamp, key.publicKey)).toBe(false);
	});

	it('no key at all', () => {
		expect(isAccepted({ key: [] })).toBe(false);
		expect(isAccepted({ key: '' })).toBe(false);
	});
});

describe('verification keys', () => {
	const others = [createSigningKey().publicKey, createSigningKey().publicKey];
	const isAcceptedWith = (keys: string | string[]) =>
		verifySignature(rawBody, signature, timestamp, keys);
	const pem = pemOf(key);

	it.each([
		['base64 in one line, as SendGrid shows it', key.publicKey],
		['base64 with line breaks', key.publicKey.replace(/.{40}/g, '$&\r\n')],
		['blanks around it', `  ${key.publicKey}\n`],
		['PEM', pem],
		['PEM with Windows line breaks', pem.replace(/\n/g, '\r\n')],
		['PEM in one line', pem.replace(/\n/g, ' ')],
	])('may be %s', (_name, text) => {
		expect(isVerificationKey(text)).toBe(true);
		expect(isAcceptedWith(text)).toBe(true);
	});

	it('may be several, in any order, of which one fits', () => {
		expect(isAcceptedWith([key.publicKey, ...others])).toBe(true);
		expect(isAcceptedWith([...others, key.publicKey])).toBe(true);
		expect(isAcceptedWith(['no key', key.publicKey])).toBe(true);
		expect(isAcceptedWith(others)).toBe(false);
	});

	it.each([
		['RSA', { type: 'rsa', modulusLength: 2048 }],
		['P-384', { type: 'ec', namedCurve: 'secp384r1' }],
		['secp256k1', { type: 'ec', namedCurve: 'secp256k1' }],
		['Ed25519', { type: 'ed25519' }],
	])('must not be of another kind: %s', (_name, { type, ...options }) => {
		const pair = crypto.generateKeyPairSync(type as 'ec', options as never);
		const { publicKey, privateKey } = pair as unknown as crypto.KeyPairKeyObjectResult;
		const text = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
		const digest = type === 'ed25519' ? null : 'sha256';
		const signed = Buffer.concat([Buffer.from(timestamp), rawBody]);
		const own = crypto.sign(digest, signed, privateKey).toString('base64');

		expect(isVerificationKey(text)).toBe(false);
		expect(verifySignature(rawBody, own, timestamp, text)).toBe(false);
	});

	it.each([
		['a private key', key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
		['half a key', key.publicKey.slice(0, 60)],
		['other text', 'SG.not-a-verification-key'],
		['a point beside the curve', `${key.publicKey.slice(0, -8)}AAAAAA==`],
		['nothing', ''],
	])('must not be %s', (_name, text) => {
		expect(isVerificationKey(text)).toBe(false);
		expect(isAcceptedWith(text)).toBe(false);
	});

	// Node.js 20 and 24 abort on some of these, which nothing in the process can catch.
	it('may be anything at all without harm, and only a point on the curve is taken', () => {
		const { status, signal, stdout, stderr } = spawnSync(
			process.execPath,
			['--import', 'tsx', path.join(__dirname, 'importKeys.ts')],
			{ encoding: 'utf8', cwd: path.resolve(__dirname, '../../..') },
		);
		expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
		expect(JSON.parse(stdout)).toEqual({ tried: 20_016, taken: [], isGenuineTaken: true });
	}, 60_000);

	it.each([
		['a point at infinity', 'MBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDAgAA'],
		['much too long', `${key.publicKey}${' '.repeat(2000)}`],
	])('must not be %s', (_name, text) => {
		const createPublicKey = jest.spyOn(crypto, 'createPublicKey');
		expect(isVerificationKey(text)).toBe(false);
		expect(createPublicKey).not.toHaveBeenCalled();
		createPublicKey.mockRestore();
	});

	it('are parsed once, and no more than a thousand are kept', () => {
		const { publicKey } = createSigningKey();
		const createPublicKey = jest.spyOn(crypto, 'createPublicKey');
		const timesParsed = (use: () => void) => {
			createPublicKey.mockClear();
			use();
			return createPublicKey.mock.calls.length;
		};

		expect(timesParsed(() => isVerificationKey(publicKey))).toBe(1);
		expect(timesParsed(() => isVerificationKey(publicKey))).toBe(0);
		for (let count = 0; count < 1000; count++) isVerificationKey(`no key ${count}`);
		expect(timesParsed(() => isVerificationKey(publicKey))).toBe(1);
		createPublicKey.mockRestore();
	});
});

describe('verifySignature never throws', () => {
	const anything = fc.anything({
		withBigInt: true,
		withDate: true,
		withMap: true,
		withSet: true,
		withNullPrototype: true,
		withObjectString: true,
		withSparseArray: true,
		withTypedArray: true,
	});
	const verifyAnything = verifySignature as (...args: unknown[]) => boolean;

	it('whatever it is given', () => {
		fc.assert(
			fc.property(fc.array(anything, { maxLength: 4 }), (args) => {
				expect(verifyAnything(...args)).toBe(false);
			}),
			{ ...PROPERTY, numRuns: 500 },
		);
	});

	it('when one of its arguments is not what it should be', () => {
		const valid = [rawBody, signature, timestamp, key.publicKey];
		expect(verifyAnything(...valid)).toBe(true);
		fc.assert(
			fc.property(fc.nat({ max: 3 }), anything, (position, odd) => {
				expect(verifyAnything(...valid.with(position, odd as never))).toBe(false);
			}),
			{ ...PROPERTY, numRuns: 500 },
		);
	});

	it('over texts of any kind', () => {
		fc.assert(
			fc.property(anyText, anyText, anyText, anyText, (body, text, time, publicKey) => {
				expect(verifySignature(Buffer.from(body), text, time, publicKey)).toBe(false);
				expect(verifySignature(rawBody, signature, time, [publicKey, key.publicKey])).toBe(false);
			}),
			PROPERTY,
		);
	});

	it('over any bytes in place of the signature', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
				const text = Buffer.from(bytes).toString('base64');
				expect(verifySignature(rawBody, text, timestamp, key.publicKey)).toBe(false);
			}),
			PROPERTY,
		);
	});
});

function flipBit(bytes: Buffer, bit: number): Buffer {
	const flipped = Buffer.from(bytes);
	flipped[bit >> 3]! ^= 1 << (bit & 7);
	return flipped;
}

function derWith(change: (der: Buffer) => Buffer): string {
	return change(Buffer.from(signature, 'base64')).toString('base64');
}

/** The outer length in two bytes where one is enough: BER, but not DER. */
function longLength(der: Buffer): Buffer {
	return Buffer.concat([Buffer.from([0x30, 0x81, der[1]!]), der.subarray(2)]);
}

/** IEEE P1363, the form of JSON Web Signatures. */
function plainSignature(): string {
	const signed = Buffer.concat([Buffer.from(timestamp), rawBody]);
	return crypto
		.sign('sha256', signed, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
		.toString('base64');
}

function pemOf({ publicKey }: SigningKey): string {
	const der = Buffer.from(publicKey, 'base64');
	const keyObject = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
	return keyObject.export({ type: 'spki', format: 'pem' }).toString();
}
