import './support/n8nEnvironment';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadOutputSchema, PackageDirectoryLoader } from 'n8n-core';
import type { INodeType } from 'n8n-workflow';

const PROJECT = path.join(__dirname, '..', '..');

describe("n8n's loader with the built package", () => {
	let loader: PackageDirectoryLoader;

	beforeAll(async () => {
		execFileSync(process.execPath, ['node_modules/gulp/bin/gulp.js', 'build'], { cwd: PROJECT });
		loader = new PackageDirectoryLoader(PROJECT);
		await loader.loadAll();
	}, 60_000);

	test('finds both nodes and the credential under their fixed names', () => {
		expect(Object.keys(loader.nodeTypes).sort()).toEqual(['sendGridEmail', 'sendGridEmailTrigger']);
		expect(Object.keys(loader.credentialTypes)).toEqual(['sendGridEventsApi']);
		expect(loader.known.credentials.sendGridEventsApi?.supportedNodes?.sort()).toEqual([
			'sendGridEmail',
			'sendGridEmailTrigger',
		]);
	});

	test.each(['sendGridEmail', 'sendGridEmailTrigger'])(
		'%s has its icons and what it is found by',
		(name) => {
			const { description } = loader.nodeTypes[name]!.type as INodeType;
			const { light, dark } = description.iconUrl as { light: string; dark: string };
			for (const url of [light, dark]) {
				const file = url.replace(/^icons\/[^/]+\//, '');
				expect(readFileSync(path.join(PROJECT, file), 'utf8')).toContain('<svg');
			}
			expect(description.codex?.alias).toEqual(expect.arrayContaining(['Twilio']));
		},
	);

	test('the action is found by every word that finds the trigger, as n8n lists both as one', () => {
		const aliasesOf = (name: string) =>
			(loader.nodeTypes[name]!.type as INodeType).description.codex!.alias!;
		expect(aliasesOf('sendGridEmail')).toEqual(
			expect.arrayContaining(aliasesOf('sendGridEmailTrigger')),
		);
	});

	test.each([
		['sendGridEmailTrigger', '2', ['event', 'email', 'timestamp', 'messageId', 'bounce']],
		['sendGridEmailTrigger', '1', ['event', 'email', 'timestamp', 'messageId', 'bounce']],
		['sendGridEmail', '1', ['accepted', 'messageId', 'to']],
	])('the output of %s %s can be wired before it has run', (name, version, fields) => {
		const isAction = name === 'sendGridEmail';
		const schema = loadOutputSchema({
			nodeDir: path.join(PROJECT, path.dirname(loader.known.nodes[name]!.sourcePath)),
			version,
			resource: isAction ? 'email' : undefined,
			operation: isAction ? 'send' : undefined,
		}) as { properties: object };
		expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(fields));
	});

	test('only the trigger has the bolt, which means that it starts workflows', () => {
		const iconOf = (name: string) =>
			((loader.nodeTypes[name]!.type as INodeType).description.iconUrl as { light: string }).light;
		expect(iconOf('sendGridEmailTrigger')).toMatch(/sendgridEvents\.svg$/);
		expect(iconOf('sendGridEmail')).toMatch(/sendgridEmail\.svg$/);
	});

	test('the main file exports the classes and the pure functions', () => {
		// Built a moment ago, so it cannot be imported.
		const main = module.require(path.join(PROJECT, 'dist', 'index.js')) as Record<string, unknown>;
		expect(Object.keys(main).sort()).toEqual([
			'SendGridEmail',
			'SendGridEmailTrigger',
			'SendGridEventsApi',
			'normalizeEvent',
			'verifySignature',
		]);
	});
});
