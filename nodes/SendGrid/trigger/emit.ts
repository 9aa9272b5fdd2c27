import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { dedupeKey } from '../events/dedupeKey';
import { normalizeEvent } from '../events/normalize';
import { numberOf, textOf, type RawEvent } from '../events/rawEvent';
import { MAX_CLOCK_SKEW_SECONDS } from '../events/receivePost';
import type { DurableStore } from './durableLedger';
import { eventsOf, unwrapHandover, type Handover } from './handover';
import { PROCESS_ID, PROCESS_STARTED_AT, stateOf, type TriggerState } from './triggerState';

/** How many keys the database row of a trigger holds; n8n reads and writes it as a whole. */
const DURABLE_KEYS = 20_000;

interface KeyedEvent {
	key: string;
	raw: RawEvent;
}

/**
 * Turns what `webhook()` handed over into one item per event, on one output or on the one of its
 * type, after leaving out what n8n's database knows to have been handled before.
 */
export async function emitEvents(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const input = context.getInputData();
	const handover = unwrapHandover(input);
	if (handover === undefined) return [input];

	const events = eventsOf(handover).map((raw) => ({ key: dedupeKey(raw), raw }));
	const state = stateOf(context);
	const handled = await findHandled(context, state, handover, events);
	const pairedItem = { item: 0 };
	const items = events
		.filter(({ key }) => !handled.has(key))
		.map(({ key, raw }) => ({ json: normalizeEvent(raw, key), pairedItem }));
	return distribute(context, items as unknown as INodeExecutionData[]);
}

/** The keys of events that were handled before: by an earlier process or by another one. */
async function findHandled(
	context: IExecuteFunctions,
	{ durableLedger }: TriggerState,
	{ processId, settledKeys = [] }: Handover,
	events: KeyedEvent[],
): Promise<ReadonlySet<string>> {
	// Run by hand or run again, an execution is to show its events although they are known.
	if (context.getMode() !== 'webhook') return new Set();

	const keys = events.map(({ key }) => key);
	const isSameProcess = processId === PROCESS_ID;
	durableLedger.connect(durableStore(context), !isSameProcess);

	if (context.getNodeParameter('acknowledge', 0) === 'lastNode') {
		await durableLedger.settle(settledKeys);
		// What happened after this process started only this process can have handled.
		const doubtful = isSameProcess
			? events.filter(({ raw }) => !happenedSinceStart(raw)).map(({ key }) => key)
			: keys;
		return await durableLedger.findSettled(doubtful);
	}

	if (isSameProcess) return await durableLedger.record(keys);
	// A worker that takes over from one that was killed finds its own events recorded already.
	const executionMarker = `execution:${context.getExecutionId()}`;
	const recorded = await durableLedger.record([executionMarker, ...keys]);
	return recorded.has(executionMarker) ? new Set() : recorded;
}

function happenedSinceStart(raw: RawEvent): boolean {
	const seconds = numberOf(raw, 'timestamp');
	return seconds !== undefined && seconds > PROCESS_STARTED_AT / 1000 + MAX_CLOCK_SKEW_SECONDS;
}

/** Takes the two functions and not the context, which would keep a whole execution in memory. */
function durableStore({ helpers }: IExecuteFunctions): DurableStore {
	const { checkProcessedAndRecord, removeProcessed } = helpers;
	return {
		async checkAndRecord(values, room = 0) {
			const maxEntries = DURABLE_KEYS + room;
			const result = await checkProcessedAndRecord(values, 'node', { mode: 'entries', maxEntries });
			return result.processed as string[];
		},
		async remove(values) {
			await removeProcessed(values, 'node', { mode: 'entries' });
		},
	};
}

function distribute(
	context: IExecuteFunctions,
	items: INodeExecutionData[],
): INodeExecutionData[][] {
	const names = context.getNodeParameter('events', 0);
	// As in the outputs that the editor shows: text from an expression gives one output.
	if (context.getNodeParameter('output', 0) !== 'perEvent' || !Array.isArray(names)) return [items];
	const outputs: INodeExecutionData[][] = [...names, 'other'].map(() => []);
	for (const item of items) {
		const index = names.indexOf(textOf(item.json as RawEvent, 'event') ?? '');
		outputs[index < 0 ? names.length : index]?.push(item);
	}
	return outputs;
}
