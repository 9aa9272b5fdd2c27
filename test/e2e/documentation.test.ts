import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import packageJson from '../../package.json';
import { n8nVersions, runtime } from '../../scripts/n8n/runtime';
import {
	fencedBlocks,
	inlineCode,
	N8N_LABELS,
	OLD_N8N_LABELS,
	PAGES,
	readText,
} from '../support/documentation';

const [newest, oldest] = [n8nVersions[0]!, n8nVersions.at(-1)!];

/** The code of packages that come with an n8n, as one text. @param folders or files within */
function codeOf(version: string, folders: string[]): string {
	const modules = path.resolve(path.dirname(runtime.n8n[version]!), '../..');
	return folders.map((folder) => textOf(path.join(modules, folder))).join('\n');
}

function textOf(place: string): string {
	if (/\.js(?:on)?$/.test(place)) return readFileSync(place, 'utf8');
	return readdirSync(place, { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith('.js'))
		.map((file) => readFileSync(path.join(place, file), 'utf8'))
		.join('\n');
}

/** Where n8n has its texts: the editor, the forms of its nodes, and those it makes for tools. */
const PLACES_OF_LABELS = ['n8n-editor-ui/dist/assets', 'n8n-nodes-base/dist/types/nodes.json'];

function missingFrom(code: string, labels: string[]): string[] {
	return labels.filter((label) => !new RegExp(`[\`"']${label}(?:\\.\\.\\.)?[\`"']`).test(code));
}

describe('What the documentation says of n8n', () => {
	test('labels are those of the newest release', () => {
		const places = [...PLACES_OF_LABELS, 'n8n/dist/tool-generation/ai-tools.js'];
		expect(missingFrom(codeOf(newest, places), N8N_LABELS)).toEqual([]);
	});

	test('labels of n8n 1.x are those of the oldest release supported', () => {
		expect(missingFrom(codeOf(oldest, PLACES_OF_LABELS), OLD_N8N_LABELS)).toEqual([]);
	});

	test('settings are known to the newest release', () => {
		const files = ['compose.yaml', 'compose.queue.yaml'].map((file) => `deploy/${file}`);
		const inFiles = files.flatMap((file) =>
			[...readText(file).matchAll(/^ +(\w+): /gm)].map(([, name]) => name!),
		);
		const names = [...PAGES.flatMap((page) => inlineCode(readText(page))), ...inFiles].flatMap(
			(code) => code.match(/^(?:N8N|EXECUTIONS|QUEUE|DB|OFFLOAD|WEBHOOK)_[A-Z_]+/) ?? [],
		);
		const code = codeOf(newest, [
			...['@n8n/config/dist', 'n8n-core/dist/constants.js', 'n8n/dist/services/url.service.js'],
			...['n8n/dist/modules/community-packages', 'n8n/dist/deprecation'],
		]);
		const unknown = [...new Set(names)]
			// Variables of the images of nginx and Caddy, and of the Dockerfile.
			.filter((name) => !/^N8N_(?:MAIN|WEBHOOK_|DOMAIN|VERSION)\d?$/.test(name))
			.filter((name) => !new RegExp(`\\b${name.replace(/_FILE$/, '')}\\b`).test(code));
		expect(names).toContain('N8N_UNVERIFIED_PACKAGES_ENABLED');
		expect(unknown).toEqual([]);
	});

	test.each<[page: string, statement: string, file: string, inN8n: string]>([
		[
			'guarantees',
			'`200 n8n is starting up. Please wait`',
			'n8n/dist/abstract-server.js',
			"'n8n is starting up. Please wait'",
		],
		[
			'guarantees',
			'after 14 days',
			'@n8n/config/dist/configs/executions.config.js',
			`pruneDataMaxAge = ${14 * 24};`,
		],
		[
			'guarantees',
			'up to 16 MB (`N8N_PAYLOAD_SIZE_MAX`)',
			'@n8n/config/dist/configs/endpoints.config.js',
			'payloadSizeMax = 16;',
		],
		[
			'guarantees',
			'A Wait node of less than 65 seconds',
			'n8n-nodes-base/dist/nodes/Wait/Wait.node.js',
			'waitValue < 65000',
		],
		[
			'performance',
			'off by default',
			'@n8n/config/dist/configs/expression-engine.config.js',
			'lazyAcquire = false;',
		],
		[
			'performance',
			'(10,000 values by default)',
			'n8n-nodes-base/dist/nodes/Transform/RemoveDuplicates/v2/RemoveDuplicatesV2.node.js',
			'DEFAULT_MAX_ENTRIES = 10000',
		],
		[
			'production',
			'A worker runs ten executions at a time',
			'n8n/dist/commands/worker.js',
			".default(10).describe('How many jobs",
		],
		[
			'production',
			'Workers have 30 seconds',
			'@n8n/config/dist/configs/generic.config.js',
			'gracefulShutdownTimeout = 30;',
		],
		[
			'send-and-wait',
			'"The execution … has finished with error"',
			'n8n/dist/webhooks/waiting-webhooks.js',
			'has finished with error',
		],
		[
			'troubleshooting',
			'n8n listens for two minutes',
			'n8n/dist/constants.js',
			'TEST_WEBHOOK_TIMEOUT = 2 * constants_1.Time.minutes',
		],
	])('docs/%s.md: %s', (page, statement, file, inN8n) => {
		expect(readText(`docs/${page}.md`)).toContain(statement);
		expect(codeOf(newest, [file])).toContain(inN8n);
	});

	test("the list of executions that wait has n8n's name in Redis", () => {
		const [queue, config] = ['n8n/dist/scaling/queue-name.js', '@n8n/config/dist/configs'] as const;
		const [, name] = /DEFAULT_QUEUE_NAME = '(\w+)'/.exec(codeOf(newest, [queue]))!;
		const [, prefix] = /this\.prefix = '(bull)'/.exec(codeOf(newest, [config]))!;
		expect(readText('docs/production.md')).toContain(`redis-cli llen ${prefix}:${name}:wait`);
	});
});

test("the README's command installs the package where n8n looks for it, and nothing else", async () => {
	const [, command] = fencedBlocks(readText('README.md'), 'sh')
		.join('\n')
		.match(/^(npm install .*?) {2,}#/m)!;
	const home = await mkdtemp(path.join(tmpdir(), 'home-'));
	try {
		await copyFile(runtime.tarball, path.join(home, path.basename(runtime.tarball)));
		const env = { ...process.env, HOME: home };
		await promisify(execFile)('sh', ['-ec', command!], { cwd: home, env });
		const installed = readdirSync(path.join(home, '.n8n/nodes/node_modules'));
		expect(installed.filter((name) => !name.startsWith('.'))).toEqual([packageJson.name]);
	} finally {
		await rm(home, { recursive: true });
	}
});
