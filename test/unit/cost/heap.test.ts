import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** What measureHeap.ts prints. */
interface Heap {
	bytesPerEvent: Record<'100' | '2500', number>;
	ledgerBytes: Record<'200000' | '2000000' | '4000000', number>;
}

/** In a process of its own, whose heap nobody else uses and in which no garbage is collected. */
function measureHeap(): Heap {
	const output = execFileSync(
		process.execPath,
		[
			...['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512'],
			...['--import', 'tsx', path.join(__dirname, 'measureHeap.ts')],
		],
		{ encoding: 'utf8', cwd: path.resolve(__dirname, '../../..') },
	);
	return JSON.parse(output) as Heap;
}

describe('memory', () => {
	let heap: Heap;
	beforeAll(() => {
		heap = measureHeap();
	}, 60_000);

	test('an event allocates at most 3.5 kilobytes on its way, garbage included', () => {
		expect(heap.bytesPerEvent['100']).toBeLessThan(3500);
	});

	test('an event allocates no more in a large post than in a small one', () => {
		expect(heap.bytesPerEvent['2500']).toBeLessThan(1.3 * heap.bytesPerEvent['100']);
	});

	test('the ledger takes at most 30 MB when it is full, with two million keys', () => {
		expect(heap.ledgerBytes['2000000']).toBeGreaterThan(2_000_000 * 8);
		expect(heap.ledgerBytes['2000000']).toBeLessThan(30_000_000);
	});

	test('the ledger takes no room for keys that have not come yet', () => {
		expect(heap.ledgerBytes['200000']).toBeLessThan(200_000 * 25);
	});

	test('the ledger does not grow any more once it is full', () => {
		expect(heap.ledgerBytes['4000000']).toBeLessThan(1.05 * heap.ledgerBytes['2000000']);
	});
});
