import type { IWebhookFunctions } from 'n8n-workflow';
import { stateOf } from '../../../nodes/SendGrid/trigger/triggerState';

const HOUR = 60 * 60_000;

/** As much of n8n's context as names a trigger. */
function contextOf(workflowId: string) {
	return {
		getNode: () => ({ id: 'node', name: 'Trigger' }),
		getMode: () => 'webhook',
		getWorkflow: () => ({ id: workflowId }),
	} as unknown as IWebhookFunctions;
}

test('what is known of a trigger lasts as long as its events are remembered', () => {
	const state = stateOf(contextOf('kept'), 0);
	stateOf(contextOf('new 1'), 72 * HOUR);
	expect(stateOf(contextOf('kept'), 72 * HOUR)).toBe(state);
	stateOf(contextOf('new 2'), 140 * HOUR);
	expect(stateOf(contextOf('kept'), 140 * HOUR)).toBe(state);
});

test('what is known of a deleted trigger is forgotten after that', () => {
	const state = stateOf(contextOf('deleted'), 0);
	stateOf(contextOf('new 3'), 72 * HOUR + 1);
	expect(stateOf(contextOf('deleted'), 72 * HOUR + 2)).not.toBe(state);
});
