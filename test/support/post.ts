import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../../nodes/SendGrid/events/signature';
import type { Post } from '../../nodes/SendGrid/events/receivePost';
import { createSigningKey, frameEvents, signBody } from '../../emulator/signing';

/** The clock of these tests, in milliseconds and in the seconds of the timestamp header. */
export const NOW = 1_600_112_502_000;
export const TIMESTAMP = NOW / 1000;

/** The key that signs the posts of these tests. */
export const key = createSigningKey();

/**
 * A post that is in order.
 *
 * @param content the events, or the body's exact text
 * @param timestamp when it is signed, in seconds
 */
export function signedPost(
	content: ReadonlyArray<Record<string, unknown>> | string,
	timestamp: number | string = TIMESTAMP,
): Post {
	const rawBody = typeof content === 'string' ? Buffer.from(content) : frameEvents(content);
	const signature = signBody(key, rawBody, String(timestamp));
	return {
		headers: { [SIGNATURE_HEADER]: signature, [TIMESTAMP_HEADER]: String(timestamp) },
		rawBody,
	};
}
