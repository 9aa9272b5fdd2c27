import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** One SendGrid event as it is posted. */
export type PostedEvent = Record<string, unknown>;

export const SIGNATURE_HEADER = 'X-Twilio-Email-Event-Webhook-Signature';
export const TIMESTAMP_HEADER = 'X-Twilio-Email-Event-Webhook-Timestamp';

/** The key pair of one webhook: what signs, and what SendGrid shows its user. */
export interface SigningKey {
	readonly privateKey: KeyObject;
	/** Base64 of the DER SubjectPublicKeyInfo in one line, as `public_key` in SendGrid's answers. */
	readonly publicKey: string;
}

/** Makes an ECDSA key pair on P-256, SendGrid's curve. */
export function createSigningKey(): SigningKey {
	const { publicKey, privateKey } = generateKeyPairSync('ec', {
		namedCurve: 'prime256v1',
		publicKeyEncoding: { type: 'spki', format: 'der' },
		privateKeyEncoding: { type: 'pkcs8', format: 'der' },
	});
	return {
		privateKey: createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' }),
		publicKey: publicKey.toString('base64'),
	};
}

/**
 * Signs a post as SendGrid does: ECDSA with SHA-256 over the timestamp's text followed by the raw
 * body; the result is base64 of the DER signature.
 *
 * @param timestamp what goes into the timestamp header, Unix seconds as text
 */
export function signBody(key: SigningKey, rawBody: Buffer | string, timestamp: string): string {
	const signed = Buffer.concat([Buffer.from(timestamp), Buffer.from(rawBody)]);
	return sign('sha256', signed, key.privateKey).toString('base64');
}

/**
 * The raw body of a post: one event a line, `,\r\n` between events and `\r\n` after the array.
 * The signature covers exactly these bytes.
 */
export function frameEvents(events: readonly PostedEvent[]): Buffer {
	return Buffer.from(`[${events.map((event) => JSON.stringify(event)).join(',\r\n')}]\r\n`);
}

/**
 * The raw body of a post from the test endpoint: without line breaks, and with `<` and `>` escaped.
 * A receiver that parses the JSON and writes it again gets other bytes than were signed.
 */
export function frameTestEvents(events: readonly PostedEvent[]): Buffer {
	const json = JSON.stringify(events).replace(/</g, '\\u003c').replace(/>/g, '\\u003e');
	return Buffer.from(json);
}
