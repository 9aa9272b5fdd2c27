import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { version } from '../../package.json';

const SCRIPT = path.resolve(__dirname, '../../scripts/releaseNotes.ts');

const releaseNotes = async (tag: string) =>
	(await promisify(execFile)(process.execPath, ['--import', 'tsx', SCRIPT, tag])).stdout;

describe('release notes', () => {
	it('are in the changelog for the present version, without the links at its end', async () => {
		const notes = await releaseNotes(`v${version}`);
		expect(notes).toMatch(/^### |^\w/);
		expect(notes).not.toMatch(/^\[.+\]: |^## /m);
	});

	it('refuse a tag that is not the version in package.json', async () => {
		await expect(releaseNotes('v0.0.0')).rejects.toThrow(
			`The tag is v0.0.0, but the version in package.json is ${version}.`,
		);
	});
});
