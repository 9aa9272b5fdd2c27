import { setTimeout as sleep } from 'node:timers/promises';
import { sampleEvent } from '../../emulator';
import { Random } from '../support/random';
import { commonFigures, faultIfAny, SAID_OF_MODE, tallyOf, type Report } from './report';
import type { Stage } from './stage';
import { eventIdOf, planTraffic } from './traffic';
import type { Workload } from './workload';

export interface RunOptions {
	events: number;
	seed: number;
	/** How often n8n is stopped or killed. */
	times: number;
	workload?: Workload;
}

/**
 * "Do Nothing": n8n is stopped as in service and started again while posts arrive. Each event is to be
 * worked on once.
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
		title: `Restarts ${stage.inFront}, ${SAID_OF_MODE.onReceived} (seed ${seed})`,
		figures: { posts: posts.length, restarts: due.size, ...(await commonFigures(stage, eventIds)) },
		faults: [
			...faultIfAny(lost, 'events were lost'),
			...faultIfAny([...repeated.keys()], 'events were worked on more than once'),
			...((await workload?.check(eventIds, stage)) ?? []),
		],
	};
}

/** Senders of single events that knock while n8n starts, and how often. */
const KNOCKING_SENDERS = 10;
const KNOCK_EVERY_MS = 50;

/**
 * Small posts knock all the time while n8n is stopped and started, so that some reach it at every
 * moment of its start. Behind a gate none is lost. Without one some are: n8n answers them with 200
 * before it has loaded a workflow.
 */
export async function startingUp(
	stage: Stage,
	{ times, gate }: { times: number; gate: boolean },
): Promise<Report> {
	await stage.publish('onReceived');
	const eventIds: string[] = [];
	const retryDelaysMs = Array.from({ length: 10_000 }, () => KNOCK_EVERY_MS);
	let isRestarting = true;
	const knock = async () => {
		for (; isRestarting; await sleep(KNOCK_EVERY_MS)) {
			const event = sampleEvent('open', { sg_event_id: `open-starting-${eventIds.length}` });
			eventIds.push(eventIdOf(event));
			await stage.sendGrid.postEvents(stage.webhook.id, [event], { retryDelaysMs });
		}
	};
	const knocking = Array.from({ length: KNOCKING_SENDERS }, knock);
	for (let restart = 0; restart < times; restart++) await stage.n8n.restart();
	isRestarting = false;
	await Promise.all(knocking);
	await stage.settled(eventIds);

	const { lost, repeated } = tallyOf(stage, eventIds);
	const tooMany = gate ? faultIfAny(lost, 'events were lost') : [];
	const noneAtAll =
		gate || lost.length > 0 ? [] : ['No event was lost: this does not show what the gate is for'];
	return {
		title: `Posts knock while n8n starts, ${stage.inFront}${gate ? '' : ' and without a gate'}`,
		figures: { restarts: times, ...(await commonFigures(stage, eventIds)) },
		faults: [
			...tooMany,
			...noneAtAll,
			...faultIfAny([...repeated.keys()], 'events were worked on more than once'),
		],
	};
}

/** `times` places spread evenly over a run of `length` posts, the ends left out. */
export function placesIn(length: number, times: number): Set<number> {
	return new Set(
		Array.from({ length: times }, (_, index) => Math.round(((index + 1) * length) / (times + 1))),
	);
}
