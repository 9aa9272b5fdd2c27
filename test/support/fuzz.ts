import * as fc from 'fast-check';
import { dedupeKey } from '../../nodes/SendGrid/events/dedupeKey';
import { Ledger } from '../../nodes/SendGrid/events/ledger';
import { normalizeEvent } from '../../nodes/SendGrid/events/normalize';
import { parsePost } from '../../nodes/SendGrid/events/parse';
import { receivePost } from '../../nodes/SendGrid/events/receivePost';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../../nodes/SendGrid/events/signature';
import { anyObjectJson, anyText } from './property';
import { NOW, signedPost, key } from './post';

export interface FuzzOptions {
	seed: number;
	/** How many inputs are generated in all. */
	inputs: number;
}

const anyJson = fc.oneof(anyObjectJson, fc.json({ maxDepth: 4 }), fc.constant('null'));

/** A body that is an array of anything, as text; sometimes cut off or with a character too many. */
const anyBody = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.array(anyJson, { maxLength: 6 }).map((all) => `[${all.join(',\r\n')}]`),
	},
	{ weight: 1, arbitrary: anyText },
	{ weight: 1, arbitrary: fc.array(anyJson, { maxLength: 3 }).map((all) => `[${all.join()},`) },
	{
		weight: 1,
		arbitrary: fc.nat({ max: 3000 }).map((depth) => `[${'['.repeat(depth)}${']'.repeat(depth)}]`),
	},
);

const anyHeader = fc.oneof(
	anyText,
	fc.base64String({ maxLength: 100 }),
	fc.constantFrom(undefined, '', String(NOW / 1000), '-1', '1e3', '9'.repeat(400)),
	fc.array(anyText, { maxLength: 2 }),
);

/**
 * Puts generated posts through verifying, parsing and normalizing, half of them with any headers and
 * any bytes, half signed so that they get past verifying.
 *
 * @throws with the seed and the smallest input found, if one of them throws or changes an object that
 *   others share
 */
export function fuzz({ seed, inputs }: FuzzOptions): void {
	const options = { seed, numRuns: Math.ceil(inputs / 2), endOnFailure: false };
	const sharedBefore = sharedNames();
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), anyHeader, anyHeader, (bytes, sign, time) => {
			receiveForged(Buffer.from(bytes), { [SIGNATURE_HEADER]: sign, [TIMESTAMP_HEADER]: time });
		}),
		options,
	);
	fc.assert(
		fc.property(anyBody, (body) => receiveGenuine(body)),
		options,
	);
	if (sharedNames() !== sharedBefore) throw new Error("JavaScript's own prototypes were changed");
}

function receiveForged(
	rawBody: Buffer,
	headers: Record<string, string | string[] | undefined>,
): void {
	const outcome = receivePost({ rawBody, headers }, receiveOptions());
	if (outcome.kind !== 'refused') throw new Error('A forged post was accepted');
}

function receiveGenuine(body: string): void {
	const post = signedPost(body);
	const outcome = receivePost(post, receiveOptions());
	const events = parsePost(post.rawBody)?.events ?? [];
	for (const event of events) {
		const item = normalizeEvent(event, dedupeKey(event));
		JSON.stringify(item);
		if (Object.getPrototypeOf(item) !== Object.prototype) throw new Error('A changed prototype');
		if (Object.getPrototypeOf(item.customArgs) !== Object.prototype) {
			throw new Error('A changed prototype of custom args');
		}
	}
	if (outcome.kind === 'refused' && outcome.statusCode !== 400) {
		throw new Error(`A genuine post was refused: ${outcome.reason}`);
	}
}

function receiveOptions() {
	return {
		publicKeys: [key.publicKey],
		maxAgeSeconds: 60,
		wants: () => true,
		ledger: new Ledger(),
		now: NOW,
	};
}

/** The names on the prototypes that every object, list, text and function inherits from. */
function sharedNames(): string {
	const prototypes = [Object.prototype, Array.prototype, String.prototype, Function.prototype];
	return JSON.stringify(prototypes.map((prototype) => Object.getOwnPropertyNames(prototype)));
}
