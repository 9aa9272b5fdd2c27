/**
 * Prints what CHANGELOG.md says of the release that a tag names, for the release's page; fails when
 * the tag, package.json and the changelog disagree.
 *
 *   npx tsx scripts/releaseNotes.ts v1.0.0
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { version } from '../package.json';
import { UserError } from './lib/commands';

function releaseNotes(tag: string | undefined): string {
	if (tag !== `v${version}`) {
		throw new UserError(`The tag is ${tag}, but the version in package.json is ${version}.`);
	}
	const section = readFileSync(path.resolve(__dirname, '../CHANGELOG.md'), 'utf8')
		.split(/^(?=## )/m)
		.find((candidate) => candidate.startsWith(`## [${version}] - `));
	if (!section) {
		throw new UserError(
			`Give what stands under "Unreleased" in CHANGELOG.md the heading "## [${version}] - <date>": it has no such section.`,
		);
	}
	const isLink = (line: string) => /^\[.+\]: http/.test(line);
	const [, ...lines] = section.split('\n');
	return lines
		.filter((line) => !isLink(line))
		.join('\n')
		.trim();
}

try {
	console.log(releaseNotes(process.argv[2]));
} catch (error) {
	console.error(error instanceof UserError ? error.message : error);
	process.exitCode = 1;
}
