import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { runtime } from '../../scripts/n8n/runtime';
import { name as packageName, n8n as manifest } from '../../package.json';
import { inTurn } from '../support/measure';
import type { Suite } from './support/report';

const ROUNDS = 15;

/** What the packed package may weigh, in kilobytes; the packing step refuses more. */
const TARBALL_BUDGET_KB = 200;

/** Prints what loading the files named on the command line takes, beyond what n8n has anyway. */
const LOAD = `
	require('n8n-workflow');
	globalThis.gc();
	const before = process.memoryUsage().heapUsed;
	const start = performance.now();
	for (const file of process.argv.slice(1)) for (const type of Object.values(require(file))) {
		if (typeof type === 'function') new type();
	}
	const ms = performance.now() - start;
	globalThis.gc();
	console.log(JSON.stringify([ms, process.memoryUsage().heapUsed - before]));
`;

/** What the package adds to n8n's start: the time to load it, its memory, its download. */
export async function startUp(): Promise<Suite> {
	const [n8nScript] = Object.values(runtime.n8n);
	const modules = path.resolve(path.dirname(n8nScript!), '..', '..');
	const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
	try {
		await promisify(execFile)('tar', ['-xzf', runtime.tarball, '-C', folder]);
		const ours = [...manifest.nodes, ...manifest.credentials].map((file) =>
			path.join(folder, 'package', file),
		);
		const theirs = [
			'dist/nodes/SendGrid/SendGrid.node.js',
			'dist/nodes/Webhook/Webhook.node.js',
			'dist/credentials/SendGridApi.credentials.js',
		].map((file) => path.join(modules, 'n8n-nodes-base', file));
		const load = async (files: string[]) => await loadIn(modules, files);
		const heaps: Record<'ours' | 'theirs', number> = { ours: 0, theirs: 0 };
		const times = await inTurn(['ours', 'theirs'] as const, ROUNDS, async (name) => {
			const [ms, heap] = await load(name === 'ours' ? ours : theirs);
			heaps[name] = heap;
			return ms;
		});
		const rival = "n8n's SendGrid and Webhook nodes";
		return {
			title: 'Start-up',
			how: `In a new process that has n8n-workflow loaded, as n8n has; ${ROUNDS} rounds.`,
			figures: [
				{
					what: `Load all of ${packageName}`,
					ours: times.ours,
					unit: 'ms',
					rival: { name: rival, value: times.theirs },
					ratio: { value: times.ours / times.theirs },
				},
				{
					what: 'Heap it takes',
					ours: heaps.ours / 1000,
					unit: 'kB',
					rival: { name: rival, value: heaps.theirs / 1000 },
					ratio: { value: heaps.ours / heaps.theirs },
				},
				{
					what: 'Packed package',
					ours: (await stat(runtime.tarball)).size / 1000,
					unit: 'kB',
					bar: { atMost: TARBALL_BUDGET_KB },
				},
			],
		};
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function loadIn(modules: string, files: string[]): Promise<[ms: number, heap: number]> {
	const { stdout } = await promisify(execFile)(
		runtime.node,
		['--expose-gc', '-e', LOAD, ...files],
		{ cwd: modules, env: { ...process.env, NODE_PATH: modules } },
	);
	return JSON.parse(stdout) as [number, number];
}
