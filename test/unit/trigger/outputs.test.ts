import * as fc from 'fast-check';
import {
	NodeHelpers,
	Workflow,
	type INodeParameters,
	type INodeType,
	type INodeTypeDescription,
	type INodeTypes,
} from 'n8n-workflow';
import { EVENT_TYPES } from '../../../nodes/SendGrid/events/eventTypes';
import { distribute, OUTPUTS_EXPRESSION } from '../../../nodes/SendGrid/trigger/outputs';
import { triggerProperties } from '../../../nodes/SendGrid/trigger/properties';
import { PROPERTY } from '../../support/property';

/** The outputs that n8n gives a node with these parameters: their names, or `main` for the only one. */
function outputsWith(parameters: INodeParameters): string[] {
	const description = {
		name: 'trigger',
		version: 1,
		defaults: {},
		inputs: [],
		outputs: OUTPUTS_EXPRESSION,
		properties: triggerProperties,
	} as unknown as INodeTypeDescription;
	const nodeType = { description } as INodeType;
	const nodeTypes = {
		getByName: () => nodeType,
		getByNameAndVersion: () => nodeType,
		getKnownTypes: () => ({}),
	} as INodeTypes;
	const workflow = new Workflow({
		nodes: [
			{ id: '1', name: 'Trigger', type: 'trigger', typeVersion: 1, position: [0, 0], parameters },
		],
		connections: {},
		active: false,
		nodeTypes,
	});
	const outputs = NodeHelpers.getNodeOutputs(workflow, workflow.getNode('Trigger')!, description);
	return outputs.map((output) => (typeof output === 'string' ? output : output.displayName!));
}

const perEvent = (events: unknown, options: INodeParameters = {}) =>
	({ output: 'perEvent', events, options }) as INodeParameters;

describe('the outputs', () => {
	it('are one for all events together', () => {
		expect(outputsWith({ output: 'single', events: ['open', 'click'] })).toEqual(['main']);
		expect(outputsWith({})).toEqual(['main']);
	});

	it('are as many as it takes for the chosen types to have their places', () => {
		expect(outputsWith(perEvent(['open', 'click', 'bounce']))).toEqual(['Open', 'Click', 'Bounce']);
		expect(outputsWith(perEvent(['click']))).toEqual(['Open (off)', 'Click']);
		expect(outputsWith(perEvent(['bounce', 'open']))).toEqual(['Open', 'Click (off)', 'Bounce']);
	});

	it('stand in an order that no release may change, as saved workflows are wired by it', () => {
		const all = EVENT_TYPES.map(({ name }) => name);
		expect(outputsWith(perEvent(all, { otherEvents: true, reportProblems: true }))).toEqual([
			'Open',
			'Click',
			'Bounce',
			'Delivered',
			'Dropped',
			'Spam Report',
			'Unsubscribe',
			'Deferred',
			'Group Unsubscribe',
			'Group Resubscribe',
			'Processed',
			'Account Status Change',
			'Other',
			'Problems',
		]);
	});

	it('have one for other types if that is wanted, or if such a type is chosen', () => {
		expect(outputsWith(perEvent(['open'], { otherEvents: true })).at(-1)).toBe('Other');
		expect(outputsWith(perEvent(['open', 'teleported'])).at(-1)).toBe('Other');
		expect(outputsWith(perEvent(['open'], { otherEvents: false }))).toEqual(['Open']);
	});

	it('have one for problems if that is wanted, always at the same place', () => {
		const options = { reportProblems: true };
		expect(outputsWith({ output: 'single', events: ['open'], options })).toEqual([
			'Events',
			'Problems',
		]);
		for (const events of [['open'], ['processed'], []]) {
			expect(outputsWith(perEvent(events, options)).indexOf('Problems')).toBe(13);
		}
	});

	it('follow an expression that lists types, and are one if it does not', () => {
		expect(outputsWith(perEvent('={{ ["open"] }}'))).toEqual(['Open']);
		expect(outputsWith(perEvent('={{ "open" }}'))).toEqual(['main']);
	});

	it('are at least one', () => {
		expect(outputsWith(perEvent([]))).toEqual(['Open (off)']);
	});
});

describe('a wire', () => {
	const names = EVENT_TYPES.map(({ name }) => name);
	const parametersOf = fc.record({
		events: fc.shuffledSubarray(names),
		options: fc.record({ otherEvents: fc.boolean(), reportProblems: fc.boolean() }),
	});

	/** What comes out on each output when one event of each type comes in, and a problem. */
	function whatComesOut(parameters: INodeParameters): string[][] {
		const items = [...names, 'teleported'].map((event) => ({ json: { event } }));
		const problem = { json: { event: 'problem' } };
		return distribute(parameters, items, [problem]).map((output) =>
			output.map(({ json }) => String(json.event)),
		);
	}

	it('keeps its meaning whatever is added, removed or clicked in another order', () => {
		fc.assert(
			fc.property(fc.array(parametersOf, { minLength: 2, maxLength: 6 }), (edits) => {
				/** By number of the output. */
				const meanings = new Map<number, { label: string; events: string[] }>();
				for (const { events, options } of edits) {
					const parameters = perEvent(events, options);
					const labels = outputsWith(parameters);
					const outcome = whatComesOut(parameters);
					expect(outcome).toHaveLength(labels.length);
					for (const [index, shown] of labels.entries()) {
						const meaning = { label: shown.replace(' (off)', ''), events: outcome[index]! };
						expect(meaning).toEqual(meanings.get(index) ?? meaning);
						meanings.set(index, meaning);
					}
				}
			}),
			{ ...PROPERTY, numRuns: 50 },
		);
	});

	it('gets just the events its output is named after', () => {
		fc.assert(
			fc.property(parametersOf, ({ events, options }) => {
				const parameters = perEvent(events, options);
				const labels = outputsWith(parameters);
				const outcome = whatComesOut(parameters);
				for (const { name, label } of EVENT_TYPES) {
					if (!events.includes(name)) continue;
					expect(outcome[labels.indexOf(label)]).toEqual([name]);
				}
				if (options.otherEvents) expect(outcome[labels.indexOf('Other')]).toEqual(['teleported']);
				if (options.reportProblems)
					expect(outcome[labels.indexOf('Problems')]).toEqual(['problem']);
			}),
			{ ...PROPERTY, numRuns: 50 },
		);
	});

	it('at the first output gets all events together, and problems only at the second', () => {
		const all = [...names, 'teleported'];
		expect(whatComesOut({ output: 'single', events: ['open'] })).toEqual([all]);
		const options = { reportProblems: true };
		expect(whatComesOut({ output: 'single', events: ['open'], options })).toEqual([
			all,
			['problem'],
		]);
	});
});
