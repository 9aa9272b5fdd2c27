import type { INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { EVENT_TYPES, type EventName } from '../../../events/eventTypes';

/** How a wait ended when nothing came: the first output, the only one that n8n itself leads to. */
export const TIMEOUT = 'timeout';

/**
 * The events that can end a wait, in the order of their outputs. An output must never move, or
 * wires would lead elsewhere: new types go to the end.
 */
export const AWAITABLE_EVENTS = [
	'click',
	'bounce',
	'dropped',
	'open',
	'unsubscribe',
	'group_unsubscribe',
	'spamreport',
	'delivered',
	'deferred',
	'processed',
	'group_resubscribe',
] as const satisfies readonly EventName[];

/** The other kinds of answers, by what is waited for, in the order of their outputs. */
const ANSWERS: Record<string, string[]> = {
	approval: ['approved', 'declined'],
	freeText: ['answered'],
	form: ['answered'],
};

const LABELS: Record<string, string> = {
	[TIMEOUT]: 'Timeout',
	approved: 'Approved',
	declined: 'Declined',
	answered: 'Answered',
	...Object.fromEntries(EVENT_TYPES.map(({ name, label }) => [name, label])),
};

/**
 * Lists the outcomes that have an output, each in its fixed place: up to the last event that is
 * chosen, so that choosing one more, or one less, leaves the wires of all others as they are. n8n
 * evaluates it in the editor as well, from its source text: it must use nothing but its arguments.
 *
 * @returns `undefined` where all outcomes share one output
 */
const outcomesOf = (
	parameters: INodeParameters,
	awaitable: readonly string[],
	answers: Record<string, string[]>,
): Array<{ outcome: string; isPossible: boolean }> | undefined => {
	if (parameters.operation !== 'sendAndWait' || parameters.output !== 'perOutcome') {
		return undefined;
	}
	const { responseType, waitFor } = parameters;
	const ofAnswer = answers[String(responseType)];
	const chosen = ofAnswer ?? (waitFor as string[]);
	const all = ofAnswer ?? awaitable;
	const last = Math.max(...chosen.map((name) => all.indexOf(name)));
	return ['timeout', ...all.slice(0, last + 1)].map((outcome) => ({
		outcome,
		isPossible: outcome === 'timeout' || chosen.includes(outcome),
	}));
};

const outputsOf = (outcomes: ReturnType<typeof outcomesOf>, labels: Record<string, string>) =>
	outcomes?.map(({ outcome, isPossible }) => ({
		type: 'main',
		displayName: isPossible ? labels[outcome] : `(${labels[outcome]})`,
	})) ?? ['main'];

/** The `outputs` of the node's description: one, or one per outcome of Send and Wait. */
export const OUTPUTS_EXPRESSION = `={{(${outputsOf.toString()})((${outcomesOf.toString()})($parameter, ${JSON.stringify(AWAITABLE_EVENTS)}, ${JSON.stringify(ANSWERS)}), ${JSON.stringify(LABELS)})}}`;

/** Whether each outcome has an output of its own. */
export function hasOutputPerOutcome(node: INode): boolean {
	return outcomesOfNode(node) !== undefined;
}

/** Puts the items on the outputs of their outcomes, or all on the only one. */
export function distributeOutcomes(
	node: INode,
	items: INodeExecutionData[],
): INodeExecutionData[][] {
	const outcomes = outcomesOfNode(node);
	if (outcomes === undefined) return [items];
	const outputs = outcomes.map((): INodeExecutionData[] => []);
	for (const item of items) {
		const index = outcomes.findIndex(({ outcome }) => outcome === item.json.outcome);
		outputs[Math.max(index, 0)]?.push(item);
	}
	return outputs;
}

function outcomesOfNode({ type, parameters }: INode) {
	// A tool, or the review of one, has the one output to its agent.
	if (type.endsWith('Tool')) return undefined;
	return outcomesOf(parameters, AWAITABLE_EVENTS, ANSWERS);
}
