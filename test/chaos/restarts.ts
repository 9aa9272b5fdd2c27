import { Random } from '../support/random';
import { commonFigures, faultIfAny, tallyOf, type Report } from './report';
import type { Stage } from './stage';
import { planTraffic } from './traffic';
import type { Workload } from './workload';

export interface RunOptions {
	events: number;
	seed: number;
	/** How often n8n is stopped or killed. */
	times: number;
	workload?: Workload;
}

/**
 * "When received": n8n is stopped as in service and started again while posts arrive. Each event is
 * to be worked on once.
 */
export async function restarts(
	stage: Stage,
	{ events, seed, times, workload }: RunOptions,
): Promise<Report> {
	const random = new Random(seed);
	const { eventIds, posts } = planTraffic(events, random);
	const due = placesIn(posts.length, times);
	await stage.publish('onReceived', workload);

	let restarting = Promise.resolve();
	await stage.send(posts, random, (index) => {
		if (due.has(index)) restarting = restarting.then(() => stage.n8n.restart());
	});
	await restarting;
	await stage.settled(eventIds);

	const { lost, repeated } = tallyOf(stage, eventIds);
	return {
		title: `Restarts, "Do Nothing" (seed ${seed})`,
		figures: { posts: posts.length, restarts: due.size, ...(await commonFigures(stage, eventIds)) },
		faults: [
			...faultIfAny(lost, 'events were lost'),
			...faultIfAny([...repeated.keys()], 'events were worked on more than once'),
			...((await workload?.check(eventIds, stage)) ?? []),
		],
	};
}

/** `times` places spread evenly over a run of `length` posts, the ends left out. */
export function placesIn(length: number, times: number): Set<number> {
	return new Set(
		Array.from({ length: times }, (_, index) => Math.round(((index + 1) * length) / (times + 1))),
	);
}
