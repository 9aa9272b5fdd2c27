import type { IConnections, INode, NodeConnectionType } from 'n8n-workflow';
import type { Credential, N8nClient, Workflow } from '../../../scripts/n8n/N8nClient';
import { EMAIL_TYPE, node, withCredential } from '../../../scripts/n8n/workflow';

const AI = '@n8n/n8n-nodes-langchain';

/** The name of the agent in the workflow. */
export const AGENT = 'Agent';

/** Starts an AI agent of `createAgent`. */
export async function startAgent(...parts: Parameters<typeof createAgent>): Promise<Workflow> {
	const [client] = parts;
	const workflow = await createAgent(...parts);
	await client.runWorkflow(workflow.id, 'Start');
	return workflow;
}

/**
 * Makes an AI agent that may use a tool.
 *
 * @param modelUrl of its language model
 * @param tools each is connected to the next one, the last to the agent
 */
export async function createAgent(
	client: N8nClient,
	modelUrl: string,
	...tools: INode[]
): Promise<Workflow> {
	const model = await client.createCredential('Model', 'openAiApi', { apiKey: 'x', url: modelUrl });
	const wire = (to: string, type: NodeConnectionType): IConnections[string] => ({
		[type]: [[{ node: to, type, index: 0 }]],
	});
	const wiresOfTools = tools.map(({ name }, index) => [
		name,
		wire(tools[index + 1]?.name ?? AGENT, 'ai_tool'),
	]);
	return await client.createWorkflow({
		name: 'Agent',
		nodes: [
			node('Start', 'n8n-nodes-base.manualTrigger'),
			node(
				AGENT,
				`${AI}.agent`,
				{ promptType: 'define', text: 'Do what is to be done' },
				{ typeVersion: 3, position: [220, 0] },
			),
			node(
				'Model',
				`${AI}.lmChatOpenAi`,
				{ model: { __rl: true, mode: 'id', value: 'none' } },
				{ typeVersion: 1.2, position: [140, 300], ...withCredential(model) },
			),
			...tools,
		],
		connections: {
			Start: wire(AGENT, 'main'),
			Model: wire(AGENT, 'ai_languageModel'),
			...(Object.fromEntries(wiresOfTools) as IConnections),
		},
		// As in every workflow that the editor makes.
		settings: { executionOrder: 'v1' },
	});
}

/** Starts an AI agent that may use a calculator if somebody says so by mail. */
export async function startReviewedAgent(
	client: N8nClient,
	sendGrid: Credential,
	modelUrl: string,
): Promise<Workflow> {
	const review = {
		from: 'ann@example.com',
		to: 'delivered@example.com',
		subject: 'May the agent calculate?',
		approvalOptions: { values: { approvalType: 'double' } },
	};
	return await startAgent(
		client,
		modelUrl,
		node('Calculator', `${AI}.toolCalculator`),
		node('Review', `${EMAIL_TYPE}HitlTool`, review, withCredential(sendGrid)),
	);
}
