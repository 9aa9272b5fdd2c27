/** Redis for the tests of queue mode: the one there, or Debian's. */
import path from 'node:path';
import { installDebianPackage, isExecutable } from './debian.mjs';

/** Said when there is none: a test that did not run must not look like one that passed. */
export const noRedisAdvice =
	'The tests of queue mode were LEFT OUT: redis-server was not found. Install it (on Debian ' +
	'"sudo apt-get install redis-server", on macOS "brew install redis"). No server has to run.';

/** @returns {Promise<boolean>} whether there is a redis-server in PATH, installed just now perhaps */
export async function ensureRedis() {
	if (await isInPath('redis-server')) return true;
	return await installDebianPackage('redis-server', 'Redis for the tests of queue mode');
}

async function isInPath(program) {
	const folders = (process.env.PATH ?? '').split(path.delimiter);
	const found = await Promise.all(
		folders.map((folder) => isExecutable(path.join(folder, program))),
	);
	return found.some(Boolean);
}
