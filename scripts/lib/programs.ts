/**
 * Programs that some tests need and npm does not have: the ones that are there, or Debian's where
 * they may be installed. A test that did not run must not look like one that passed, so what is
 * missing is said at the end of the run.
 */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { browser } from './browser';
import { cached } from './cache';
import { runUnseen } from './commands';
import { findInPath, isExecutable } from './files';
import { caddy, nginx } from './gates';
import { postgres } from './postgres';
import { projectFolder, workFolder } from './runtimes';

/** A program, or a folder of programs, that tests need. */
export interface TestProgram {
	/** What it is, and what for. */
	purpose: string;
	/** Debian's name of the package that has it. */
	debianPackage: string;
	/** @returns its path; `undefined` when it is not there */
	find(): Promise<string | undefined>;
	/** Runs without being installed: the program in the package, and what has it say its version. */
	unpack?: { file: string; versionArgument: string };
	/** How to get it by hand. */
	advice: string;
}

const redis: TestProgram = {
	purpose: 'Redis, for the tests of queue mode',
	debianPackage: 'redis-server',
	find: async () => await findInPath('redis-server'),
	advice: 'on Debian "sudo apt-get install redis-server", on macOS "brew install redis"',
};

const TEST_PROGRAMS = { browser, postgres, redis, nginx, caddy };

export type ProgramName = keyof typeof TEST_PROGRAMS;

/** With this argument a person allows what CI may do anyway: to install Debian packages. */
export const INSTALL_FLAG = '--install-programs';

/**
 * Finds the programs of all tests, and gets those that are missing. What can run without being
 * installed is unpacked in the cache. Else it is installed where that is allowed: in CI, or when the
 * command was called with `--install-programs`; as root, on Debian and Ubuntu.
 *
 * @returns their paths, and for each that is missing how to get it
 */
export async function ensureTestPrograms(
	mayInstall = Boolean(process.env.CI) || process.argv.includes(INSTALL_FLAG),
): Promise<{ programs: Partial<Record<ProgramName, string>>; missing: string[] }> {
	const programs: Partial<Record<ProgramName, string>> = {};
	const missing: string[] = [];
	for (const [name, program] of Object.entries(TEST_PROGRAMS)) {
		let found = (await program.find()) ?? (await unpackDebianPackage(program));
		if (found === undefined && mayInstall && (await installDebianPackage(program))) {
			found = await program.find();
		}
		if (found === undefined) missing.push(adviceOn(program));
		else programs[name as ProgramName] = found;
	}
	return { programs, missing };
}

function adviceOn({ purpose, advice }: TestProgram): string {
	return (
		`LEFT OUT, because it is missing: ${purpose}. To get it: ${advice}; ` +
		`or as root on Debian or Ubuntu, add "-- ${INSTALL_FLAG}" to the command.`
	);
}

/** @returns whether the package manager was there and did it */
async function installDebianPackage({ purpose, debianPackage }: TestProgram): Promise<boolean> {
	if (process.getuid?.() !== 0 || !(await isExecutable('/usr/bin/apt-get'))) return false;
	console.log(`Installing ${purpose} (once): "apt-get install ${debianPackage}" ...`);
	const logFile = path.join(workFolder, `${debianPackage}.log`);
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
	await mkdir(workFolder, { recursive: true });
	try {
		for (const args of [['update'], ['install', '-y', '--no-install-recommends', debianPackage]]) {
			await runUnseen('apt-get', args, { cwd: projectFolder, env, logFile });
		}
		return true;
	} catch (error) {
		console.warn((error as Error).message);
		return false;
	}
}

/**
 * Fetches a package into the cache and unpacks it there: nothing is installed, no service starts, and
 * no password is needed.
 *
 * @returns the program; `undefined` when that is not possible here
 */
async function unpackDebianPackage(program: TestProgram): Promise<string | undefined> {
	const { debianPackage: name, unpack } = program;
	if (!unpack || !(await isExecutable('/usr/bin/apt-get'))) return undefined;
	const logFile = path.join(workFolder, `${name}.log`);
	await mkdir(workFolder, { recursive: true });
	try {
		const folder = await cached(`debian-${name}`, `${name} on ${process.arch}`, async (partial) => {
			const run = async (command: string, ...args: string[]) =>
				await runUnseen(command, args, { cwd: partial, logFile });
			await run('apt-get', 'download', name).catch(async () => {
				// The lists of packages may be missing, or too old.
				await run('apt-get', 'update');
				await run('apt-get', 'download', name);
			});
			const archive = (await readdir(partial)).find((entry) => entry.endsWith('.deb'))!;
			await run('dpkg-deb', '--extract', archive, '.');
			// Its libraries may be missing.
			await run(path.join(partial, unpack.file), unpack.versionArgument);
		});
		return path.join(folder, unpack.file);
	} catch (error) {
		console.warn((error as Error).message);
		return undefined;
	}
}
