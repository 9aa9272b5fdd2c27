import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

/** "npm start -- --once", but for the steps before, which `npm test` has done. */
test('npm start sends mails through the stand-in and ends when all their events have come', async () => {
	const { stdout } = await promisify(execFile)(
		process.execPath,
		['--import', 'tsx', 'scripts/start.ts', '--once'],
		{
			cwd: path.resolve(__dirname, '../..'),
			// With a key it would send from somebody's account.
			env: { ...process.env, SENDGRID_API_KEY: '' },
		},
	);
	for (const event of ['delivered', 'open', 'click', 'bounce']) expect(stdout).toContain(event);
});
