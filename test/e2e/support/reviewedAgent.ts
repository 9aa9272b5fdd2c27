import type { IConnections, NodeConnectionType } from 'n8n-workflow';
import type { Credential, N8nClient, Workflow } from '../../../scripts/n8n/N8nClient';
import { EMAIL_TYPE, node, withCredential } from '../../../scripts/n8n/workflow';

const AI = '@n8n/n8n-nodes-langchain';

/** The name of the agent in the workflow. */
export const AGENT = 'Agent';

/** Starts an AI agent that may use a calculator if somebody says so by mail. */
export async function startReviewedAgent(
	client: N8nClient,
	sendGrid: Credential,
	modelUrl: string,
): Promise<Workflow> {
	const model = await client.createCredential('Model', 'openAiApi', { apiKey: 'x', url: modelUrl });
	const review = {
		from: 'ann@example.com',
		to: 'delivered@example.com',
		subject: 'May the agent calculate?',
		approvalOptions: { values: { approvalType: 'double' } },
	};
	const wire = (to: string, type: NodeConnectionType): IConnections[string] => ({
		[type]: [[{ node: to, type, index: 0 }]],
	});
	const workflow = await client.createWorkflow({
		name: 'Reviewed agent',
		nodes: [
			node('Start', 'n8n-nodes-base.manualTrigger'),
			node(
				AGENT,
				`${AI}.agent`,
				{ promptType: 'define', text: 'What is 6*7?' },
				{ typeVersion: 3 },
			),
			node(
				'Model',
				`${AI}.lmChatOpenAi`,
				{ model: { __rl: true, mode: 'id', value: 'none' } },
				{ typeVersion: 1.2, ...withCredential(model) },
			),
			node('Review', `${EMAIL_TYPE}HitlTool`, review, withCredential(sendGrid)),
			node('Calculator', `${AI}.toolCalculator`),
		],
		connections: {
			Start: wire(AGENT, 'main'),
			Model: wire(AGENT, 'ai_languageModel'),
			Calculator: wire('Review', 'ai_tool'),
			Review: wire(AGENT, 'ai_tool'),
		},
		// As in every workflow that the editor makes.
		settings: { executionOrder: 'v1' },
	});
	await client.runWorkflow(workflow.id, 'Start');
	return workflow;
}
