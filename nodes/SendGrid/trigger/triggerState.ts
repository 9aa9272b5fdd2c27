import { randomUUID } from 'node:crypto';
import type { IExecuteFunctions, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import { Ledger } from '../events/ledger';
import { PostLog } from './postLog';
import { DurableLedger } from './durableLedger';
import { PostBatcher } from './postBatcher';

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
	log: PostLog;
	/**
	 * Keys settled in a process without database access (a webhook process of queue mode). They
	 * travel in the handovers that follow, so that a worker records them.
	 */
	settledElsewhere: Set<string>;
	/** The last time SendGrid was asked for the webhook's key: when, and what it answered. */
	keyFetch?: { startedAt: number; key: Promise<string | undefined> };
	/** A key that SendGrid gave us after the stored one no longer matched, until that one changes. */
	replacementKey?: { key: string; insteadOf: string | undefined };
}

const states = new Map<string, TriggerState>();

/**
 * The state of the trigger node of this context; it outlives executions and republishing. Every
 * trigger has its own, also when several share a SendGrid account, and so has listening for a test
 * event, which works with a webhook of its own.
 */
export function stateOf(
	context: IWebhookFunctions | IExecuteFunctions | IHookFunctions,
): TriggerState {
	const node = context.getNode();
	const purpose = context.getMode() === 'manual' ? 'test' : 'production';
	const id = [context.getWorkflow().id, node.id, purpose].join(':');
	let state = states.get(id);
	if (state === undefined) {
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
			settledElsewhere: new Set(),
		};
		states.set(id, state);
	}
	return state;
}
