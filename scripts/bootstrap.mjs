/**
 * The first step of every command that needs more than Node: sees to the right Node and the
 * project's dependencies, then hands over to scripts/main.ts. Plain JavaScript without imports
 * from elsewhere, because it runs before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

const oldestNode = 20;
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
	console.error(
		`Install Node ${oldestNode} or newer (https://nodejs.org): this is Node ${process.versions.node}.`,
	);
	process.exit(1);
}

const projectFolder = path.resolve(fileURLToPath(import.meta.url), '../..');
if (!dependenciesAreCurrent()) installDependencies();
handOver(process.argv.slice(2));

/** npm writes node_modules/.package-lock.json last, so it also tells of an interrupted install. */
function dependenciesAreCurrent() {
	const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map((name) =>
		path.join(projectFolder, name),
	);
	if (!existsSync(installed)) return false;
	const there = JSON.parse(readFileSync(installed)).packages;
	return Object.entries(JSON.parse(readFileSync(wanted)).packages).every(
		([folder, { version, optional, devOptional }]) =>
			folder === '' ||
			there[folder]?.version === version ||
			// Left out where it is for another platform.
			(!there[folder] && (optional || devOptional)),
	);
}

function installDependencies() {
	console.log("Installing the project's dependencies (once, usually a minute) ...");
	// Without a network, npm should say so at once.
	const impatient = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
	// A part of n8n that is only compiled against here wants a newer Node, and npm would warn of that.
	const quiet = '--loglevel=error';
	const { status } = spawnSync('npm', ['ci', '--include=dev', quiet, ...impatient], {
		cwd: projectFolder,
		stdio: 'inherit',
		// On Windows npm is a command script, which only a shell can start.
		shell: process.platform === 'win32',
	});
	if (status !== 0) {
		console.error('\n"npm ci" failed, see above. Is the npm registry within reach?');
		process.exit(1);
	}
}

function handOver(args) {
	const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/main.ts', ...args], {
		cwd: projectFolder,
		stdio: 'inherit',
	});
	// In a terminal Ctrl+C reaches both: the child cleans up, this waits for it.
	process.on('SIGINT', () => {});
	for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
	// npm, and the shell it starts, may be killed alone: what they started must not go on without them.
	const parents = [process.ppid, ...parentOf(process.ppid)];
	const watch = setInterval(() => {
		if (!parents.every(isAlive)) child.kill('SIGTERM');
	}, 1000);
	child.once('exit', (code, signal) => {
		clearInterval(watch);
		process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
	});
}

/** The process that started another one, where the system has a `ps` to ask. */
function parentOf(pid) {
	const { stdout } = spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' });
	return Number(stdout) > 1 ? [Number(stdout)] : [];
}

function isAlive(pid) {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return error.code !== 'ESRCH';
	}
}
