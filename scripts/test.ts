/**
 * Everything a change must pass, one step after another, stopping at the first failure. The last
 * line is the sum of the tests: "N passed, N failed".
 *
 *   npm test                         all of it
 *   npm test -- --only lint,unit     some steps, and the steps these need
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { mustSucceed, runInTerminal, stopUnseen, UserError } from './lib/commands';
import { readIfThere } from './lib/files';
import { build, checkTarball, pack } from './lib/package';
import { ensureTestPrograms } from './lib/programs';
import {
	ensureRuntimes,
	forgetCompiled,
	projectFolder,
	runtimeVariable,
	workFolder,
	type Runtimes,
} from './lib/runtimes';

interface Step {
	what: string;
	/** Steps that have to run before. */
	needs?: string[];
	run(): Promise<void>;
}

/** Jest would leave one idle, for a person who goes on working. */
const ALL_PROCESSORS = '--maxWorkers=100%';

const steps: Record<string, Step> = {
	lint: { what: 'Lint and formatting', run: () => npmRun('lint') },
	types: { what: 'Type check', run: () => npmRun('typecheck') },
	build: { what: 'Build', run: build },
	package: { what: 'Pack', needs: ['build'], run: packAndCheck },
	scan: { what: "n8n's community package scan", needs: ['package'], run: scan },
	unit: {
		what: 'Unit tests',
		run: () => jest('unit', [...jestFor('unit'), ALL_PROCESSORS, '--coverage']),
	},
	integration: {
		what: 'Integration tests',
		run: () => jest('integration', [...jestFor('integration'), ALL_PROCESSORS]),
	},
	e2e: { what: 'End-to-end tests in real n8n', needs: ['package'], run: endToEnd },
};

/**
 * The command line, after `node`, of the end-to-end tests. Each file starts an n8n of its own, or five:
 * two files at a time is what two processors and eight gigabytes carry, and one of them mostly waits.
 * A slow machine takes minutes for what a fast one does in seconds.
 */
export const endToEndTests = [
	...jestFor('e2e'),
	'--maxWorkers=2',
	'--testSequencer=./test/support/longestFirst.cjs',
	'--testTimeout=300000',
];

/** The part of jest's JSON report that is read here. */
interface JestReport {
	numPassedTests: number;
	numFailedTests: number;
	numRuntimeErrorTestSuites: number;
}

const totals = { passed: 0, failed: 0 };
/** What the user has to know besides, said at the end, where it is seen. */
const notes: string[] = [];
let tarball = '';
let runtimes: Promise<Runtimes> | undefined;

/** @param args what follows `npm test --` */
export async function test(args: string[]): Promise<void> {
	const selected = selectSteps(args);
	if (selected.includes('e2e')) {
		// The installs take minutes on a new machine: they run beside the steps before.
		runtimes = ensureRuntimes();
		runtimes.catch(() => undefined);
	}
	try {
		for (const name of selected) await runStep(name);
	} catch (error) {
		console.error(`\n${error instanceof UserError ? error.message : (error as Error).stack}`);
		// A step that is no test, such as lint, counts as one.
		totals.failed ||= 1;
		process.exitCode = 1;
		stopUnseen();
	}
	for (const note of notes) console.warn(`\n${note}`);
	console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
}

function selectSteps(args: string[]): string[] {
	if (args.length === 0) return Object.keys(steps);
	const [flag, list = ''] = args;
	const wanted = list.split(',');
	const unknown = wanted.filter((name) => !(name in steps));
	if (flag !== '--only' || args.length > 2 || unknown.length > 0) {
		throw new UserError(
			`Not understood: ${args.join(' ')}. Use --only with one or more of ${Object.keys(steps).join(',')}`,
		);
	}
	const needed = new Set<string>();
	const add = (name: string) => {
		(steps[name]!.needs ?? []).forEach(add);
		needed.add(name);
	};
	wanted.forEach(add);
	return Object.keys(steps).filter((name) => needed.has(name));
}

async function runStep(name: string): Promise<void> {
	const { what, run } = steps[name]!;
	console.log(`\n=== ${what} (${name})`);
	const start = Date.now();
	const duration = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
	try {
		await run();
	} catch (error) {
		console.error(`=== ${what}: FAILED after ${duration()}`);
		throw error;
	}
	console.log(`=== ${what}: passed in ${duration()}`);
}

async function npmRun(script: string): Promise<void> {
	await mustSucceed('npm', ['run', '--silent', script], { cwd: projectFolder });
}

async function packAndCheck(): Promise<void> {
	tarball = await pack();
	console.log(await checkTarball(tarball));
}

async function scan(): Promise<void> {
	await mustSucceed(process.execPath, ['--import', 'tsx', 'scripts/scanPackage.ts', tarball], {
		cwd: projectFolder,
	});
}

async function endToEnd(): Promise<void> {
	const { programs, missing } = await ensureTestPrograms();
	notes.push(...missing);
	const runtime = { ...(await runtimes), ...programs, tarball };
	await forgetCompiled();
	await jest('e2e', endToEndTests, { [runtimeVariable]: JSON.stringify(runtime) });
}

function jestFor(project: string): string[] {
	return ['node_modules/jest/bin/jest.js', `--selectProjects=${project}`];
}

async function jest(
	project: string,
	command: string[],
	env: NodeJS.ProcessEnv = {},
): Promise<void> {
	const report = path.join(workFolder, `jest-${project}.json`);
	await mkdir(workFolder, { recursive: true });
	await rm(report, { force: true });
	const code = await runInTerminal(
		process.execPath,
		[...command, '--json', `--outputFile=${report}`],
		{ cwd: projectFolder, env: { ...process.env, ...env } },
	);
	const content = await readIfThere(report);
	if (!content)
		throw new UserError(`jest ended with code ${code} before it ran the ${project} tests.`);
	const result = JSON.parse(content) as JestReport;
	totals.passed += result.numPassedTests;
	totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
	if (code !== 0) throw new UserError(`The ${project} tests failed, see above.`);
}
