import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve(__dirname, '../../.github/workflows');

/** A tag can be moved to other code, a commit cannot. */
test.each(readdirSync(FOLDER))('%s uses actions by commit, with the release beside it', (file) => {
	const uses = [...readFileSync(path.join(FOLDER, file), 'utf8').matchAll(/uses: (.+)$/gm)]
		.map(([, action]) => action!)
		.filter((action) => !action.startsWith('./'));

	expect(uses.length).toBeGreaterThan(0);
	expect(uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d/.test(action))).toEqual([]);
});
