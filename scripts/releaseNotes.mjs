/**
 * Prints what CHANGELOG.md says of the release that a tag names, for the release's page; fails when
 * the tag, package.json and the changelog disagree.
 *
 *   node scripts/releaseNotes.mjs v1.0.0
 */
import { readFileSync } from 'node:fs';
import { UserError } from './lib/commands.mjs';

function releaseNotes(tag) {
	const { version } = JSON.parse(read('package.json'));
	if (tag !== `v${version}`) {
		throw new UserError(`The tag is ${tag}, but the version in package.json is ${version}.`);
	}
	const section = read('CHANGELOG.md')
		.split(/^(?=## )/m)
		.find((candidate) => candidate.startsWith(`## [${version}] - `));
	if (!section) {
		throw new UserError(
			`CHANGELOG.md has no section "## [${version}] - <date>". Give what stands under "Unreleased" this heading.`,
		);
	}
	const isLink = (line) => /^\[.+\]: http/.test(line);
	const [, ...lines] = section.split('\n');
	return lines
		.filter((line) => !isLink(line))
		.join('\n')
		.trim();
}

function read(file) {
	return readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
}

try {
	console.log(releaseNotes(process.argv[2]));
} catch (error) {
	console.error(error instanceof UserError ? error.message : error);
	process.exitCode = 1;
}
