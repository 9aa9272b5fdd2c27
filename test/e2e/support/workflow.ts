import { randomUUID } from 'node:crypto';
import type { IConnections, INode } from 'n8n-workflow';
import { name as packageName } from '../../../package.json';
import type { Credential } from './N8nClient';

export const TRIGGER_TYPE = `${packageName}.sendGridTrigger`;
export const EMAIL_TYPE = `${packageName}.sendGridEmail`;
export const CREDENTIAL_TYPE = 'sendGridEventsApi';

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
