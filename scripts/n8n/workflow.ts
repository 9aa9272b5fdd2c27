import { randomUUID } from 'node:crypto';
import type { IConnections, INode } from 'n8n-workflow';
import { name as packageName } from '../../package.json';
import type { Credential, WorkflowDefinition } from './N8nClient';

export const TRIGGER_TYPE = `${packageName}.sendGridEmailTrigger`;
export const EMAIL_TYPE = `${packageName}.sendGridEmail`;
export const CREDENTIAL_TYPE = 'sendGridEventsApi';

/** The name of the trigger in the workflows of `triggerWorkflow`. */
export const TRIGGER = 'SendGrid Email Trigger';

/** A node of a workflow, by what distinguishes it; the rest as the editor sets it. */
export function node(
	name: string,
	type: string,
	parameters: INode['parameters'] = {},
	rest: Partial<INode> = {},
): INode {
	return { id: randomUUID(), name, type, typeVersion: 1, position: [0, 0], parameters, ...rest };
}

/** What a node is given besides its name, type and parameters to use a credential. */
export function withCredential({ id, name, type }: Credential): Pick<INode, 'credentials'> {
	return { credentials: { [type]: { id, name } } };
}

/** Connects nodes by name: from, to, and the number of the output where it is not the first. */
export function wires(...edges: Array<[from: string, to: string, output?: number]>): IConnections {
	const connections: IConnections = {};
	for (const [from, to, output = 0] of edges) {
		const { main } = (connections[from] ??= { main: [] });
		while (main!.length <= output) main!.push([]);
		main![output]!.push({ node: to, type: 'main', index: 0 });
	}
	return connections;
}

/** A workflow of nodes one behind the other, the first output of each wired to the next. */
export function chain(name: string, ...nodes: INode[]): WorkflowDefinition {
	const edges = nodes.slice(1).map((to, index): [string, string] => [nodes[index]!.name, to.name]);
	return { name, nodes, connections: wires(...edges) };
}

/** A workflow that starts with our trigger and hands the items on to `rest`. */
export function triggerWorkflow(
	name: string,
	credential: Credential | undefined,
	parameters: INode['parameters'] = {},
	...rest: INode[]
): WorkflowDefinition {
	const trigger = node(TRIGGER, TRIGGER_TYPE, parameters, {
		webhookId: randomUUID(),
		...(credential && withCredential(credential)),
	});
	return chain(name, trigger, ...(rest.length > 0 ? rest : [node('Done', 'n8n-nodes-base.noOp')]));
}
