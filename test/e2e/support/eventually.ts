import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats an expectation until it holds; what it threw last is thrown after half a minute. */
export async function eventually(expectation: () => void | Promise<void>): Promise<void> {
	const deadline = Date.now() + 30_000;
	for (;;) {
		try {
			return await expectation();
		} catch (error) {
			if (Date.now() > deadline) throw error;
		}
		await sleep(50);
	}
}
