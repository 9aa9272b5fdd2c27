/**
 * Works through a list, in its order, on so many entries at a time.
 *
 * @param work must not reject: what goes wrong with one entry is not the others' business
 */
export async function inParallel<T>(
	entries: T[],
	limit: number,
	work: (entry: T) => Promise<void>,
): Promise<void> {
	const queue = entries.values();
	const worker = async () => {
		for (const entry of queue) await work(entry);
	};
	await Promise.all(Array.from({ length: limit }, worker));
}
