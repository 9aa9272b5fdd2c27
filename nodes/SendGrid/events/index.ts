/**
 * What other programs may use of this package without n8n: see "In your own code" in the README.
 * The types of the published package are made from this file.
 */
export { normalizeEvent, type BounceKind, type SendGridEvent } from './normalize';
export type { RawEvent } from './rawEvent';
export { verifySignature } from './signature';
