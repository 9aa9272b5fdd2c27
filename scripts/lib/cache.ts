/**
 * A folder of the user's that keeps what is slow to fetch. Every entry is built beside its place
 * and renamed into it when complete, so an interrupted or a second, simultaneous build can
 * never leave half an entry; the lock only spares that second process the work.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { lock } from 'proper-lockfile';
import { UserError } from './commands';
import { readIfThere } from './files';

const STAMP = '.complete';

/** N8N_NODES_SENDGRID_EVENTS_CACHE moves it, for example to a disk with more room. */
export const cacheFolder =
	process.env.N8N_NODES_SENDGRID_EVENTS_CACHE ||
	path.join(
		process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'),
		'n8n-nodes-sendgrid-events',
	);

/**
 * @param name the entry's folder inside the cache
 * @param recipe what it is made of; an entry made by another recipe is made anew
 * @param build fills an empty folder
 * @returns the complete entry's folder
 */
export async function cached(
	name: string,
	recipe: string,
	build: (folder: string) => Promise<void>,
): Promise<string> {
	const target = path.join(cacheFolder, name);
	await mkdir(cacheFolder, { recursive: true }).catch((error: Error) => {
		throw new UserError(
			`Set N8N_NODES_SENDGRID_EVENTS_CACHE to another folder: the cache folder cannot be made (${error.message}).`,
		);
	});
	if (await isComplete(target, recipe)) return target;
	await oneAtATime(target, name, async () => {
		if (await isComplete(target, recipe)) return;
		await removeLeftovers(`${name}.partial-`);
		const partial = `${target}.partial-${process.pid}`;
		await mkdir(partial);
		await build(partial);
		await writeFile(path.join(partial, STAMP), recipe);
		await rm(target, { recursive: true, force: true });
		await rename(partial, target);
		// Once more: the npm of a killed process may have gone on after the first time.
		await removeLeftovers(`${name}.partial-`);
	});
	return target;
}

async function isComplete(folder: string, recipe: string): Promise<boolean> {
	return (await readIfThere(path.join(folder, STAMP))) === recipe;
}

async function removeLeftovers(prefix: string): Promise<void> {
	for (const entry of await readdir(cacheFolder)) {
		if (entry.startsWith(prefix)) {
			await rm(path.join(cacheFolder, entry), { recursive: true, force: true });
		}
	}
}

/**
 * Lets one process at a time do `work`.
 *
 * @param place a path beside which the lock is kept; it need not be there
 * @param what named in the message of a process that has to wait
 */
export async function oneAtATime(
	place: string,
	what: string,
	work: () => Promise<void>,
): Promise<void> {
	// A process that was killed leaves its lock behind; it counts as gone after `stale` milliseconds.
	const options = { realpath: false, stale: 30_000, update: 5_000 };
	const release = await lock(place, options).catch(async (error: NodeJS.ErrnoException) => {
		if (error.code !== 'ELOCKED') throw error;
		console.log(`Another process is preparing ${what}. Waiting for it ...`);
		const retries = { forever: true, minTimeout: 500, maxTimeout: 500 };
		return await lock(place, { ...options, retries });
	});
	try {
		await work();
	} finally {
		await release();
	}
}
