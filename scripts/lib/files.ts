import { access, constants, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The text of a file; `undefined` when it is not there. */
export async function readIfThere(file: string): Promise<string | undefined> {
	try {
		return await readFile(file, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

export async function isExecutable(file: string): Promise<boolean> {
	return await access(file, constants.X_OK).then(
		() => true,
		() => false,
	);
}

/** @param places folders besides those of PATH */
export async function findInPath(
	program: string,
	places: readonly string[] = [],
): Promise<string | undefined> {
	for (const folder of [...(process.env.PATH ?? '').split(path.delimiter), ...places]) {
		const file = path.join(folder, program);
		if (await isExecutable(file)) return file;
	}
	return undefined;
}
