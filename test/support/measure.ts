import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Bench } from 'tinybench';

/** How long one contestant is timed in one round, in milliseconds. */
const ROUND_MS = 60;

/**
 * Times short functions in turn, round after round: what slows the machine for a while slows all.
 *
 * @returns milliseconds a call, the median of the rounds' medians, by name
 */
export async function timeInTurn<K extends string>(
	contestants: Record<K, () => unknown>,
	rounds = 9,
): Promise<Record<K, number>> {
	const names = Object.keys(contestants) as K[];
	return await inTurn(names, rounds, async (name) => {
		const bench = new Bench({ time: ROUND_MS, warmupTime: ROUND_MS / 3, warmupIterations: 2 });
		bench.add(name, () => void contestants[name]());
		const [task] = await bench.run();
		if (task?.result.state !== 'completed') throw new Error(`${name} could not be measured`);
		return task.result.latency.p50;
	});
}

/** Measures contestants in turn, `rounds` times, and takes the median of each. */
export async function inTurn<K extends string>(
	names: readonly K[],
	rounds: number,
	measure: (name: K) => number | Promise<number>,
): Promise<Record<K, number>> {
	const results = names.map((name) => ({ name, values: [] as number[] }));
	for (let round = 0; round < rounds; round++) {
		for (const { name, values } of results) values.push(await measure(name));
	}
	return Object.fromEntries(results.map(({ name, values }) => [name, median(values)])) as Record<
		K,
		number
	>;
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that `share` of all values do not exceed: 0.99 gives the 99th percentile. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1]!;
}

const collectGarbage = exposeGc();

/** Bytes on the heap that something still refers to. */
export function heapUsed(): number {
	collectGarbage();
	return process.memoryUsage().heapUsed;
}

/** The same with the bytes of typed arrays and buffers, which lie beside the heap. */
export function memoryUsed(): number {
	// What lies beside the heap is given back by a collection after the one that found it.
	collectGarbage();
	return heapUsed() + process.memoryUsage().arrayBuffers;
}

/** Bytes that `work` puts on the heap, garbage included. */
export function allocatedBy(work: () => unknown): number {
	const before = heapUsed();
	const result = work();
	const after = process.memoryUsage().heapUsed;
	void result;
	return after - before;
}

function exposeGc(): () => void {
	setFlagsFromString('--expose-gc');
	return runInNewContext('gc') as () => void;
}
