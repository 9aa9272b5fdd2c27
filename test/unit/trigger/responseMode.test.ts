import {
	resolveWebhookDescriptionField,
	webhookDescriptionIsNativelyResolvable,
	Workflow,
	type INodeTypes,
} from 'n8n-workflow';
import { SendGridEmailTrigger } from '../../../nodes/SendGrid/SendGridEmailTrigger.node';

const trigger = new SendGridEmailTrigger();
const [webhook] = trigger.description.webhooks!;

/** The node as n8n has it in a published workflow: with the defaults filled in. */
function nodeWith(parameters: Record<string, string>) {
	const nodeTypes = {
		getByName: () => trigger,
		getByNameAndVersion: () => trigger,
		getKnownTypes: () => ({}),
	} as INodeTypes;
	const workflow = new Workflow({
		nodes: [
			{ id: '1', name: 'Trigger', type: 'trigger', typeVersion: 2, position: [0, 0], parameters },
		],
		connections: {},
		active: false,
		nodeTypes,
	});
	return workflow.getNode('Trigger')!;
}

// These are the functions by which n8n 2.41 decides.
it.each([
	[{}, 'onReceived'],
	[{ acknowledge: 'onReceived' }, 'onReceived'],
	[{ acknowledge: 'lastNode' }, 'lastNode'],
])('n8n finds out without its sandbox for expressions when to answer: %j', (parameters, value) => {
	expect(resolveWebhookDescriptionField(nodeWith(parameters), webhook!, 'responseMode')).toEqual({
		resolved: true,
		value,
	});
});

it('nothing else in the description of the webhook needs that sandbox', () => {
	expect(webhookDescriptionIsNativelyResolvable(webhook!)).toBe(true);
});

it('an expression for the parameter is left to n8n, in a template with the same outcome', () => {
	const node = nodeWith({ acknowledge: '={{ "lastNode" }}' });
	expect(resolveWebhookDescriptionField(node, webhook!, 'responseMode')).toEqual({
		resolved: false,
	});
	expect(webhook!.responseMode).toBe('={{$parameter["acknowledge"]}}');
});

// For nodes of version 1 n8n evaluates an expression of its own at each post.
it('the version that the editor adds is beyond 1', () => {
	const { version, defaultVersion } = trigger.description;
	expect([version].flat().at(-1)).toBe(2);
	expect(defaultVersion).toBeUndefined();
});
