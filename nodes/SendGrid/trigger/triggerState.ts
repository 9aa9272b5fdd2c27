import { randomUUID } from 'node:crypto';
import type { IExecuteFunctions, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import { DEFAULT_LEDGER_LIMITS, Ledger } from '../events/ledger';
import { PostLog } from './postLog';
import { DurableLedger } from './durableLedger';
import { PostBatcher } from './postBatcher';
import { Sharing } from './sharing';
import type { FetchedKeys } from './verificationKey';

/**
 * Names this process in what `webhook()` hands to `execute()`. In queue mode the two run in
 * different processes, and what one remembers the other does not know.
 */
export const PROCESS_ID = randomUUID();

/** When this process began to remember, in milliseconds since 1970. */
export const PROCESS_STARTED_AT = Date.now();

/** What this process knows of one trigger node. */
export interface TriggerState {
	ledger: Ledger;
	durableLedger: DurableLedger;
	batcher: PostBatcher;
	sharing: Sharing;
	log: PostLog;
	/** Executions remember by themselves, as they end, what they have handled. */
	endsAreHooked: boolean;
	/** In milliseconds since 1970. */
	lastUsedAt: number;
	fetchedKeys: FetchedKeys;
}

const states = new Map<string, TriggerState>();

/** What a trigger knows is forgotten by then, as are triggers that were deleted, in milliseconds. */
const MAX_IDLE_MS = DEFAULT_LEDGER_LIMITS.maxAgeMs;

/**
 * The state of the trigger node of this context; it outlives executions and republishing. Every
 * trigger has its own, also when several share a SendGrid account, and so has listening for a test
 * event, which works with a webhook of its own.
 *
 * @param now in milliseconds since 1970
 */
export function stateOf(
	context: IWebhookFunctions | IExecuteFunctions | IHookFunctions,
	now: number = Date.now(),
): TriggerState {
	const node = context.getNode();
	const purpose = context.getMode() === 'manual' ? 'test' : 'production';
	const id = [context.getWorkflow().id, node.id, purpose].join(':');
	let state = states.get(id);
	if (state === undefined) {
		forgetIdle(now);
		const { logger } = context;
		state = {
			ledger: new Ledger(),
			durableLedger: new DurableLedger((error) =>
				logger.warn(
					`${node.name}: n8n's database could not be asked about repeated events, so they were let through: ${error.message}`,
				),
			),
			batcher: new PostBatcher(),
			log: new PostLog(node.name),
			sharing: new Sharing(),
			endsAreHooked: false,
			lastUsedAt: now,
			fetchedKeys: { former: [] },
		};
		states.set(id, state);
	}
	state.lastUsedAt = now;
	return state;
}

/** Whoever deletes a trigger, or stops testing one, makes another sooner or later. */
function forgetIdle(now: number): void {
	for (const [id, { lastUsedAt }] of states) {
		if (now - lastUsedAt > MAX_IDLE_MS) states.delete(id);
	}
}
