/**
 * n8n's own scan of community packages, offline: what n8n runs on a published package before it
 * verifies it, on the source and on the unpacked tarball. Stricter in one point: warnings count.
 *
 *   node scripts/scanPackage.mjs <tarball>
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
	analyzePackage,
	buildScanConfig,
	SOURCE_FILE_PATTERNS,
} from '@n8n/scan-community-package/scanner/scanner.mjs';
import { ESLint } from 'eslint';

/** What the scan looks at in a tarball; its source exports no constant for this. */
const TARBALL_FILE_PATTERNS = ['**/*.js', 'package.json'];

/** @returns {Promise<boolean>} whether the folder passes without error or warning */
async function passes(what, folder, patterns) {
	const verdict = await analyzePackage(folder, patterns);
	const warnings = await warningsIn(folder, patterns);
	const ok = verdict.passed && !warnings;
	console.log(`${what}: ${ok ? 'passed' : 'FAILED'}`);
	// A verdict with errors lists the warnings too.
	if (!ok) console.log(verdict.passed ? warnings : (verdict.details ?? verdict.message));
	return ok;
}

/** The verdict above is "passed" without a word when there are only warnings. */
async function warningsIn(folder, patterns) {
	const eslint = new ESLint({
		cwd: folder,
		allowInlineConfig: false,
		overrideConfigFile: true,
		overrideConfig: await buildScanConfig(),
	});
	const results = await eslint.lintFiles(patterns);
	if (results.every(({ warningCount }) => warningCount === 0)) return '';
	return await (await eslint.loadFormatter('stylish')).format(results);
}

const projectFolder = path.resolve(fileURLToPath(import.meta.url), '../..');
const unpacked = await mkdtemp(path.join(tmpdir(), 'scan-package-'));
try {
	await promisify(execFile)('tar', ['-xzf', process.argv[2], '-C', unpacked]);
	const results = [
		await passes('Source', projectFolder, SOURCE_FILE_PATTERNS),
		await passes('Tarball', path.join(unpacked, 'package'), TARBALL_FILE_PATTERNS),
	];
	process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
	await rm(unpacked, { recursive: true, force: true });
}
