import { Ledger } from '../../nodes/SendGrid/events/ledger';
import { memoryUsed, timeInTurn } from '../support/measure';
import type { Figure, Suite } from './support/report';

const SIZES = [1_000, 10_000, 200_000, 1_000_000];
const KEYS_AT_A_TIME = 1000;
const MEGABYTE = 1_000_000;

let count = 0;

/** The memory that tells repeated events: what a key costs, and how much all of them take. */
export async function ledger(): Promise<Suite> {
	return {
		title: 'Ledger of handled events',
		how:
			'Keys of 56 characters, as the event ids of deliveries have. Claimed and settled a thousand ' +
			'at a time, after as many keys as stated. It remembers 1,000,000 to 2,000,000.',
		figures: [...(await costPerKey()), ...memory()],
	};
}

async function costPerKey(): Promise<Figure[]> {
	const ledgers = SIZES.map((size) => ({ size, ledger: filled(new Ledger(), size) }));
	const set = new Set<string>();
	const times = await timeInTurn({
		...Object.fromEntries(
			ledgers.map(({ size, ledger }) => [size, () => claimAndSettle(ledger, KEYS_AT_A_TIME)]),
		),
		set: () => {
			if (set.size >= 200_000) set.clear();
			for (let i = 0; i < KEYS_AT_A_TIME; i++) {
				const key = nextKey();
				if (!set.has(key)) set.add(key);
			}
		},
	} as Record<string, () => unknown>);
	const nanoseconds = (name: string | number) => (times[name]! / KEYS_AT_A_TIME) * 1e6;
	return SIZES.map((size) => ({
		what: `Claim and settle a new key after ${size.toLocaleString('en')}`,
		ours: nanoseconds(size),
		unit: 'ns',
		rival: { name: 'a bare Set', value: nanoseconds('set') },
		ratio: { value: nanoseconds(size) / nanoseconds('set') },
	}));
}

function memory(): Figure[] {
	const before = memoryUsed();
	const ledger = filled(new Ledger(), 200_000);
	const at200k = memoryUsed() - before;
	filled(ledger, 1_800_000);
	const at2m = memoryUsed() - before;
	filled(ledger, 2_000_000);
	const at4m = memoryUsed() - before;
	return [
		{
			what: 'Memory after 200,000 events',
			ours: at200k / MEGABYTE,
			unit: 'MB',
			bar: { atMost: 30 },
		},
		{
			what: 'Memory after 4,000,000 events',
			ours: at4m / MEGABYTE,
			unit: 'MB',
			bar: { atMost: 30 },
			rival: { name: 'after 2,000,000', value: at2m / MEGABYTE },
			ratio: { value: at4m / at2m, bar: { atMost: 1.05 } },
		},
	];
}

function filled(ledger: Ledger, keys: number): Ledger {
	for (let i = 0; i < keys; i += KEYS_AT_A_TIME) claimAndSettle(ledger, KEYS_AT_A_TIME);
	return ledger;
}

function claimAndSettle(ledger: Ledger, keys: number): void {
	const now = Date.now();
	const claimed: string[] = [];
	for (let i = 0; i < keys; i++) {
		const key = nextKey();
		if (ledger.claim(key, now) === 'new') claimed.push(key);
	}
	ledger.settle(claimed, now);
}

/** Parsed from a buffer, so that it is a string of its own and not a slice of others. */
function nextKey(): string {
	return Buffer.from(
		`delivered-0-19942110-qNwBLgPQQjW6DJvK-${String(++count).padStart(4, '0')}`,
	).toString('base64url');
}
