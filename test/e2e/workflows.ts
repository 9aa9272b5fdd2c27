import type { IDataObject, INode } from 'n8n-workflow';
import { randomUUID } from 'node:crypto';
import { name as packageName } from '../../package.json';
import type { Credential, WorkflowDefinition } from './support/N8nClient';

/** The name of the trigger in the workflows made here. */
export const TRIGGER = 'SendGrid Trigger';

/** A node with everything n8n wants to know of it but what matters here. */
export function node(
	name: string,
	type: string,
	parameters: IDataObject = {},
	more: Partial<INode> = {},
): INode {
	return {
		id: randomUUID(),
		name,
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters: parameters as INode['parameters'],
		...more,
	};
}

/** Uses a credential in one of our nodes. */
export function withCredential({ id, name, type }: Credential): Pick<INode, 'credentials'> {
	return { credentials: { [type]: { id, name } } };
}

/** Wires nodes one behind the other, the first output of each to the next. */
export function chain(name: string, ...nodes: INode[]): WorkflowDefinition {
	const pairs = nodes.slice(1).map((to, index) => [nodes[index]!.name, to.name] as const);
	return {
		name,
		nodes,
		connections: Object.fromEntries(
			pairs.map(([from, to]) => [from, { main: [[{ node: to, type: 'main', index: 0 }]] }]),
		),
	};
}

/** A workflow that starts with our trigger and hands the items on to `rest`. */
export function triggerWorkflow(
	name: string,
	credential: Credential | undefined,
	parameters: IDataObject = {},
	...rest: INode[]
): WorkflowDefinition {
	const trigger = node(TRIGGER, `${packageName}.sendGridTrigger`, parameters, {
		webhookId: randomUUID(),
		...(credential && withCredential(credential)),
	});
	return chain(name, trigger, ...(rest.length > 0 ? rest : [node('Done', 'n8n-nodes-base.noOp')]));
}
