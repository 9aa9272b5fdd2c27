/** PostgreSQL's programs for the tests with a database: those there, or Debian's. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { installDebianPackage, isExecutable } from './debian.mjs';

const PROGRAMS = ['initdb', 'pg_ctl', 'psql'];

/** Where, besides PATH, packages put the programs: a folder of releases, and how these are named. */
const USUAL_PLACES = [
	['/usr/lib/postgresql', /^\d+$/],
	['/usr', /^pgsql-\d+$/],
	['/opt/homebrew/opt', /^postgresql@\d+$/],
	['/usr/local/opt', /^postgresql@\d+$/],
];

/** Said when there is none: a test that did not run must not look like one that passed. */
export const noPostgresAdvice =
	'The tests with a database were LEFT OUT: the programs of PostgreSQL (initdb, pg_ctl, psql) were ' +
	'not found. Install it (on Debian "sudo apt-get install postgresql", on macOS "brew install ' +
	'postgresql@17"), or add the folder of the programs to PATH. No server has to run.';

/**
 * @returns {Promise<string | undefined>} the folder of the programs; `undefined` when they are not
 * there and cannot be installed
 */
export async function ensurePostgres() {
	const found = await findPostgres();
	if (found) return found;
	const installed = await installDebianPackage('postgresql', 'PostgreSQL for the event log tests');
	return installed ? await findPostgres() : undefined;
}

/** The same without installing anything. */
export async function findPostgres() {
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
async function releasesIn([parent, name]) {
	const entries = await readdir(parent).catch(() => []);
	return entries
		.filter((entry) => name.test(entry))
		.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
		.map((entry) => path.join(parent, entry, 'bin'));
}
