/**
 * Programs that some tests need and npm does not have: the ones that are there, or Debian's where
 * they may be installed. A test that did not run must not look like one that passed, so what is
 * missing is said at the end of the run.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { browser } from './browser';
import { runUnseen } from './commands';
import { isExecutable } from './files';
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
	/** How to get it by hand. */
	advice: string;
}

const redis: TestProgram = {
	purpose: 'Redis, for the tests of queue mode',
	debianPackage: 'redis-server',
	find: async () => await findInPath('redis-server'),
	advice: 'on Debian "sudo apt-get install redis-server", on macOS "brew install redis"',
};

const TEST_PROGRAMS = { browser, postgres, redis };

export type ProgramName = keyof typeof TEST_PROGRAMS;

/** With this argument a person allows what CI may do anyway: to install Debian packages. */
export const INSTALL_FLAG = '--install-programs';

/**
 * Finds the programs of all tests, and installs those that are missing where that is allowed: in
 * CI, or when the command was called with `--install-programs`; as root, on Debian and Ubuntu.
 *
 * @returns their paths, and for each that is missing how to get it
 */
export async function ensureTestPrograms(
	mayInstall = Boolean(process.env.CI) || process.argv.includes(INSTALL_FLAG),
): Promise<{ programs: Partial<Record<ProgramName, string>>; missing: string[] }> {
	const programs: Partial<Record<ProgramName, string>> = {};
	const missing: string[] = [];
	for (const [name, program] of Object.entries(TEST_PROGRAMS)) {
		let found = await program.find();
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

async function findInPath(program: string): Promise<string | undefined> {
	for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
		const file = path.join(folder, program);
		if (await isExecutable(file)) return file;
	}
	return undefined;
}
