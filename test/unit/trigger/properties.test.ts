import {
	NodeHelpers,
	Workflow,
	type INodeParameters,
	type INodeType,
	type INodeTypeDescription,
	type INodeTypes,
} from 'n8n-workflow';
import { EVENT_TYPES } from '../../../nodes/SendGrid/events/eventTypes';
import {
	DEFAULT_MAX_AGE_MINUTES,
	OUTPUTS_EXPRESSION,
	triggerProperties,
} from '../../../nodes/SendGrid/trigger/properties';

/** The outputs that n8n gives a node with these parameters. */
function outputsWith(parameters: INodeParameters) {
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
	return NodeHelpers.getNodeOutputs(workflow, workflow.getNode('Trigger')!, description);
}

const property = (name: string) => triggerProperties.find((candidate) => candidate.name === name);

describe('the outputs', () => {
	it('are one for all events together', () => {
		expect(outputsWith({ output: 'single', events: ['open', 'click'] })).toEqual(['main']);
		expect(outputsWith({})).toEqual(['main']);
	});

	it('are one per chosen type, in the chosen order, and one for types that are not known', () => {
		expect(outputsWith({ output: 'perEvent', events: ['click', 'spamreport'] })).toEqual([
			{ type: 'main', displayName: 'Click' },
			{ type: 'main', displayName: 'Spam Report' },
			{ type: 'main', displayName: 'Other' },
		]);
	});

	it('name a type that is not in the table as it is', () => {
		expect(outputsWith({ output: 'perEvent', events: ['teleported'] })).toEqual([
			{ type: 'main', displayName: 'teleported' },
			{ type: 'main', displayName: 'Other' },
		]);
	});

	it('follow an expression that lists types, and are one if it does not', () => {
		expect(outputsWith({ output: 'perEvent', events: '={{ ["open"] }}' })).toEqual([
			{ type: 'main', displayName: 'Open' },
			{ type: 'main', displayName: 'Other' },
		]);
		expect(outputsWith({ output: 'perEvent', events: '={{ "open" }}' })).toEqual(['main']);
	});
});

describe('the parameters', () => {
	it('offer every event type, and choose opens, clicks and bounces', () => {
		const events = property('events');
		const values = events?.options?.map((option) => 'value' in option && option.value);
		expect(values).toEqual(EVENT_TYPES.map(({ name }) => name));
		expect(events?.default).toEqual(['open', 'click', 'bounce']);
	});

	it('have a default that is one of the options', () => {
		for (const { name, type, options, default: value } of triggerProperties) {
			if (type !== 'options') continue;
			const values = options?.map((option) => 'value' in option && option.value);
			expect({ name, values }).toEqual({
				name,
				values: expect.arrayContaining([value]) as unknown,
			});
		}
	});

	it('ask for keys in manual setup only', () => {
		expect(property('verificationKeys')?.displayOptions).toEqual({ show: { setup: ['manual'] } });
	});

	it('allow posts to be 24 hours and a half old', () => {
		expect(DEFAULT_MAX_AGE_MINUTES).toBe(1470);
		const options = property('options')?.options ?? [];
		const maxAge = options.find((option) => option.name === 'maxAgeMinutes');
		expect(maxAge).toMatchObject({ default: 1470, typeOptions: { minValue: 1 } });
	});

	it('have no switch that turns verification off', () => {
		expect(JSON.stringify(triggerProperties)).not.toMatch(
			/(skip|disable|ignore|without).{0,20}verif/i,
		);
	});
});
