/**
 * A folder of the user's that keeps what is slow to fetch. Every entry is built beside its place
 * and renamed into it when complete, so an interrupted or a second, simultaneous build can
 * never leave half an entry; the lock only spares that second process the work.
 */
import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from './commands.mjs';

const HEARTBEAT_MS = 5_000;
const STAMP = '.complete';

/** N8N_NODES_SENDGRID_EVENTS_CACHE moves it, for example to a disk with more room. */
export const cacheFolder =
	process.env.N8N_NODES_SENDGRID_EVENTS_CACHE ||
	path.join(
		process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'),
		'n8n-nodes-sendgrid-events',
	);

/**
 * @param {string} name the entry's folder inside the cache
 * @param {string} recipe what it is made of; an entry made by another recipe is made anew
 * @param {(folder: string) => Promise<void>} build fills an empty folder
 * @returns {Promise<string>} the complete entry's folder
 */
export async function cached(name, recipe, build) {
	const target = path.join(cacheFolder, name);
	await mkdir(cacheFolder, { recursive: true }).catch((error) => {
		throw new UserError(
			`The cache folder cannot be made: ${error.message}. Set N8N_NODES_SENDGRID_EVENTS_CACHE to another.`,
		);
	});
	if (await isComplete(target, recipe)) return target;
	await withLock(`${target}.lock`, name, async () => {
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

async function isComplete(folder, recipe) {
	return (await readIfThere(path.join(folder, STAMP))) === recipe;
}

async function removeLeftovers(prefix) {
	for (const entry of await readdir(cacheFolder)) {
		if (entry.startsWith(prefix)) {
			await rm(path.join(cacheFolder, entry), { recursive: true, force: true });
		}
	}
}

/**
 * Lets one process at a time do `work`.
 * @param {string} lock a folder that exists while somebody works
 * @param {string} what named in the message of a process that has to wait
 * @param {() => Promise<void>} work
 */
export async function withLock(lock, what, work) {
	for (let announced = false; !(await created(lock)); announced = true) {
		if (!announced) console.log(`Another process is preparing ${what}. Waiting for it ...`);
		if (await isAbandoned(lock)) await rm(lock, { recursive: true, force: true });
		else await sleep(500);
	}
	const release = () => rmSync(lock, { recursive: true, force: true });
	const heartbeat = setInterval(() => {
		const now = new Date();
		utimes(lock, now, now).catch(() => undefined);
	}, HEARTBEAT_MS);
	process.once('exit', release);
	try {
		await work();
	} finally {
		clearInterval(heartbeat);
		process.off('exit', release);
		release();
	}
}

/** Creating a folder either succeeds for one process or fails: the one atomic test everywhere. */
async function created(folder) {
	try {
		await mkdir(folder);
		return true;
	} catch (error) {
		if (error.code === 'EEXIST') return false;
		throw error;
	}
}

/** A process id would not tell: containers that share a cache reuse the same few numbers. */
async function isAbandoned(lock) {
	try {
		return Date.now() - (await stat(lock)).mtimeMs > 6 * HEARTBEAT_MS;
	} catch (error) {
		if (error.code === 'ENOENT') return false;
		throw error;
	}
}

export async function readIfThere(file) {
	try {
		return await readFile(file, 'utf8');
	} catch (error) {
		if (error.code === 'ENOENT') return undefined;
		throw error;
	}
}
