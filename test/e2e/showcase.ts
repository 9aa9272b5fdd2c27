import type { Credential, WorkflowDefinition } from '../../scripts/n8n/N8nClient';
import { EMAIL_TYPE, node, TRIGGER_TYPE, wires, withCredential } from '../../scripts/n8n/workflow';

const TRIGGER = 'SendGrid Email Trigger';

const callCrm = (name: string, path: string, position: [number, number]) =>
	node(
		name,
		'n8n-nodes-base.httpRequest',
		{ method: 'POST', url: `https://crm.example.com/${path}`, options: {} },
		{ typeVersion: 4.2, position },
	);

/** The workflow in the picture of the README: every event type leads to a follow-up of its own. */
export function showcase(credential: Credential): WorkflowDefinition {
	return {
		name: 'Follow up on mail',
		nodes: [
			node(
				TRIGGER,
				TRIGGER_TYPE,
				{ events: ['open', 'click', 'bounce', 'delivered'], output: 'perEvent' },
				{ ...withCredential(credential), position: [0, 208] },
			),
			callCrm('Note the last open', 'opens', [360, -64]),
			node(
				'Wait a day',
				'n8n-nodes-base.wait',
				{ amount: 1, unit: 'days' },
				{ typeVersion: 1.1, position: [360, 112] },
			),
			node(
				'Send the follow-up',
				EMAIL_TYPE,
				{
					from: { mode: 'address', value: 'Ann <ann@example.com>' },
					to: '={{ $json.email }}',
					subject: 'Any questions?',
					text: 'Just answer this mail.',
				},
				{ ...withCredential(credential), position: [600, 112] },
			),
			node(
				'Hard bounce?',
				'n8n-nodes-base.if',
				{
					conditions: {
						options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
						combinator: 'and',
						conditions: [
							{
								id: 'kind',
								leftValue: '={{ $json.bounce.kind }}',
								rightValue: 'hard',
								operator: { type: 'string', operation: 'equals' },
							},
						],
					},
				},
				{ typeVersion: 2.2, position: [360, 288] },
			),
			callCrm('Ask for a new address', 'addresses', [600, 288]),
			callCrm('Note the delivery', 'deliveries', [600, 464]),
		],
		connections: wires(
			[TRIGGER, 'Note the last open', 0],
			[TRIGGER, 'Wait a day', 1],
			['Wait a day', 'Send the follow-up'],
			[TRIGGER, 'Hard bounce?', 2],
			['Hard bounce?', 'Ask for a new address'],
			[TRIGGER, 'Note the delivery', 3],
		),
	};
}
