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
