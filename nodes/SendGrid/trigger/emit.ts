import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { dedupeKey } from '../events/dedupeKey';
import { normalizeEvent } from '../events/normalize';
import { numberOf, textOf, type RawEvent } from '../events/rawEvent';
import { MAX_CLOCK_SKEW_SECONDS } from '../events/receivePost';
import type { DurableStore } from './durableLedger';
import { whenEndedWell } from './executionEnd';
import { eventsOf, unwrapHandover, type Handover } from './handover';
import { PROCESS_ID, PROCESS_STARTED_AT, stateOf, type TriggerState } from './triggerState';

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
	const newEvents = await leaveOutHandled(context, handover, events);
	const pairedItem = { item: 0 };
	const items = newEvents.map(({ key, raw }) => ({ json: normalizeEvent(raw, key), pairedItem }));
	return distribute(context, items as unknown as INodeExecutionData[]);
}

/** The events that no earlier process and no other one has handled. */
async function leaveOutHandled(
	context: IExecuteFunctions,
	{ processId }: Handover,
	events: KeyedEvent[],
): Promise<KeyedEvent[]> {
	// Run by hand or run again, an execution is to show its events although they are known.
	if (context.getMode() !== 'webhook') return events;

	const state = stateOf(context);
	const isSameProcess = processId === PROCESS_ID;
	state.durableLedger.connect(durableStore(context), !isSameProcess);
	const waitsForWorkflow = context.getNodeParameter('acknowledge', 0) === 'lastNode';
	return waitsForWorkflow
		? await leaveOutSettled(context, state, events, isSameProcess)
		: await leaveOutRecorded(context, state, events, isSameProcess);
}

/** "When the Workflow Succeeds": an event counts as handled when its execution has ended well. */
async function leaveOutSettled(
	context: IExecuteFunctions,
	state: TriggerState,
	events: KeyedEvent[],
	isSameProcess: boolean,
): Promise<KeyedEvent[]> {
	// What happened after this process started only this process can have handled.
	const isDoubtful = ({ raw }: KeyedEvent) => !isSameProcess || !happenedSinceStart(raw);
	const settled = await state.durableLedger.findSettled(keysOf(events.filter(isDoubtful)));
	const newEvents = events.filter(({ key }) => !settled.has(key));
	const newKeys = keysOf(newEvents);
	state.endsAreHooked = whenEndedWell(
		context,
		async () => await state.durableLedger.settle(newKeys),
	);
	return newEvents;
}

/** "When Received": an event counts as handled when an execution has started with it. */
async function leaveOutRecorded(
	context: IExecuteFunctions,
	{ durableLedger }: TriggerState,
	events: KeyedEvent[],
	isSameProcess: boolean,
): Promise<KeyedEvent[]> {
	// A worker that takes over from one that was killed finds its own events recorded already.
	const marker = isSameProcess ? [] : [`execution:${context.getExecutionId()}`];
	const recorded = await durableLedger.record([...marker, ...keysOf(events)]);
	const isTakenOver = marker.some((value) => recorded.has(value));
	return isTakenOver ? events : events.filter(({ key }) => !recorded.has(key));
}

function keysOf(events: KeyedEvent[]): string[] {
	return events.map(({ key }) => key);
}

function happenedSinceStart(raw: RawEvent): boolean {
	const seconds = numberOf(raw, 'timestamp');
	return seconds !== undefined && seconds > PROCESS_STARTED_AT / 1000 + MAX_CLOCK_SKEW_SECONDS;
}

/** Takes the functions and not the context, which would keep a whole execution in memory. */
function durableStore({ helpers }: IExecuteFunctions): DurableStore {
	const { checkProcessedAndRecord, removeProcessed, getProcessedDataCount } = helpers;
	return {
		async checkAndRecord(values, maxEntries) {
			const result = await checkProcessedAndRecord(values, 'node', { mode: 'entries', maxEntries });
			return result.processed as string[];
		},
		async remove(values) {
			await removeProcessed(values, 'node', { mode: 'entries' });
		},
		async count() {
			return await getProcessedDataCount('node', { mode: 'entries' });
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
