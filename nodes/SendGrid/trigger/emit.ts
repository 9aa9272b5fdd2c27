import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { normalizeEvent, simplifyEvent } from '../events/normalize';
import { numberOf, type RawEvent } from '../events/rawEvent';
import { MAX_CLOCK_SKEW_SECONDS } from '../events/receivePost';
import type { DurableStore } from './durableLedger';
import { whenEndedWell } from './executionEnd';
import { begin, eventsOf, unwrapHandover, type Handover } from './handover';
import { distribute } from './outputs';
import { readEmittingParameters, type EmittingParameters } from './parameters';
import { PROCESS_ID, PROCESS_STARTED_AT, stateOf, type TriggerState } from './triggerState';

interface KeyedEvent {
	/** With one of them known, the event is a repeat. */
	keys: string[];
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
	const parameters = readEmittingParameters(context);
	const rawEvents = begin(handover) ? eventsOf(handover) : [];
	const events = rawEvents.map((raw) => ({ keys: parameters.keysOf(raw), raw }));
	const newEvents = await leaveOutHandled(context, handover, events, parameters);
	const pairedItem = { item: 0 };
	const toItem = (json: object) => ({ json, pairedItem }) as unknown as INodeExecutionData;
	const write = parameters.isSimplified ? simplifyEvent : normalizeEvent;
	const items = newEvents.map(({ keys: [key], raw }) => toItem(write(raw, key)));
	return distribute(parameters.outputs, items, (handover.problems ?? []).map(toItem));
}

/** The events that no earlier process and no other one has handled. */
async function leaveOutHandled(
	context: IExecuteFunctions,
	{ processId }: Handover,
	events: KeyedEvent[],
	{ waitsForWorkflow }: EmittingParameters,
): Promise<KeyedEvent[]> {
	// Run by hand or run again, an execution is to show its events although they are known.
	if (context.getMode() !== 'webhook') return events;

	const state = stateOf(context);
	const isSameProcess = processId === PROCESS_ID;
	state.durableLedger.connect(durableStore(context), !isSameProcess);
	return waitsForWorkflow
		? await leaveOutSettled(context, state, events, isSameProcess)
		: await leaveOutRecorded(context, state, events, isSameProcess);
}

/** "Have SendGrid Send Again": an event counts as handled when its execution has ended well. */
async function leaveOutSettled(
	context: IExecuteFunctions,
	state: TriggerState,
	events: KeyedEvent[],
	isSameProcess: boolean,
): Promise<KeyedEvent[]> {
	// What happened after this process started only this process can have handled.
	const isDoubtful = ({ raw }: KeyedEvent) => !isSameProcess || !happenedSinceStart(raw);
	const settled = await state.durableLedger.findSettled(keysOf(events.filter(isDoubtful)));
	const newEvents = leaveOut(events, settled);
	const newKeys = keysOf(newEvents);
	state.endsAreHooked = whenEndedWell(
		context,
		async () => await state.durableLedger.settle(newKeys),
	);
	return newEvents;
}

/** "Do Nothing": an event counts as handled when an execution has started with it. */
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
	return isTakenOver ? events : leaveOut(events, recorded);
}

function keysOf(events: KeyedEvent[]): string[] {
	return events.flatMap(({ keys }) => keys);
}

function leaveOut(events: KeyedEvent[], known: ReadonlySet<string>): KeyedEvent[] {
	return events.filter(({ keys }) => !keys.some((key) => known.has(key)));
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
