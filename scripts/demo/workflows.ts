import type { Credential, WorkflowDefinition } from '../n8n/N8nClient';
import { EMAIL_TYPE, node, TRIGGER_TYPE, wires, withCredential } from '../n8n/workflow';
import type { SendGridSide } from './sendGridSide';

export const TRIGGER = 'SendGrid Email Trigger';
export const EMAIL = 'SendGrid Email';
export const BUTTON = 'When you click Execute workflow';

/**
 * The same at every start: if a demo was cut off before it could remove its webhook from SendGrid,
 * the next one finds it by this address and takes it over.
 */
const WEBHOOK_ID = '3f0f3a8e-5f0c-4c39-9a52-6f3f5a0d7c11';

/** Each event type comes out of the trigger on a wire of its own. */
// In the order of the trigger's outputs, so that these are its first four.
const EVENTS = ['open', 'click', 'bounce', 'delivered'];

export const EVENT_OUTPUTS = EVENTS.length;

export function mailEvents(credential: Credential): WorkflowDefinition {
	const nameOf = (event: string) => `On ${event}`;
	return {
		name: 'Mail events',
		nodes: [
			node(
				TRIGGER,
				TRIGGER_TYPE,
				{ events: EVENTS, output: 'perEvent' },
				{ ...withCredential(credential), webhookId: WEBHOOK_ID, position: [0, 240] },
			),
			...EVENTS.map((event, index) =>
				node(nameOf(event), 'n8n-nodes-base.noOp', {}, { position: [320, index * 160] }),
			),
		],
		connections: wires(
			...EVENTS.map((event, index): [string, string, number] => [TRIGGER, nameOf(event), index]),
		),
	};
}

export function sendMail(
	credential: Credential,
	{ from, mails }: Pick<SendGridSide, 'from' | 'mails'>,
): WorkflowDefinition {
	const recipients = mails.map(({ to, name }) => ({ to, name }));
	return {
		name: 'Send mail',
		nodes: [
			node(BUTTON, 'n8n-nodes-base.manualTrigger'),
			node(
				'Recipients',
				'n8n-nodes-base.set',
				{ mode: 'raw', jsonOutput: JSON.stringify({ recipients }, null, 2), options: {} },
				{ typeVersion: 3.4, position: [220, 0] },
			),
			node(
				'One item each',
				'n8n-nodes-base.splitOut',
				{ fieldToSplitOut: 'recipients', options: {} },
				{ position: [440, 0] },
			),
			node(
				EMAIL,
				EMAIL_TYPE,
				{
					resource: 'email',
					operation: 'send',
					from,
					to: '={{ $json.to }}',
					subject: '=Welcome, {{ $json.name }}',
					text: '=Hello {{ $json.name }}, see https://example.com/start',
					html: '=<p>Hello {{ $json.name }}, <a href="https://example.com/start">start here</a>.</p>',
				},
				{ ...withCredential(credential), position: [660, 0] },
			),
		],
		connections: wires(
			[BUTTON, 'Recipients'],
			['Recipients', 'One item each'],
			['One item each', EMAIL],
		),
	};
}
