import { createPublicKey, createVerify, type KeyObject } from 'node:crypto';

/** Header with the base64 of the DER-encoded ECDSA signature, as Node.js lower-cases it. */
export const SIGNATURE_HEADER = 'x-twilio-email-event-webhook-signature';

/** Header with the Unix time in seconds at which SendGrid signed the post. */
export const TIMESTAMP_HEADER = 'x-twilio-email-event-webhook-timestamp';

/**
 * A P-256 signature in DER is at most 72 bytes, 96 characters of base64. What is longer is refused
 * before anything is computed.
 */
const MAX_SIGNATURE_LENGTH = 128;

/** Parsing a key costs more than verifying with it, so parsed keys are kept. */
const parsedKeys = new Map<string, KeyObject | undefined>();
const MAX_PARSED_KEYS = 1000;

/**
 * Tells whether `signature` is SendGrid's over `timestamp` followed by the exact bytes of
 * `rawBody`: ECDSA on P-256 with SHA-256. Cryptography only: how old the timestamp is, is for the
 * caller to judge. Never throws; whatever cannot be verified is `false`.
 *
 * @param rawBody the body as received; parsed and serialized again it does not verify
 * @param signature the signature header: base64 of a DER sequence
 * @param timestamp the timestamp header, as text
 * @param publicKeys one or more verification keys, each base64 DER as SendGrid shows it, or PEM
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export function verifySignature(
	rawBody: Buffer,
	signature: string,
	timestamp: string,
	publicKeys: string | string[],
): boolean {
	const signatureBytes = decodeSignature(signature);
	if (signatureBytes === undefined) return false;
	const keys = Array.isArray(publicKeys) ? publicKeys : [publicKeys];
	return keys.some((key) => verifyWithKey(rawBody, signatureBytes, timestamp, key));
}

/** Whether `key` can be used as a verification key: an EC public key on P-256. */
export function isVerificationKey(key: string): boolean {
	return parseKey(key) !== undefined;
}

function verifyWithKey(rawBody: Buffer, signature: Buffer, timestamp: string, key: string) {
	const publicKey = parseKey(key);
	if (publicKey === undefined) return false;
	try {
		return createVerify('sha256')
			.update(String(timestamp))
			.update(rawBody)
			.verify(publicKey, signature);
	} catch {
		return false;
	}
}

/**
 * Node.js skips characters that are not base64, which would let one signature be written in many
 * ways. Only the canonical spelling is taken; padding may be missing.
 */
function decodeSignature(signature: string): Buffer | undefined {
	if (typeof signature !== 'string' || signature.length > MAX_SIGNATURE_LENGTH) return undefined;
	const bytes = Buffer.from(signature, 'base64');
	const withoutPadding = (text: string) => text.replace(/={1,2}$/, '');
	const isCanonical = withoutPadding(bytes.toString('base64')) === withoutPadding(signature);
	return isCanonical ? bytes : undefined;
}

function parseKey(key: string): KeyObject | undefined {
	if (typeof key !== 'string') return undefined;
	if (!parsedKeys.has(key)) {
		if (parsedKeys.size >= MAX_PARSED_KEYS) parsedKeys.clear();
		parsedKeys.set(key, importKey(key));
	}
	return parsedKeys.get(key);
}

/**
 * What stands before the point in the SPKI form of a P-256 public key: the algorithms' names and the
 * lengths (RFC 5480), then 0x04 for a point that is written out in full.
 */
const SPKI_START = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

/** Length of that start and of the two coordinates. */
const SPKI_LENGTH = SPKI_START.length + 64;

/** In base64 and as PEM, with room for blanks and line breaks. */
const MAX_KEY_TEXT_LENGTH = 1000;

/**
 * Only the one form in which SendGrid gives out keys reaches Node.js: a point at infinity, written
 * in the short form that the same standard allows, ends the whole process there.
 */
function importKey(key: string): KeyObject | undefined {
	if (key.length > MAX_KEY_TEXT_LENGTH) return undefined;
	const base64 = key.replace(/-----(BEGIN|END) PUBLIC KEY-----/g, '').replace(/\s+/g, '');
	const der = Buffer.from(base64, 'base64');
	const isUsualForm =
		der.length === SPKI_LENGTH && der.subarray(0, SPKI_START.length).equals(SPKI_START);
	if (!isUsualForm) return undefined;
	try {
		return createPublicKey({ key: der, format: 'der', type: 'spki' });
	} catch {
		// The point is not on the curve.
		return undefined;
	}
}
