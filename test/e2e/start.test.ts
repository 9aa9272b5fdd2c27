import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/n8n/freePort';

const projectFolder = path.resolve(__dirname, '../..');

/** With a key, the command would send from somebody's account. */
const withoutAccount = { ...process.env, SENDGRID_API_KEY: '' };

/** "npm start -- --once", but for the steps before, which `npm test` has done. */
test('npm start sends mails through the stand-in and ends when all their events have come', async () => {
	const { stdout } = await promisify(execFile)(
		process.execPath,
		['--import', 'tsx', 'scripts/start.ts', '--once'],
		{ cwd: projectFolder, env: withoutAccount },
	);
	for (const event of ['delivered', 'open', 'click', 'bounce']) expect(stdout).toContain(event);
});

test('npm start says what to do when it cannot fetch n8n', async () => {
	const cache = await mkdtemp(path.join(tmpdir(), 'empty-cache-'));
	try {
		const attempt = promisify(execFile)('npm', ['start'], {
			cwd: projectFolder,
			env: {
				...withoutAccount,
				N8N_NODES_SENDGRID_EVENTS_CACHE: cache,
				npm_config_registry: `http://127.0.0.1:${await freePort()}/`,
			},
		});
		await expect(attempt).rejects.toMatchObject({
			stderr: expect.stringContaining(
				'Connect this machine to the Internet and try again',
			) as string,
		});
	} finally {
		await rm(cache, { recursive: true, force: true });
	}
});

test('n8n ends as well when npm alone is killed', async () => {
	const npm = spawn('npm', ['start'], {
		cwd: projectFolder,
		env: { ...withoutAccount, N8N_PORT: String(await freePort()) },
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let output = '';
	npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
	const address = () => /^n8n +(http\S+)$/m.exec(output)?.[1];
	while (address() === undefined && npm.exitCode === null) await sleep(100);

	expect((await fetch(address()!)).status).toBe(200);
	npm.kill('SIGKILL');
	await once(npm, 'exit');
	while (await isReachable(address()!)) await sleep(200);
});

async function isReachable(url: string): Promise<boolean> {
	return await fetch(url).then(
		() => true,
		() => false,
	);
}
