import fc from 'fast-check';
import { nextAttempt, type AttemptOutcome } from '../../../nodes/SendGrid/api/retry';

const NOW = Date.UTC(2026, 10, 20, 10, 0, 0);
const inSeconds = (seconds: number) => String(NOW / 1000 + seconds);

/** What happens after the first attempt of a call that may be repeated. */
function next(
	outcome: AttemptOutcome,
	{ attempts = 1, waited = 0, repeatAfterServerError = true, patience = 120_000 } = {},
): number | undefined {
	return nextAttempt(outcome, { attempts, waited }, { repeatAfterServerError, patience }, NOW);
}

const answer = (statusCode: number, headers: Record<string, string> = {}) => ({
	statusCode,
	headers,
});

describe('after a 429', () => {
	const limited = (seconds: number) => answer(429, { 'x-ratelimit-reset': inSeconds(seconds) });

	it('waits until the limit is reset', () => {
		expect(next(limited(7))).toBe(7000);
	});

	it('waits also when the call must not be made twice: SendGrid did nothing', () => {
		expect(next(limited(7), { repeatAfterServerError: false })).toBe(7000);
	});

	it('waits a second when the reset is past, because clocks differ', () => {
		expect(next(limited(-30))).toBe(1000);
	});

	it('waits a minute at most', () => {
		expect(next(limited(3600))).toBe(60_000);
	});

	it('waits longer each time when SendGrid does not say until when', () => {
		expect([1, 2, 3].map((attempts) => next(answer(429), { attempts }))).toEqual([
			1000, 2000, 4000,
		]);
	});

	it('gives up rather than wait longer than the caller has patience', () => {
		expect(next(limited(7), { patience: 6999 })).toBeUndefined();
		expect(next(limited(7), { patience: 10_000, waited: 3000 })).toBe(7000);
		expect(next(limited(7), { patience: 10_000, waited: 3001 })).toBeUndefined();
	});
});

describe('after a failure of the server', () => {
	it.each([500, 502, 503, 504])('%i is tried three times', (statusCode) => {
		expect(next(answer(statusCode), { attempts: 1 })).toBe(500);
		expect(next(answer(statusCode), { attempts: 2 })).toBe(1000);
		expect(next(answer(statusCode), { attempts: 3 })).toBeUndefined();
	});

	it('does not repeat what could then happen twice', () => {
		expect(next(answer(503), { repeatAfterServerError: false })).toBeUndefined();
	});
});

it.each([301, 400, 401, 403, 404, 413])('takes %i for an answer', (statusCode) => {
	expect(next(answer(statusCode))).toBeUndefined();
});

describe('without an answer', () => {
	it('is tried four times if nothing was sent, also if the call must not be made twice', () => {
		const waits = [1, 2, 3, 4].map((attempts) =>
			next({ code: 'ECONNREFUSED' }, { attempts, repeatAfterServerError: false }),
		);
		expect(waits).toEqual([500, 1000, 2000, undefined]);
	});

	it('is tried three times if SendGrid may have acted', () => {
		const waits = [1, 2, 3].map((attempts) => next({ code: 'ECONNRESET' }, { attempts }));
		expect(waits).toEqual([500, 1000, undefined]);
	});
});

it('ends, and never waits longer than the caller has patience', () => {
	const outcome = fc.oneof(
		fc.record({
			statusCode: fc.integer({ min: 300, max: 599 }),
			headers: fc.record(
				{ 'x-ratelimit-reset': fc.oneof(fc.string(), fc.integer().map(String)) },
				{ requiredKeys: [] },
			),
		}),
		fc.record({ code: fc.constantFrom('ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', undefined) }),
	);
	fc.assert(
		fc.property(
			fc.array(outcome, { minLength: 20, maxLength: 20 }),
			fc.boolean(),
			fc.nat(300_000),
			(outcomes, repeatAfterServerError, patience) => {
				let waited = 0;
				let attempts = 1;
				for (const happened of outcomes) {
					const wait = next(happened as AttemptOutcome, {
						attempts,
						waited,
						repeatAfterServerError,
						patience,
					});
					if (wait === undefined) break;
					expect(wait).toBeGreaterThan(0);
					waited += wait;
					attempts++;
				}
				expect(attempts).toBeLessThanOrEqual(6);
				expect(waited).toBeLessThanOrEqual(patience);
			},
		),
		{ seed: 20261120 },
	);
});
