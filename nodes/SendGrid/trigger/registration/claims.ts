import { sleep } from 'n8n-workflow';

/**
 * What this process knows of a published trigger's URL. Every call of a hook makes a new claim, and
 * work that was put off under an older one is dropped.
 */
export interface Claim {
	/** n8n gives a URL to one workflow at a time. */
	readonly workflowId: string;
	/** Set when an attempt to register failed: n8n calls `delete` then, to clean up. */
	hasFailed?: boolean;
	/** What a failed attempt made and could not remove again. */
	halfMadeId?: string;
}

const claims = new Map<string, Claim>();

export function claimOf(url: string): Claim | undefined {
	return claims.get(url);
}

export function claim(url: string, workflowId: string): Claim {
	const made: Claim = { workflowId };
	claims.set(url, made);
	return made;
}

export function dropClaim(url: string): void {
	claims.delete(url);
}

/**
 * Does work after a while, and again after the next one for as long as it fails, unless a hook is
 * called for the URL before. The work is lost when n8n stops.
 *
 * @param delays milliseconds; the first before the first attempt
 * @param attempt fulfilled when the work is done
 * @param onFailure told of each failure, and how long until the next attempt, if there is one
 */
export async function putOff(
	url: string,
	delays: number[],
	attempt: () => Promise<void>,
	onFailure: (error: Error, nextDelay: number | undefined) => void,
): Promise<void> {
	const made = claims.get(url);
	for (const [index, delay] of delays.entries()) {
		await sleep(delay);
		if (claims.get(url) !== made) return;
		try {
			return await attempt();
		} catch (error) {
			onFailure(error as Error, delays[index + 1]);
		}
	}
}
