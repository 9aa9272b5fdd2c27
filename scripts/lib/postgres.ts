import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isExecutable } from './files';
import type { TestProgram } from './programs';

const PROGRAMS = ['initdb', 'pg_ctl', 'psql'];

/** Where, besides PATH, packages put the programs: a folder of releases, and how these are named. */
const USUAL_PLACES: Array<[parent: string, name: RegExp]> = [
	['/usr/lib/postgresql', /^\d+$/],
	['/usr', /^pgsql-\d+$/],
	['/opt/homebrew/opt', /^postgresql@\d+$/],
	['/usr/local/opt', /^postgresql@\d+$/],
];

/** The folder of PostgreSQL's programs, for the tests with a database. No server has to run. */
export const postgres: TestProgram = {
	purpose: 'PostgreSQL (initdb, pg_ctl, psql), for the tests with a database',
	debianPackage: 'postgresql',
	find: findPostgres,
	advice:
		'on Debian "sudo apt-get install postgresql", on macOS "brew install postgresql@17", or add the folder of the programs to PATH',
};

async function findPostgres(): Promise<string | undefined> {
	// The tests start the server the way Unix has it.
	if (process.platform === 'win32') return undefined;
	const onPath = (process.env.PATH ?? '').split(path.delimiter);
	const usual = await Promise.all(USUAL_PLACES.map(releasesIn));
	for (const folder of [...onPath, ...usual.flat()]) {
		const there = await Promise.all(PROGRAMS.map((name) => isExecutable(path.join(folder, name))));
		if (there.every(Boolean)) return folder;
	}
	return undefined;
}

/** Newest first. */
async function releasesIn([parent, name]: [string, RegExp]): Promise<string[]> {
	const entries = await readdir(parent).catch(() => []);
	return entries
		.filter((entry) => name.test(entry))
		.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
		.map((entry) => path.join(parent, entry, 'bin'));
}
