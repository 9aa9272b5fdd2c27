/**
 * The commands that need more than the project's dependencies. Each obtains what it needs, keeps
 * it for next time, and runs.
 *
 *   npm start [-- --once]              try the nodes in a real n8n
 *   npm test [-- --only a,b]           everything a change must pass
 *   npm run test:e2e [-- <file>]       the end-to-end tests only
 *   npm run bench, test:chaos, …       scripts that use a real n8n
 *
 * `--install-programs` lets a command install what else tests need (Chromium, PostgreSQL, Redis)
 * with Debian's package manager, as root; in CI that is allowed anyway.
 */
import { runInTerminal, UserError } from './lib/commands';
import { buildAndPack } from './lib/package';
import { ensureTestPrograms, INSTALL_FLAG } from './lib/programs';
import {
	ensureRuntimes,
	forgetCompiled,
	n8nVersions,
	newestN8n,
	projectFolder,
	runtimeVariable,
} from './lib/runtimes';
import { endToEndTests, test } from './test';

type Command = (args: string[]) => Promise<void>;

const commands: Record<string, Command> = {
	start: async (args) =>
		await runWithN8n([newestN8n], ['--import', 'tsx', 'scripts/start.ts', ...args]),
	test,
	e2e,
	run: async (args) =>
		await runWithN8n(
			n8nVersions,
			['--import', 'tsx', ...args],
			(await ensureTestPrograms(false)).programs,
		),
};

async function e2e(args: string[]): Promise<void> {
	const { programs, missing } = await ensureTestPrograms();
	await forgetCompiled();
	await runWithN8n(n8nVersions, [...endToEndTests, ...args], programs);
	for (const advice of missing) console.warn(`\n${advice}`);
}

/** Runs Node with these arguments, the package packed and its runtimes at hand. */
async function runWithN8n(
	versions: readonly string[],
	args: string[],
	more: object = {},
): Promise<void> {
	const runtimes = await ensureRuntimes(versions);
	const tarball = await buildAndPack();
	process.exitCode = await runInTerminal(process.execPath, args, {
		cwd: projectFolder,
		env: { ...process.env, [runtimeVariable]: JSON.stringify({ ...runtimes, ...more, tarball }) },
	});
}

async function main([name = '', ...args]: string[]): Promise<void> {
	const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
	if (command === undefined) {
		throw new UserError(`Say what to do: ${Object.keys(commands).join(', ')}.`);
	}
	await command(args.filter((arg) => arg !== INSTALL_FLAG));
}

main(process.argv.slice(2)).catch((error: unknown) => {
	console.error(error instanceof UserError ? `\n${error.message}` : error);
	process.exitCode = 1;
});
