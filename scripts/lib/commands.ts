/** Runs other programs for the scripts and never leaves one behind. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const isWindows = process.platform === 'win32';

/** A failure whose message alone tells the user what went wrong and what to do: no stack needed. */
export class UserError extends Error {}

/** Children that own the terminal: they get our signals and we wait for them to clean up. */
const foreground = new Set<ChildProcess>();
/** Groups of children that work unseen: they end with us. */
const background = new Set<ChildProcess>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.on(signal, () => {
		if (foreground.size === 0) process.exit(signal === 'SIGINT' ? 130 : 143);
		for (const child of foreground) child.kill(signal);
	});
}

process.on('exit', stopUnseen);

/** Ends every program started with `runUnseen`. */
export function stopUnseen(): void {
	for (const child of background) {
		try {
			// npm starts compilers of its own: only the group reaches them.
			if (isWindows) child.kill();
			else process.kill(-child.pid!, 'SIGTERM');
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
		}
	}
}

/**
 * Runs a program in the terminal.
 *
 * @param command a program, or `npm`
 * @returns its exit code, 128 + n when signal n ended it
 */
export async function runInTerminal(
	command: string,
	args: string[],
	options: Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<number> {
	const child = spawn(command, args, { stdio: 'inherit', shell: needsShell(command), ...options });
	foreground.add(child);
	try {
		return await exitOf(child, command);
	} finally {
		foreground.delete(child);
	}
}

/**
 * Like `runInTerminal`, for a program that must succeed.
 *
 * @throws UserError when its exit code is not 0
 */
export async function mustSucceed(
	command: string,
	args: string[],
	options: Pick<SpawnOptions, 'cwd' | 'env'>,
): Promise<void> {
	const code = await runInTerminal(command, args, options);
	if (code !== 0) throw new UserError(`"${[command, ...args].join(' ')}" ended with code ${code}.`);
}

/**
 * Runs a program unseen, its output in `logFile`.
 *
 * @throws UserError with the last lines of the output when the exit code is not 0
 */
export async function runUnseen(
	command: string,
	args: string[],
	{ cwd, env, logFile }: { cwd: string; env?: NodeJS.ProcessEnv; logFile: string },
): Promise<void> {
	const log = openSync(logFile, 'a');
	let code: number;
	try {
		const child = spawn(command, args, {
			cwd,
			env,
			stdio: ['ignore', log, log],
			shell: needsShell(command),
			detached: !isWindows,
		});
		background.add(child);
		code = await exitOf(child, command).finally(() => background.delete(child));
	} finally {
		closeSync(log);
	}
	if (code === 0) return;
	const tail = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-15).join('\n');
	throw new UserError(
		`"${[command, ...args].join(' ')}" ended with code ${code}. Its last lines (all in ${logFile}):\n${tail}`,
	);
}

function exitOf(child: ChildProcess, command: string): Promise<number> {
	return new Promise((resolve, reject) => {
		child.once('error', (error: NodeJS.ErrnoException) =>
			reject(
				error.code === 'ENOENT'
					? new UserError(`"${command}" was not found. Install it, or add its folder to PATH.`)
					: error,
			),
		);
		child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
	});
}

/** On Windows npm is a command script, which only a shell can start. */
function needsShell(command: string): boolean {
	return isWindows && command === 'npm';
}

/**
 * The environment in which `npm` and its install scripts use a given Node.
 *
 * @param node path of a Node binary
 */
export function environmentWithNode(node: string): NodeJS.ProcessEnv {
	const prefix = path.dirname(path.dirname(node));
	const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
	return {
		...process.env,
		[pathName]: `${path.dirname(node)}${path.delimiter}${process.env[pathName]}`,
		// Where this Node's own headers lie: compiling against them needs no download.
		...(existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) && {
			npm_config_nodedir: prefix,
		}),
	};
}
