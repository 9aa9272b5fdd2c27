import { setTimeout as sleep } from 'node:timers/promises';

const MAX_ROUNDS = 20_000;

/** Resolves when it is so. Gives up after some half a minute, so that nothing runs on for ever. */
export async function until(condition: () => boolean): Promise<void> {
	for (let round = 0; !condition(); round++) {
		if (round >= MAX_ROUNDS) throw new Error(`It never became true: ${condition.toString()}`);
		await sleep(1);
	}
}
