import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where n8n has the nodes of `writeBareTriggers`. */
export const BARE_TRIGGERS = {
	onReceived: 'CUSTOM.bareTrigger',
	lastNode: 'CUSTOM.bareTriggerLastNode',
} as const;

/**
 * The least that a trigger node can do with a post of SendGrid, unlike n8n's own Webhook node one
 * that n8n did not write: an item of each event, unverified, repeats and all.
 */
const source = (className: string, responseMode: keyof typeof BARE_TRIGGERS) => `
exports.${className} = class {
	description = {
		displayName: '${className}',
		name: '${className[0]!.toLowerCase()}${className.slice(1)}',
		group: ['trigger'],
		// For a node of version 1, n8n evaluates an expression of its own with each post.
		version: 2,
		description: 'Makes an item of each event',
		defaults: { name: '${className}' },
		inputs: [],
		outputs: ['main'],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: '${responseMode}',
				responseData: 'noData',
				path: 'events',
			},
		],
		properties: [],
	};

	async webhook() {
		return { workflowData: [this.getBodyData().map((json) => ({ json }))] };
	}
};
`;

/** @returns a folder to name in n8n's N8N_CUSTOM_EXTENSIONS */
export async function writeBareTriggers(): Promise<string> {
	const folder = await mkdtemp(path.join(tmpdir(), 'bare-triggers-'));
	for (const [responseMode, type] of Object.entries(BARE_TRIGGERS)) {
		const name = type.split('.')[1]!;
		const className = `${name[0]!.toUpperCase()}${name.slice(1)}`;
		await writeFile(
			path.join(folder, `${className}.node.js`),
			source(className, responseMode as keyof typeof BARE_TRIGGERS),
		);
	}
	return folder;
}
