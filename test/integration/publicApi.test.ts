import { execFile, execFileSync } from 'node:child_process';
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createSigningKey, signBody } from '../../emulator/signing';
import { name } from '../../package.json';

const PROJECT = path.resolve(__dirname, '../..');
const run = promisify(execFile);

/** A program of somebody who installed the package as the README says, without n8n. */
describe('the published package, used outside of n8n', () => {
	const readme = readFileSync(path.join(PROJECT, 'README.md'), 'utf8');
	let consumer: string;

	beforeAll(() => {
		// Outside of the project: in it, n8n-workflow would be found.
		consumer = realpathSync(mkdtempSync(path.join(tmpdir(), 'consumer-')));
		const packed = execFileSync(
			'npm',
			['pack', '--silent', '--ignore-scripts', '--pack-destination', consumer],
			{ cwd: PROJECT, encoding: 'utf8' },
		);
		const [, install] = /^(npm install --prefix .*?) +# then restart n8n$/m.exec(readme)!;
		const command = install!
			.replace('~/.n8n/nodes', '"$NODES"')
			.replace(/\.\/.*$/, `./${packed.trim()}`);
		// It needs nothing from elsewhere.
		const env = { ...process.env, NODES: consumer, npm_config_offline: 'true' };
		execFileSync('sh', ['-c', command], { cwd: consumer, env, stdio: 'pipe' });
	});

	afterAll(() => rmSync(consumer, { recursive: true, force: true }));

	const signingKey = createSigningKey();
	const body =
		'[{"event":"open","email":"Ann@Example.COM","sg_event_id":"1","sg_machine_open":true}]';
	const timestamp = '1700000000';
	const post = {
		body,
		signature: signBody(signingKey, Buffer.from(body), timestamp),
		timestamp,
		publicKey: signingKey.publicKey,
	};

	const program = (load: string) => `
		${load}
		const { body, signature, timestamp, publicKey } = JSON.parse(process.argv[2]);
		const ok = verifySignature(Buffer.from(body), signature, timestamp, publicKey);
		const forged = verifySignature(Buffer.from(body + ' '), signature, timestamp, publicKey);
		const { event, email, machineOpen } = normalizeEvent(JSON.parse(body)[0]);
		console.log(JSON.stringify({ ok, forged, event, email, machineOpen }));`;

	it("runs the README's example", async () => {
		const [, example] = /^```js\n(.*?)^```$/ms.exec(readme)!;
		const given = `
			const { body, signature, timestamp, publicKey: verificationKey } = JSON.parse(process.argv[2]);
			const rawBody = Buffer.from(body);`;
		writeFileSync(path.join(consumer, 'readme.cjs'), given + example!);

		const readmes = ['readme.cjs', JSON.stringify(post)];
		const { stdout } = await run(process.execPath, readmes, { cwd: consumer });

		expect(stdout).toContain("email: 'Ann@example.com'");
	});

	it.each([
		['require', 'program.cjs', `const { verifySignature, normalizeEvent } = require('${name}');`],
		['import', 'program.mjs', `import { verifySignature, normalizeEvent } from '${name}';`],
	])('verifies and normalizes events by %s', async (_, file, load) => {
		writeFileSync(path.join(consumer, file), program(load));

		const { stdout } = await run(process.execPath, [file, JSON.stringify(post)], { cwd: consumer });

		expect(JSON.parse(stdout)).toEqual({
			ok: true,
			forged: false,
			event: 'open',
			email: 'Ann@example.com',
			machineOpen: true,
		});
	});

	it('brings types for these functions', async () => {
		mkdirSync(path.join(consumer, 'node_modules', '@types'), { recursive: true });
		for (const types of ['@types/node', 'undici-types']) {
			symlinkSync(
				path.join(PROJECT, 'node_modules', types),
				path.join(consumer, 'node_modules', types),
			);
		}
		const compile = async (line: string) => {
			writeFileSync(
				path.join(consumer, 'program.ts'),
				`import { normalizeEvent, verifySignature, type SendGridEvent } from '${name}';\n${line}\n`,
			);
			const tsc = path.join(PROJECT, 'node_modules/typescript/bin/tsc');
			const options = ['--noEmit', '--strict', '--module', 'node16', '--types', 'node'];
			await run(process.execPath, [tsc, ...options, 'program.ts'], { cwd: consumer });
		};

		await compile(
			`const event: SendGridEvent = normalizeEvent({ event: 'open' }); const ok: boolean = verifySignature(Buffer.from(''), '', event.email ?? '', ['key']);`,
		);
		await expect(compile(`const count: number = normalizeEvent({});`)).rejects.toThrow();
		await expect(compile(`verifySignature('text', '', '', 'key');`)).rejects.toThrow();
	}, 60_000);
});
