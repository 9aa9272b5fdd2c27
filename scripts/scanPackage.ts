/**
 * n8n's own scan of community packages, offline: what n8n runs on a published package before it
 * verifies it, on the source and on the unpacked tarball. Stricter in one point: warnings count.
 *
 *   npx tsx scripts/scanPackage.ts <tarball>
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ESLint } from 'eslint';

/** What the scan looks at in a tarball; its source exports no constant for this. */
const TARBALL_FILE_PATTERNS = ['**/*.js', 'package.json'];

/** An ES module: only a dynamic import reaches it from here. */
const scanner = import('@n8n/scan-community-package/scanner/scanner.mjs');

/** @returns whether the folder passes without error or warning */
async function passes(what: string, folder: string, patterns: string[]): Promise<boolean> {
	const verdict = await (await scanner).analyzePackage(folder, patterns);
	const warnings = await warningsIn(folder, patterns);
	const ok = verdict.passed && !warnings;
	console.log(`${what}: ${ok ? 'passed' : 'FAILED'}`);
	// A verdict with errors lists the warnings too.
	if (!ok) console.log(verdict.passed ? warnings : (verdict.details ?? verdict.message));
	return ok;
}

/** The verdict above is "passed" without a word when there are only warnings. */
async function warningsIn(folder: string, patterns: string[]): Promise<string> {
	const eslint = new ESLint({
		cwd: folder,
		allowInlineConfig: false,
		overrideConfigFile: true,
		overrideConfig: await (await scanner).buildScanConfig(),
	});
	const results = await eslint.lintFiles(patterns);
	if (results.every(({ warningCount }) => warningCount === 0)) return '';
	return await (await eslint.loadFormatter('stylish')).format(results);
}

async function scan(tarball: string): Promise<void> {
	const unpacked = await mkdtemp(path.join(tmpdir(), 'scan-package-'));
	try {
		await promisify(execFile)('tar', ['-xzf', tarball, '-C', unpacked]);
		const { SOURCE_FILE_PATTERNS } = await scanner;
		const results = [
			await passes('Source', path.resolve(__dirname, '..'), SOURCE_FILE_PATTERNS),
			await passes('Tarball', path.join(unpacked, 'package'), TARBALL_FILE_PATTERNS),
		];
		process.exitCode = results.every(Boolean) ? 0 : 1;
	} finally {
		await rm(unpacked, { recursive: true, force: true });
	}
}

scan(process.argv[2] ?? '').catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
