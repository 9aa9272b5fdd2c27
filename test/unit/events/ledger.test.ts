import * as fc from 'fast-check';
import { DEFAULT_LEDGER_LIMITS, Ledger } from '../../../nodes/SendGrid/events/ledger';
import { PROPERTY } from '../../support/property';
import { ReferenceLedger } from './support/referenceLedger';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Claims and settles keys, as a post does whose events were handled at once. */
function remember(ledger: Ledger, keys: string[], now: number): void {
	for (const key of keys) ledger.claim(key, now);
	ledger.settle(keys, now);
}

const numbered = (count: number, from = 0) =>
	Array.from({ length: count }, (_, index) => `key-${from + index}`);

describe('a key', () => {
	it('is new when it is claimed for the first time, then in flight', () => {
		const ledger = new Ledger();
		expect(ledger.claim('a', 0)).toBe('new');
		expect(ledger.claim('a', 0)).toBe('inFlight');
		expect(ledger.claim('b', 0)).toBe('new');
	});

	it('is done once it is settled', () => {
		const ledger = new Ledger();
		ledger.claim('a', 0);
		ledger.claim('b', 0);
		ledger.settle(['a'], 1);
		expect(ledger.claim('a', 2)).toBe('done');
		expect(ledger.claim('b', 2)).toBe('inFlight');
	});

	it('is new again once it is released', () => {
		const ledger = new Ledger();
		ledger.claim('a', 0);
		ledger.claim('b', 0);
		ledger.release(['a']);
		expect(ledger.claim('a', 1)).toBe('new');
		expect(ledger.claim('b', 1)).toBe('inFlight');
	});

	it('stays done when it is released afterwards', () => {
		const ledger = new Ledger();
		remember(ledger, ['a'], 0);
		ledger.release(['a']);
		expect(ledger.claim('a', 1)).toBe('done');
	});

	it.each(['__proto__', 'constructor', ''])('may be %j', (key) => {
		const ledger = new Ledger();
		expect(ledger.claim(key, 0)).toBe('new');
		ledger.settle([key], 0);
		expect(ledger.claim(key, 0)).toBe('done');
	});
});

describe('in flight', () => {
	const limits = { ...DEFAULT_LEDGER_LIMITS, maxInFlightMs: HOUR };

	it('a key counts as new again after the limit, as whoever claimed it must have failed', () => {
		const ledger = new Ledger(limits);
		ledger.claim('a', 0);
		expect(ledger.claim('a', HOUR - 1)).toBe('inFlight');
		expect(ledger.claim('a', HOUR)).toBe('new');
		expect(ledger.claim('a', 2 * HOUR - 1)).toBe('inFlight');
	});

	it('a key counts as new again at the limit, whenever the others were claimed', () => {
		const ledger = new Ledger(limits);
		ledger.claim('earlier', 0);
		ledger.claim('a', HOUR / 2);
		ledger.claim('later', HOUR);
		expect(ledger.claim('a', 1.5 * HOUR - 1)).toBe('inFlight');
		expect(ledger.claim('a', 1.5 * HOUR)).toBe('new');
	});

	it('a key can be settled after the limit', () => {
		const ledger = new Ledger(limits);
		ledger.claim('a', 0);
		ledger.settle(['a'], 2 * HOUR);
		expect(ledger.claim('a', 2 * HOUR)).toBe('done');
	});

	it('a key may have a limit of its own, shorter or longer', () => {
		const ledger = new Ledger();
		ledger.claim('short', 0, { maxInFlightMs: MINUTE });
		ledger.claim('long', 0, { maxInFlightMs: 3 * HOUR });
		expect(ledger.claim('short', MINUTE - 1)).toBe('inFlight');
		expect(ledger.claim('short', MINUTE)).toBe('new');
		expect(ledger.claim('long', 3 * HOUR - 1)).toBe('inFlight');
		expect(ledger.claim('long', 3 * HOUR)).toBe('new');
	});

	it('keys that nobody settles or releases do not stay in memory', () => {
		const ledger = new Ledger(limits);
		for (const key of numbered(100)) ledger.claim(key, MINUTE);
		ledger.claim('later', HOUR);
		expect(ledger.size).toBe(101);
		ledger.claim('much later', 3 * HOUR);
		expect(ledger.size).toBe(1);
	});

	it('a sweep leaves the keys that are within the limit', () => {
		const ledger = new Ledger(limits);
		ledger.claim('first', 0);
		ledger.claim('second', MINUTE);
		ledger.claim('third', HOUR);
		expect(ledger.size).toBe(2);
		expect(ledger.claim('second', HOUR)).toBe('inFlight');
	});
});

it('counts the keys it holds, in flight and settled, of either generation', () => {
	const ledger = new Ledger({ ...DEFAULT_LEDGER_LIMITS, maxKeys: 10 });
	remember(ledger, numbered(17), 0);
	expect(ledger.size).toBe(17);
	ledger.claim('in flight', 0);
	expect(ledger.size).toBe(18);
});

describe('the limits', () => {
	it('are by default a million keys, 72 hours, and one hour in flight', () => {
		expect(DEFAULT_LEDGER_LIMITS).toEqual({
			maxKeys: 1_000_000,
			maxAgeMs: 72 * HOUR,
			maxInFlightMs: HOUR,
		});
	});

	describe('of count', () => {
		const limits = { ...DEFAULT_LEDGER_LIMITS, maxKeys: 10 };

		it('keep that many keys at least', () => {
			for (let count = 10; count < 40; count++) {
				const ledger = new Ledger(limits);
				remember(ledger, numbered(count), 0);
				for (const key of numbered(10, count - 10)) expect(ledger.claim(key, 0)).toBe('done');
			}
		});

		it('forget whatever is older than twice that many keys', () => {
			const ledger = new Ledger(limits);
			remember(ledger, numbered(1000), 0);
			for (const key of numbered(980)) expect(ledger.claim(key, 0)).toBe('new');
		});

		it('hold at every moment', () => {
			const ledger = new Ledger(limits);
			for (const key of numbered(1000)) {
				remember(ledger, [key], 0);
				expect(ledger.size).toBeLessThanOrEqual(20);
			}
		});
	});

	describe('of age', () => {
		const limits = { ...DEFAULT_LEDGER_LIMITS, maxAgeMs: 10 * HOUR };

		it('keep a key for the time at least', () => {
			for (let settledAt = 0; settledAt < 40 * HOUR; settledAt += HOUR / 2) {
				const ledger = new Ledger(limits);
				remember(ledger, ['first'], 0);
				remember(ledger, ['a'], settledAt);
				expect(ledger.claim('a', settledAt + 10 * HOUR - 1)).toBe('done');
			}
		});

		it('forget a key after twice the time', () => {
			const ledger = new Ledger(limits);
			remember(ledger, ['a'], 0);
			expect(ledger.claim('a', 20 * HOUR - 1)).toBe('done');
			expect(ledger.claim('a', 20 * HOUR)).toBe('new');
		});

		it('forget it then, however long nothing was posted in between', () => {
			for (let quiet = 0; quiet < 20 * HOUR; quiet += HOUR / 2) {
				const ledger = new Ledger(limits);
				remember(ledger, ['a'], 0);
				remember(ledger, ['b'], quiet);
				expect(ledger.claim('a', 20 * HOUR)).toBe('new');
			}
		});

		it('leave nothing behind after a long pause', () => {
			const ledger = new Ledger(limits);
			remember(ledger, ['a'], 0);
			remember(ledger, ['b'], 16 * HOUR);
			ledger.claim('c', 1000 * HOUR);
			ledger.release(['c']);
			expect(ledger.size).toBe(0);
		});
	});
});

describe('what is forgotten', () => {
	const limits = { maxKeys: 2, maxAgeMs: 10 * HOUR, maxInFlightMs: HOUR };

	/** Remembers one event of a post that was signed at that time. */
	function receive(ledger: Ledger, key: string, signedAt: number, now: number): void {
		ledger.claim(key, now, { signedAt });
		ledger.settle([key], now);
	}

	it('is nothing at first', () => {
		const ledger = new Ledger(limits);
		receive(ledger, 'a', 1, 1);
		expect(ledger.forgottenUntil(1)).toBe(-Infinity);
	});

	it('is known by when the youngest of the forgotten posts was signed', () => {
		const ledger = new Ledger(limits);
		for (const [key, signedAt] of Object.entries({ a: 3, b: 1, c: 5, d: 5 })) {
			receive(ledger, key, signedAt, 6);
		}
		expect(ledger.forgottenUntil(7)).toBe(3);
		expect(ledger.claim('b', 7)).toBe('new');
		expect(ledger.claim('c', 7)).toBe('done');
	});

	it('counts as soon as its time is over, also when nothing was posted since', () => {
		const ledger = new Ledger(limits);
		receive(ledger, 'a', 1, 2);
		expect(ledger.forgottenUntil(2 + 20 * HOUR - 1)).toBe(-Infinity);
		expect(ledger.forgottenUntil(2 + 20 * HOUR)).toBe(1);
	});
});

it('behaves like a ledger that keeps everything, within the limits it promises', () => {
	const limits = { maxKeys: 8, maxAgeMs: 100, maxInFlightMs: 30 };
	const key = fc.integer({ min: 0, max: 19 }).map((number) => `key-${number}`);
	const step = fc.record({
		action: fc.constantFrom('claim', 'claim', 'settle', 'release'),
		keys: fc.array(key, { minLength: 1, maxLength: 4 }),
		age: fc.integer({ min: 0, max: 200 }),
		pause: fc.oneof(
			fc.constant(0),
			fc.integer({ min: 0, max: 12 }),
			fc.integer({ min: 0, max: 250 }),
		),
	});

	fc.assert(
		fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
			const ledger = new Ledger(limits);
			const reference = new ReferenceLedger(limits);
			/** When the post was signed that claimed a key last, and the one whose key was settled. */
			const claims = new Map<string, number>();
			const signedAt = new Map<string, number>();
			let now = 0;
			for (const { action, keys, age, pause } of steps) {
				now += pause;
				if (action === 'settle') {
					ledger.settle(keys, now);
					reference.settle(keys, now);
					for (const key of keys) signedAt.set(key, claims.get(key) ?? -Infinity);
				} else if (action === 'release') {
					ledger.release(keys);
					reference.release(keys);
				} else {
					for (const claimed of keys) {
						const allowed = reference.allowedStates(claimed, now);
						const forgottenUntil = ledger.forgottenUntil(now);
						const signed = now - age;
						const state = ledger.claim(claimed, now, { signedAt: signed });
						expect(allowed).toContain(state);
						if (state !== 'new') continue;
						// The post that brought it before would be refused.
						expect(signedAt.get(claimed) ?? -Infinity).toBeLessThanOrEqual(forgottenUntil);
						expect(forgottenUntil).toBeLessThanOrEqual(reference.latestForgotten(now));
						reference.claimed(claimed, now, signed);
						claims.set(claimed, signed);
					}
				}
				expect(ledger.size).toBeLessThanOrEqual(2 * limits.maxKeys + reference.inFlightCount);
			}
		}),
		{ ...PROPERTY, numRuns: 500 },
	);
});
