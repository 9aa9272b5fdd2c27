/**
 * Measures the package beside what users have otherwise: `npm run bench`, or with the names of
 * suites, `npm run bench -- core ledger`. Prints a table and writes .cache/bench.json.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { core } from './core';
import { ledger } from './ledger';
import { n8n, n8nDeployed, n8nLazy, n8nLone } from './n8n';
import { sending, sendingGrowth } from './sending';
import { startUp } from './startUp';
import { isMet, toMarkdown, type Suite } from './support/report';

const SUITES: Record<string, () => Promise<Suite>> = {
	core,
	ledger,
	n8n,
	n8nLone,
	n8nLazy,
	n8nDeployed,
	sending,
	sendingGrowth,
	startUp,
};

const resultsFile = path.join('.cache', 'bench.json');

async function main(names: string[]): Promise<void> {
	const unknown = names.filter((name) => !(name in SUITES));
	if (unknown.length > 0) {
		throw new Error(
			`Not a suite: ${unknown.join(', ')}. There are ${Object.keys(SUITES).join(', ')}.`,
		);
	}
	const machine = `${os.cpus().length} × ${os.cpus()[0]?.model}, Node ${process.versions.node}`;
	console.log(`${machine}\n`);
	const results: Record<string, Suite> = {};
	for (const name of names.length > 0 ? names : Object.keys(SUITES)) {
		results[name] = await SUITES[name]!();
		console.log(toMarkdown(results[name]));
	}
	await mkdir(path.dirname(resultsFile), { recursive: true });
	await writeFile(resultsFile, JSON.stringify({ machine, at: new Date(), results }, null, '\t'));
	const missed = Object.values(results).flatMap(({ figures }) => figures.filter(misses));
	console.log(`Written to ${resultsFile}. ${missed.length} bars missed.`);
	if (missed.length > 0) process.exitCode = 1;
}

function misses({ ours, bar, ratio }: Suite['figures'][number]): boolean {
	return !isMet(ours, bar ?? {}) || (ratio !== undefined && !isMet(ratio.value, ratio.bar ?? {}));
}

void main(process.argv.slice(2));
