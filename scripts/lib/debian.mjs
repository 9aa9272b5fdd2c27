/** Programs that tests need and that Debian and Ubuntu have ready-made. */
import { access, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runUnseen } from './commands.mjs';
import { projectFolder, workFolder } from './runtimes.mjs';

export async function isExecutable(file) {
	return await access(file, constants.X_OK).then(
		() => true,
		() => false,
	);
}

/**
 * Installs a package where that needs no password: as root, as in a container.
 *
 * @param {string} name Debian's name of the package
 * @param {string} what what it is, and what for
 * @returns {Promise<boolean>} whether the package manager was there and did it
 */
export async function installDebianPackage(name, what) {
	if (process.getuid?.() !== 0 || !(await isExecutable('/usr/bin/apt-get'))) return false;
	console.log(`Installing ${what} (once, usually a minute) ...`);
	const logFile = path.join(workFolder, `${name}.log`);
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
	await mkdir(workFolder, { recursive: true });
	try {
		for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
			await runUnseen('apt-get', args, { cwd: projectFolder, env, logFile });
		}
		return true;
	} catch (error) {
		console.warn(error.message);
		return false;
	}
}
