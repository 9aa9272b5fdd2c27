import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const PROJECT = path.resolve(__dirname, '../..');

/** Every page that people read, from the project's folder. */
export const PAGES = [
	...['', 'docs'].flatMap((folder) =>
		readdirSync(path.join(PROJECT, folder))
			.filter((file) => file.endsWith('.md'))
			.map((file) => path.join(folder, file)),
	),
	'deploy/README.md',
	'emulator/README.md',
	'examples/README.md',
];

export function readText(file: string): string {
	return readFileSync(path.join(PROJECT, file), 'utf8');
}

/** The contents of a page's fenced blocks in one language, without what they are indented by. */
export function fencedBlocks(markdown: string, language: string): string[] {
	const blocks = markdown.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^\\1\`\`\``, 'gms'));
	return [...blocks].map(([, indent, block]) => block!.replace(new RegExp(`^${indent}`, 'gm'), ''));
}

/** A page without its fenced blocks. */
export function withoutFences(markdown: string): string {
	return markdown.replace(/^ *```.*?^ *```/gms, '');
}

/** What stands between backticks outside of fenced blocks. */
export function inlineCode(markdown: string): string[] {
	return [...withoutFences(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
}

/**
 * What the newest n8n calls the parts of its editor and of its nodes. test/e2e/documentation.test.ts
 * looks for them there.
 */
export const N8N_LABELS = [
	'Add first step',
	'Add to workflow',
	'Authentication',
	'Basic Auth',
	'Community nodes',
	'Copy to editor',
	'Execute Sub-workflow',
	'Execute step',
	'Execute workflow',
	'Executions',
	'From file',
	'HTTP Request',
	'Human review',
	'Import',
	'Install',
	'Install a community node',
	'Let the model define this parameter',
	'Loop Over Items',
	'Map Automatically',
	'More details',
	'On Error',
	'Predefined Credential Type',
	'Production URL',
	'Publish',
	'Retry',
	'Run once for each item',
	'Save',
	'Save successful production executions',
	'Send Email',
	'Settings',
	'Timeout Workflow',
	'Tool',
	'Tool Description',
	'Unpublish',
	'Update',
	'Wait For Sub-Workflow Completion',
	'Webhook URLs',
	'When Executed by Another Workflow',
];

/** What only n8n 1.x says. */
export const OLD_N8N_LABELS = ['Active', 'Import from File'];
