/**
 * Writes the pages of docs/ that are made from the source.
 *
 *   npm run docs               writes them
 *   npm run docs -- --check    fails when one of them is not what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generatedPages, makePage } from './pages';

async function write(onlyCheck: boolean): Promise<void> {
	for (const page of generatedPages) {
		const file = path.resolve(__dirname, '../..', page);
		const text = await makePage(page);
		if (!onlyCheck) writeFileSync(file, text);
		else if (readFileSync(file, 'utf8') !== text) {
			console.error(`Run "npm run docs": ${page} does not fit the source any more.`);
			process.exitCode = 1;
		}
	}
}

write(process.argv.includes('--check')).catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
