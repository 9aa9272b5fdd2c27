/** How long posts go apart after an execution whose end they waited for has failed, in milliseconds. */
const APART_MS = 10 * 60_000;

/**
 * Whether posts may share an execution whose end their senders wait for. One that makes it fail takes
 * the others along: they run again, each alone, and those that follow for a while go alone at once.
 */
export class Sharing {
	private failedAt = -Infinity;

	/** @param now in milliseconds since 1970 */
	isAllowed(now: number): boolean {
		return now - this.failedAt > APART_MS;
	}

	/** @param now in milliseconds since 1970 */
	failed(now: number): void {
		this.failedAt = now;
	}
}
