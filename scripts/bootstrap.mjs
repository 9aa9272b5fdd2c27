/**
 * The one entry to everything that runs more than a unit test. It obtains what the command needs,
 * keeps it for next time, and hands over. Plain JavaScript without dependencies: it has to run
 * before anything is installed.
 *
 *   node scripts/bootstrap.mjs start [--once]         try the nodes in a real n8n
 *   node scripts/bootstrap.mjs test [--only a,b]      everything a change must pass
 *   node scripts/bootstrap.mjs e2e [jest arguments]   the end-to-end tests only
 *   node scripts/bootstrap.mjs run <file.ts> [...]    a script that uses a real n8n
 */
const oldestNode = 20;
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
	console.error(
		`This is Node ${process.versions.node}; the project needs Node ${oldestNode} or newer: https://nodejs.org`,
	);
	process.exit(1);
}

const { ensureBrowser, noBrowserAdvice } = await import('./lib/browser.mjs');
const { runInTerminal, UserError } = await import('./lib/commands.mjs');
const {
	ensureProjectDependencies,
	ensureRuntimes,
	n8nVersions,
	newestN8n,
	projectFolder,
	runtimeVariable,
} = await import('./lib/runtimes.mjs');
const { buildAndPack } = await import('./lib/package.mjs');
const { ensurePostgres, findPostgres, noPostgresAdvice } = await import('./lib/postgres.mjs');
const { ensureRedis, noRedisAdvice } = await import('./lib/redis.mjs');
const { endToEndTests, test } = await import('./test.mjs');

const commands = {
	start: (args) => runWithN8n([newestN8n], ['--import', 'tsx', 'scripts/start.ts', ...args]),
	test,
	e2e,
	run: async (args) =>
		await runWithN8n(n8nVersions, ['--import', 'tsx', ...args], { postgres: await findPostgres() }),
};

async function e2e(args) {
	const browser = await ensureBrowser();
	const postgres = await ensurePostgres();
	const hasRedis = await ensureRedis();
	await runWithN8n(n8nVersions, [...endToEndTests, ...args], { browser, postgres });
	if (!browser) console.warn(`\n${noBrowserAdvice}`);
	if (!postgres) console.warn(`\n${noPostgresAdvice}`);
	if (!hasRedis) console.warn(`\n${noRedisAdvice}`);
}

/** Runs Node with these arguments, the package packed and its runtimes at hand. */
async function runWithN8n(versions, args, more = {}) {
	const runtimes = await ensureRuntimes(versions);
	const tarball = await buildAndPack();
	process.exitCode = await runInTerminal(process.execPath, args, {
		cwd: projectFolder,
		env: { ...process.env, [runtimeVariable]: JSON.stringify({ ...runtimes, ...more, tarball }) },
	});
}

const [name, ...args] = process.argv.slice(2);
try {
	if (!(name in commands)) {
		throw new UserError(
			`Say what to do: node scripts/bootstrap.mjs ${Object.keys(commands).join('|')}`,
		);
	}
	await ensureProjectDependencies();
	await commands[name](args);
} catch (error) {
	console.error(error instanceof UserError ? `\n${error.message}` : error);
	process.exitCode = 1;
}
