import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { EventWebhook } from '@sendgrid/eventwebhook';
import * as fc from 'fast-check';
import { createSigningKey, frameEvents, frameTestEvents, signBody } from '..';
import type { PostedEvent } from '..';

/** What SendGrid's own library says of a post. */
function oracleAccepts(
	publicKey: string,
	rawBody: Buffer | string,
	signature: string,
	timestamp: string,
): boolean {
	const oracle = new EventWebhook();
	const key = oracle.convertPublicKeyToECDSA(publicKey);
	return oracle.verifySignature(key, rawBody, signature, timestamp);
}

const TIMESTAMP = '1600112502';
const EVENTS = [
	{ event: 'open', email: 'ann@example.com', category: 'Grüße <3' },
	{ event: 'click', email: 'bob@example.com', url: 'https://example.com/?a=1&b=2' },
];

describe('the key of a webhook', () => {
	it('is base64 of a DER key on P-256 in one line, as SendGrid shows it', () => {
		const { publicKey } = createSigningKey();
		expect(publicKey).toMatch(/^MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{86}==$/);
	});

	it('is another one each time', () => {
		expect(createSigningKey().publicKey).not.toBe(createSigningKey().publicKey);
	});
});

describe('a signature', () => {
	it("is accepted by SendGrid's own library for several events in one post", () => {
		const key = createSigningKey();
		const rawBody = frameEvents(EVENTS);
		const signature = signBody(key, rawBody, TIMESTAMP);
		expect(oracleAccepts(key.publicKey, rawBody, signature, TIMESTAMP)).toBe(true);
	});

	it("is accepted by SendGrid's own library for a post of the test endpoint", () => {
		const key = createSigningKey();
		const rawBody = frameTestEvents(EVENTS);
		const signature = signBody(key, rawBody, TIMESTAMP);
		expect(oracleAccepts(key.publicKey, rawBody, signature, TIMESTAMP)).toBe(true);
	});

	it('does not fit a body whose JSON was parsed and written again', () => {
		const key = createSigningKey();
		const rawBody = frameEvents(EVENTS);
		const signature = signBody(key, rawBody, TIMESTAMP);
		const rewritten = JSON.stringify(JSON.parse(rawBody.toString()));
		expect(oracleAccepts(key.publicKey, rewritten, signature, TIMESTAMP)).toBe(false);
	});

	it('does not fit another timestamp', () => {
		const key = createSigningKey();
		const rawBody = frameEvents(EVENTS);
		const signature = signBody(key, rawBody, TIMESTAMP);
		expect(oracleAccepts(key.publicKey, rawBody, signature, '1600112503')).toBe(false);
	});

	it('does not fit another key', () => {
		const rawBody = frameEvents(EVENTS);
		const signature = signBody(createSigningKey(), rawBody, TIMESTAMP);
		expect(oracleAccepts(createSigningKey().publicKey, rawBody, signature, TIMESTAMP)).toBe(false);
	});

	it('covers every byte of any body, text or not', () => {
		const key = createSigningKey();
		const publicKey = createPublicKey({
			key: Buffer.from(key.publicKey, 'base64'),
			format: 'der',
			type: 'spki',
		});
		fc.assert(
			fc.property(fc.uint8Array(), fc.nat(), (bytes, seconds) => {
				const body = Buffer.from(bytes);
				const signature = Buffer.from(signBody(key, body, String(seconds)), 'base64');
				const signed = Buffer.concat([Buffer.from(String(seconds)), body]);
				return verify('sha256', signed, publicKey, signature);
			}),
			{ seed: 20_261_120 },
		);
	});
});

describe('the framing of a post', () => {
	it('puts each event on a line of its own and ends the body with a line break', () => {
		expect(frameEvents([{ a: 1 }, { b: 2 }]).toString()).toBe('[{"a":1},\r\n{"b":2}]\r\n');
	});

	it('is JSON that gives the same events back, whatever is in them', () => {
		fc.assert(
			fc.property(
				fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 4 }),
				(events) => {
					const expected = JSON.parse(JSON.stringify(events)) as unknown;
					expect(JSON.parse(frameEvents(events).toString())).toEqual(expected);
					expect(JSON.parse(frameTestEvents(events).toString())).toEqual(expected);
				},
			),
			{ seed: 20_261_120 },
		);
	});
});

describe('the framing of the test endpoint', () => {
	it('has no line breaks, and escapes angle brackets', () => {
		const framed = frameTestEvents([{ 'smtp-id': '<1@x>' }, { b: 2 }]).toString();
		expect(framed).toBe('[{"smtp-id":"\\u003c1@x\\u003e"},{"b":2}]');
	});
});

interface SignedPost {
	publicKey: string;
	payload: string;
	signature: string;
	timestamp: string;
	accepted: boolean;
}

/**
 * The posts in the specification that comes with @sendgrid/eventwebhook: really signed by SendGrid.
 * The file is run with a library that notes what it is asked instead of answering.
 */
function signedPostsOfSendGrid(): SignedPost[] {
	const file = require.resolve('@sendgrid/eventwebhook/src/eventwebhook.spec.js');
	const posts: SignedPost[] = [];
	class NotingEventWebhook {
		convertPublicKeyToECDSA(publicKey: string) {
			return publicKey;
		}
		verifySignature(publicKey: string, payload: string, signature: string, timestamp: string) {
			return { publicKey, payload, signature, timestamp };
		}
	}
	const run = (_: string, body: () => void) => body();
	runInNewContext(readFileSync(file, 'utf8'), {
		describe: run,
		it: run,
		expect: (noted: unknown) => ({
			to: {
				equal: (accepted: unknown) => {
					if (typeof accepted === 'boolean') posts.push({ ...(noted as SignedPost), accepted });
				},
			},
		}),
		require: () => ({
			EventWebhook: NotingEventWebhook,
			EventWebhookHeader: { SIGNATURE: () => '', TIMESTAMP: () => '' },
		}),
	});
	return posts;
}

describe('posts that SendGrid itself signed', () => {
	const accepted = signedPostsOfSendGrid().filter((post) => post.accepted);

	it('are one with a single event and one with several', () => {
		expect(accepted).toHaveLength(2);
	});

	it.each(accepted)('come out of our framing byte for byte: $timestamp', (post) => {
		const events = JSON.parse(post.payload) as PostedEvent[];
		const framed = frameEvents(events);
		expect(framed.toString()).toBe(post.payload);
		expect(oracleAccepts(post.publicKey, framed, post.signature, String(post.timestamp))).toBe(
			true,
		);
	});
});
