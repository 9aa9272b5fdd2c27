import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const CLI = path.resolve(__dirname, '../cli.ts');

/** Runs the command and gathers what it prints. */
function run(...options: string[]) {
	const child = spawn(process.execPath, ['--import', 'tsx', CLI, ...options]);
	let output = '';
	const waiting: Array<() => void> = [];
	for (const stream of [child.stdout, child.stderr]) {
		stream.on('data', (chunk: Buffer) => {
			output += chunk.toString();
			for (const look of waiting.splice(0)) look();
		});
	}
	const ended = once(child, 'exit').then(([code]: unknown[]) => code);
	return {
		child,
		ended,
		/** Resolves with the match once it was printed; rejects if the command ends without it. */
		async printed(pattern: RegExp): Promise<RegExpExecArray> {
			for (;;) {
				const match = pattern.exec(output);
				if (match) return match;
				const more = new Promise<void>((resolve) => waiting.push(resolve));
				const end = ended.then((code) => {
					throw new Error(`Ended with ${String(code)} after printing: ${output}`);
				});
				await Promise.race([more, end]);
			}
		},
	};
}

it('serves the API with the given key, prints mail, and stops when told to', async () => {
	const { child, ended, printed } = run('--port', '0', '--api-key', 'SG.mine');
	const [, url] = await printed(/SendGrid stand-in: (\S+)\nAPI key: SG\.mine\n/);
	const response = await fetch(`${url}/v3/mail/send`, {
		method: 'POST',
		headers: { Authorization: 'Bearer SG.mine', 'Content-Type': 'application/json' },
		body: JSON.stringify({
			personalizations: [{ to: [{ email: 'ann@example.com' }] }],
			from: { email: 'hello@example.com' },
			subject: 'Hi',
			content: [{ type: 'text/plain', value: 'Hello' }],
		}),
	});
	expect(response.status).toBe(202);
	await printed(/hello@example\.com -> ann@example\.com {2}"Hi"/);
	child.kill('SIGTERM');
	expect(await ended).toBe(0);
}, 30_000);

it('refuses an option that does not exist', async () => {
	const { ended, printed } = run('--prot', '1');
	await printed(/Unknown option '--prot'/);
	expect(await ended).toBe(1);
}, 30_000);
