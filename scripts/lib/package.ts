/** Builds the package and packs it as npm would publish it. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { oneAtATime } from './cache';
import { runUnseen, UserError } from './commands';
import { projectFolder, workFolder } from './runtimes';

const logFile = path.join(workFolder, 'package.log');

interface PackageManifest {
	main: string;
	types: string;
	n8n: { nodes: string[]; credentials: string[] };
	dependencies?: Record<string, string>;
}

/** A package this small has no business growing unnoticed: a bundled dependency shows here. */
const MAX_TARBALL_BYTES = 200_000;

/**
 * @returns path of the packed tarball
 * @throws UserError when the build or the packing fails
 */
export async function buildAndPack(): Promise<string> {
	console.log('Building the package ...');
	await build();
	return await pack();
}

/** Builds into dist. */
export async function build(): Promise<void> {
	await npm('run', 'build');
}

/** Set in CI: the package that was packed where nothing else ran, to be tested as it is. */
const givenTarball = process.env.N8N_NODES_SENDGRID_EVENTS_TARBALL;

/**
 * Packs what the last build made. The tarball replaces the one before in one step: another process
 * may be about to read it.
 */
export async function pack(): Promise<string> {
	if (givenTarball) return path.resolve(givenTarball);
	const folder = path.join(path.basename(workFolder), `pack-${process.pid}`);
	await mkdir(path.join(projectFolder, folder), { recursive: true });
	// Relative: on Windows npm runs in a shell, which would split a path at its spaces.
	await npm('pack', '--ignore-scripts', '--pack-destination', folder);
	const [name] = await readdir(path.join(projectFolder, folder));
	const tarball = path.join(workFolder, name!);
	await rename(path.join(projectFolder, folder, name!), tarball);
	await rm(path.join(projectFolder, folder), { recursive: true });
	return tarball;
}

/** One at a time: a build empties dist, which another process may be packing. */
async function npm(...args: string[]): Promise<void> {
	await mkdir(workFolder, { recursive: true });
	await oneAtATime(path.join(workFolder, 'package'), 'the package', async () => {
		await rm(logFile, { force: true });
		await runUnseen('npm', args, { cwd: projectFolder, logFile });
	});
}

/**
 * Checks what a user would install: nothing but the built nodes and what belongs to them, all
 * files package.json points at, no dependency to fetch.
 *
 * @returns one line about the tarball
 * @throws UserError naming everything that is wrong
 */
export async function checkTarball(tarball: string): Promise<string> {
	const manifest = JSON.parse(
		await readFile(path.join(projectFolder, 'package.json'), 'utf8'),
	) as PackageManifest;
	const { stdout } = await promisify(execFile)('tar', ['-tzf', path.basename(tarball)], {
		cwd: path.dirname(tarball),
	});
	const files = stdout
		.split(/\r?\n/)
		.filter((line) => line && !line.endsWith('/'))
		.map((line) => line.replace(/^package\//, ''));
	const required = [
		'package.json',
		'README.md',
		'LICENSE.md',
		manifest.main,
		manifest.types,
		...manifest.n8n.nodes,
		...manifest.n8n.credentials,
	];
	const { size } = await stat(tarball);

	const problems = [
		...files
			.filter((file) => !/^(dist\/.+|README\.md|LICENSE\.md|package\.json)$/.test(file))
			.map((file) => `${file} must not be in the package`),
		...required
			.filter((file) => !files.includes(file))
			.map((file) => `${file} is missing in the package`),
		...Object.keys(manifest.dependencies ?? {}).map(
			(name) => `"${name}" is a dependency; n8n accepts none, bundle it as a devDependency`,
		),
		...(size > MAX_TARBALL_BYTES
			? [`the tarball has ${size} bytes, more than the budget of ${MAX_TARBALL_BYTES}`]
			: []),
	];
	if (problems.length > 0) throw new UserError(problems.join('\n'));
	return `${path.basename(tarball)}: ${files.length} files, ${Math.round(size / 1000)} kB, no dependencies`;
}
