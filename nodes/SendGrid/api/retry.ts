import { meaningOf, type NetworkFailure } from './networkFailures';

/** How one attempt ended: an answer with a status, or a failure before there was one. */
export type AttemptOutcome =
	{ statusCode: number; headers: Record<string, string> } | NetworkFailure;

/** What has been done for a call so far. */
export interface AttemptHistory {
	/** Attempts made, at least 1. */
	attempts: number;
	/** Milliseconds spent waiting between them. */
	waited: number;
}

export interface RetryLimits {
	/** Whether the call may be made twice without harm. */
	repeatAfterServerError: boolean;
	/** Milliseconds to spend waiting, in all. */
	patience: number;
}

/** SendGrid's rate-limit windows last a minute or less, so a longer wait is a wrong clock. */
const LONGEST_WAIT = 60_000;
/** Attempts, the first one included. */
const MAX_ATTEMPTS = { rateLimited: 6, notSent: 4, uncertain: 3 };

/** Waiting between attempts in all, unless the caller has less patience. */
export const DEFAULT_PATIENCE = 120_000;

/**
 * Decides whether to try a call again, and when.
 *
 * - 429: always; nothing was done. Waits for `X-RateLimit-Reset` (Unix seconds).
 * - No connection: always, as long as it may come about a moment later; nothing was sent.
 * - 5xx, time-out, broken connection: only if a repetition does no harm.
 *
 * @param now Unix milliseconds
 * @returns milliseconds to wait before the next attempt, or `undefined` to give up
 */
export function nextAttempt(
	outcome: AttemptOutcome,
	{ attempts, waited }: AttemptHistory,
	{ repeatAfterServerError, patience }: RetryLimits,
	now: number,
): number | undefined {
	const backoff = 500 * 2 ** (attempts - 1);
	const waitWithin = (maxAttempts: number, wait: number) =>
		attempts < maxAttempts && waited + wait <= patience ? wait : undefined;

	if ('statusCode' in outcome) {
		if (outcome.statusCode === 429) {
			const untilReset = Number(outcome.headers['x-ratelimit-reset']) * 1000 - now;
			const wait = Number.isNaN(untilReset) ? 2 * backoff : Math.max(untilReset, 1000);
			return waitWithin(MAX_ATTEMPTS.rateLimited, Math.min(wait, LONGEST_WAIT));
		}
		if (outcome.statusCode >= 500 && repeatAfterServerError) {
			return waitWithin(MAX_ATTEMPTS.uncertain, backoff);
		}
		return undefined;
	}
	const { passes, mayHaveActed } = meaningOf(outcome);
	if (!passes) return undefined;
	if (!mayHaveActed) return waitWithin(MAX_ATTEMPTS.notSent, backoff);
	return repeatAfterServerError ? waitWithin(MAX_ATTEMPTS.uncertain, backoff) : undefined;
}
