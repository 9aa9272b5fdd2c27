import type { INode, INodeParameters } from 'n8n-workflow';
import { EVENT_TYPES } from '../../../../../nodes/SendGrid/events/eventTypes';
import {
	AWAITABLE_EVENTS,
	distributeOutcomes,
	OUTPUTS_EXPRESSION,
} from '../../../../../nodes/SendGrid/actions/email/sendAndWait/outcomes';

const waitingFor = (waitFor: string[]): INodeParameters => ({
	operation: 'sendAndWait',
	responseType: 'event',
	output: 'perOutcome',
	waitFor,
});
const approval: INodeParameters = { ...waitingFor([]), responseType: 'approval' };

/** The outputs as the editor shows them: it evaluates the expression with nothing around it. */
function outputsOf(parameters: INodeParameters): string[] {
	const source = OUTPUTS_EXPRESSION.slice('={{'.length, -'}}'.length);
	const evaluate = new Function('$parameter', `return ${source};`) as (
		values: INodeParameters,
	) => Array<string | { type: string; displayName: string }>;
	return evaluate(parameters).map((output) =>
		typeof output === 'string' ? output : output.displayName,
	);
}

function nodeWith(parameters: INodeParameters, type = 'package.sendGridEmail'): INode {
	return { parameters, type } as INode;
}

const itemOf = (outcome: string) => ({ json: { outcome } });

describe('the outputs of SendGrid Email', () => {
	it('are one, unless Send and Wait is to have one per outcome', () => {
		expect(outputsOf({ operation: 'send' })).toEqual(['main']);
		expect(outputsOf({ ...waitingFor(['click']), operation: 'send' })).toEqual(['main']);
		expect(outputsOf({ ...waitingFor(['click']), output: 'single' })).toEqual(['main']);
	});

	it('begin with Timeout, where n8n leads when time is up', () => {
		expect(outputsOf(waitingFor(['click', 'bounce', 'dropped']))).toEqual([
			'Timeout',
			'Click',
			'Bounce',
			'Dropped',
		]);
		expect(outputsOf(approval)).toEqual(['Timeout', 'Approved', 'Declined']);
		expect(outputsOf({ ...approval, responseType: 'freeText' })).toEqual(['Timeout', 'Answered']);
		expect(outputsOf(waitingFor([]))).toEqual(['Timeout']);
	});

	it('keep their places, however the events are chosen', () => {
		expect(outputsOf(waitingFor(['open', 'bounce']))).toEqual([
			'Timeout',
			'(Click)',
			'Bounce',
			'(Dropped)',
			'Open',
		]);
		const all = outputsOf(waitingFor([...AWAITABLE_EVENTS]));
		for (const event of AWAITABLE_EVENTS) {
			const some = outputsOf(waitingFor([event]));
			expect(some.at(-1)).toBe(all[some.length - 1]);
		}
	});

	it('can be written between the braces of an expression', () => {
		expect(OUTPUTS_EXPRESSION.slice(3, -2)).not.toMatch(/\{\{|\}\}/);
	});
});

describe('an item', () => {
	it('comes out where its outcome has its output', () => {
		const node = nodeWith(waitingFor(['click', 'open']));
		expect(distributeOutcomes(node, [itemOf('open'), itemOf('timeout'), itemOf('click')])).toEqual([
			[itemOf('timeout')],
			[itemOf('click')],
			[],
			[],
			[itemOf('open')],
		]);
		expect(distributeOutcomes(nodeWith(approval), [itemOf('declined')])).toEqual([
			[],
			[],
			[itemOf('declined')],
		]);
	});

	it('comes out first if it has no outcome, as one that failed', () => {
		const failed = { json: { error: 'No' } };
		expect(distributeOutcomes(nodeWith(approval), [failed])).toEqual([[failed], [], []]);
	});

	it('comes out on the only output of other operations and of tools', () => {
		const items = [itemOf('click')];
		expect(distributeOutcomes(nodeWith({ operation: 'send' }), items)).toEqual([items]);
		const tool = nodeWith(approval, 'package.sendGridEmailHitlTool');
		expect(distributeOutcomes(tool, items)).toEqual([items]);
	});
});

describe('the events to wait for', () => {
	it('are all that a mail can have', () => {
		const ofMail = EVENT_TYPES.filter(({ group }) => group !== 'account');
		expect([...AWAITABLE_EVENTS].sort()).toEqual(ofMail.map(({ name }) => name).sort());
	});

	it('have these places: workflows are wired to them', () => {
		expect(AWAITABLE_EVENTS).toEqual([
			...['click', 'bounce', 'dropped', 'open', 'unsubscribe', 'group_unsubscribe'],
			...['spamreport', 'delivered', 'deferred', 'processed', 'group_resubscribe'],
		]);
	});
});
