import type { INodeExecutionData, INodeParameters, INodeTypeDescription } from 'n8n-workflow';
import { EVENT_TYPES } from '../events/eventTypes';

/**
 * The outputs of "One per Event Type", each at its own place for good: n8n wires outputs by number, so
 * a place that could move would connect other events to what is wired already.
 */
const EVENT_OUTPUTS = EVENT_TYPES.map(({ name, label }) => ({ name: name as string, label }));

/**
 * The places of types this package does not know, and of the trigger's reports: behind the event types
 * of the first version. Those that come later stand behind these two.
 */
const OTHER_PLACE = 12;
const PROBLEMS_PLACE = 13;

/** Where the reports come out if all events have one output. */
const PROBLEMS_PLACE_OF_SINGLE = 1;

interface Output {
	type: 'main';
	displayName: string;
}

/**
 * Lists the outputs of the node. An output that is off keeps its place as long as one behind it is
 * on; those behind the last one are left out, which moves nothing.
 *
 * n8n evaluates this in the editor as well, from its source text: it must use nothing but its
 * arguments.
 *
 * @param parameters of the node, resolved
 * @param eventOutputs see `EVENT_OUTPUTS`
 * @param otherPlace see `OTHER_PLACE`
 */
export const configuredOutputs = (
	parameters: INodeParameters,
	eventOutputs: Array<{ name: string; label: string }>,
	otherPlace: number,
): string[] | Output[] => {
	const options = (parameters.options ?? {}) as INodeParameters;
	const reportsProblems = options.reportProblems === true;
	const named = (displayName: string) => ({ type: 'main' as const, displayName });
	if (parameters.output !== 'perEvent' || !Array.isArray(parameters.events)) {
		return reportsProblems ? [named('Events'), named('Problems')] : ['main'];
	}
	const chosen = parameters.events.map(String);
	const known = eventOutputs.map(({ name }) => name);
	const hasOther = options.otherEvents === true || chosen.some((name) => !known.includes(name));
	const ofEvents = eventOutputs.map(({ name, label }) => ({ label, isOn: chosen.includes(name) }));
	const all = [
		...ofEvents.slice(0, otherPlace),
		{ label: 'Other', isOn: hasOther },
		{ label: 'Problems', isOn: reportsProblems },
		...ofEvents.slice(otherPlace),
	];
	const count = all.map(({ isOn }) => isOn).lastIndexOf(true) + 1;
	return all
		.slice(0, Math.max(count, 1))
		.map(({ label, isOn }) => named(isOn ? label : `${label} (off)`));
};

/** The `outputs` of the node's description. */
export const OUTPUTS_EXPRESSION =
	`={{(${configuredOutputs.toString()})($parameter, ${JSON.stringify(EVENT_OUTPUTS)}, ${OTHER_PLACE})}}` as unknown as INodeTypeDescription['outputs'];

/**
 * Puts items on the outputs that the editor shows.
 *
 * @param parameters of the node, resolved
 * @param events items with SendGrid's name of the event type in `event`
 * @param problems items that report what went wrong
 */
export function distribute(
	parameters: INodeParameters,
	events: INodeExecutionData[],
	problems: INodeExecutionData[],
): INodeExecutionData[][] {
	const shown = configuredOutputs(parameters, EVENT_OUTPUTS, OTHER_PLACE);
	const outputs: INodeExecutionData[][] = shown.map(() => []);
	// As in the editor: text from an expression gives one output.
	const isPerEvent = parameters.output === 'perEvent' && Array.isArray(parameters.events);
	for (const item of events) {
		const place = isPerEvent ? placeOf(item.json.event) : 0;
		// Without an output of its own: run again after the workflow was changed.
		outputs[place]?.push(item);
	}
	outputs[isPerEvent ? PROBLEMS_PLACE : PROBLEMS_PLACE_OF_SINGLE]?.push(...problems);
	return outputs;
}

function placeOf(event: unknown): number {
	const place = EVENT_OUTPUTS.findIndex(({ name }) => name === event);
	if (place < 0) return OTHER_PLACE;
	return place < OTHER_PLACE ? place : place + PROBLEMS_PLACE - OTHER_PLACE + 1;
}
