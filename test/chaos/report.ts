import { performance } from 'node:perf_hooks';
import type { Call } from './collector';
import type { Stage } from './stage';

/** What a run has shown. */
export interface Report {
	title: string;
	/** What was measured, by name. */
	figures: Record<string, string | number>;
	/** Promises that were broken, a sentence each; empty when all held. */
	faults: string[];
}

/** How the editor calls the two ways, under "If the Workflow Fails". */
export const SAID_OF_MODE = {
	onReceived: '"Do Nothing"',
	lastNode: '"Have SendGrid Send Again"',
};

/** What became of the events of a run. */
export interface Tally {
	lost: string[];
	/** The events that were worked on more than once, with the calls in which they were. */
	repeated: Map<string, Call[]>;
}

export function tallyOf(stage: Stage, eventIds: readonly string[]): Tally {
	const work = stage.collector.workOn();
	return {
		lost: eventIds.filter((id) => !work.has(id)),
		repeated: new Map([...work].filter(([, calls]) => calls.length > 1)),
	};
}

/** The figures every run reports. */
export async function commonFigures(stage: Stage, eventIds: readonly string[]) {
	const { lost, repeated } = tallyOf(stage, eventIds);
	const executions = await stage.client.executions(stage.workflow.id);
	return {
		events: eventIds.length,
		'attempts to post': stage.attempts.length,
		executions: executions.length,
		lost: lost.length,
		'worked on more than once': repeated.size,
		'executions that did so': executionsOf(repeated).size,
	};
}

/** The executions that worked on events that another one had worked on before. */
function executionsOf(repeated: Tally['repeated']): Set<string> {
	return new Set([...repeated.values()].flatMap(([, ...later]) => later).map((c) => c.executionId));
}

/** Runs a scenario and adds how long it took. */
export async function timed(scenario: () => Promise<Report>): Promise<Report> {
	const start = performance.now();
	const report = await scenario();
	const seconds = Math.round((performance.now() - start) / 1000);
	return { ...report, figures: { ...report.figures, seconds } };
}

export function print({ title, figures, faults }: Report): void {
	console.log(`\n${title}`);
	for (const [name, value] of Object.entries(figures)) console.log(`  ${name}: ${value}`);
	for (const fault of faults) console.log(`  BROKEN: ${fault}`);
	if (faults.length === 0) console.log('  held');
}

/** `3 events were lost, such as open-1-2`; nothing when there are none. */
export function faultIfAny(ids: readonly string[], what: string): string[] {
	return ids.length === 0 ? [] : [`${ids.length} ${what}, such as ${ids[0]}`];
}
