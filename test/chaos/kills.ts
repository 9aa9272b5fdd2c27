import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleEvent, type PostAttempt } from '../../emulator';
import { Random } from '../support/random';
import { commonFigures, faultIfAny, SAID_OF_MODE, tallyOf, type Report } from './report';
import { placesIn, type RunOptions } from './restarts';
import type { Attempt, Stage } from './stage';
import { eventIdOf, planTraffic } from './traffic';

/** How far n8n is with a post when it is killed. */
export const MOMENTS = ['any', 'verified', 'stored', 'working', 'worked', 'answered'] as const;

export type Moment = (typeof MOMENTS)[number];

const SAID: Record<Moment, string> = {
	any: 'at random',
	verified: 'after verifying',
	stored: 'after the execution was stored',
	working: 'while the workflow ran',
	worked: "after the workflow's work, before the answer",
	answered: 'right after the answer',
};

/** How long the workflow's work takes, so that there is a while in which it runs. */
const WORK_MS = 50;

export interface KillOptions extends Omit<RunOptions, 'times'> {
	acknowledge: 'onReceived' | 'lastNode';
	moments: readonly Moment[];
}

/**
 * n8n is killed, at chosen moments and at random ones. With "Have SendGrid Send Again", each event is
 * to be worked on, and more than once only if it was in flight at a kill. With "Do Nothing", the same
 * holds once the executions that n8n marks as crashed were retried by hand.
 */
export async function kills(
	stage: Stage,
	{ acknowledge, events, seed, moments, workload }: KillOptions,
): Promise<Report> {
	const random = new Random(seed);
	const { eventIds, posts } = planTraffic(events, random);
	const due = placesIn(posts.length, moments.length);
	await stage.publish(acknowledge, workload);
	stage.collector.workMs = WORK_MS;

	const killedAt: number[] = [];
	const kill = async () => {
		const answered = await reach(moments[killedAt.length]!, stage, random, eventIds);
		killedAt.push(Date.now());
		await stage.n8n.kill();
		// SendGrid may not have read the answer before the connection broke.
		if (answered) void stage.sendGrid.postEvents(stage.webhook.id, answered.events);
		await stage.n8n.restart();
	};
	let killing = Promise.resolve();
	await stage.send(posts, random, (index) => {
		if (due.has(index)) killing = killing.then(kill);
	});
	await killing;
	await stage.sendGrid.idle();
	await stage.settled(eventIds);

	const figures = await commonFigures(stage, eventIds);
	const { failed, retries } =
		acknowledge === 'onReceived' ? await stage.retryFailed(eventIds) : { failed: [], retries: [] };
	// Of an execution that n8n had only stored, nothing is known: its events may have come again before
	// it was retried.
	const byHand = new Set([...failed, ...retries]);
	const { lost, repeated } = tallyOf(stage, eventIds);
	const inFlight = new Set(killedAt.flatMap((at) => inFlightAt(at, stage.attempts)));
	const unexplained = [...repeated].filter(
		([id, calls]) => !inFlight.has(id) && !calls.some((call) => byHand.has(call.executionId)),
	);
	return {
		title: `Kills, ${[SAID_OF_MODE[acknowledge], workload?.name ?? []].flat().join(', ')} (seed ${seed})`,
		figures: {
			posts: posts.length,
			kills: `${killedAt.length}: ${moments.map((moment) => SAID[moment]).join('; ')}`,
			'in flight at a kill': inFlight.size,
			...figures,
			...(acknowledge === 'onReceived' && {
				'executions retried by hand': failed.length,
				'lost after that': lost.length,
			}),
		},
		faults: [
			...faultIfAny(lost, 'events were lost'),
			...faultIfAny(
				unexplained.map(([id]) => id),
				'events were worked on again though not in flight at a kill',
			),
			...((await workload?.check(eventIds, stage)) ?? []),
		],
	};
}

/**
 * Waits until n8n is just that far with one of the posts that come in.
 *
 * @returns the post that was answered, if that is the moment
 */
async function reach(
	moment: Moment,
	stage: Stage,
	random: Random,
	eventIds: string[],
): Promise<PostAttempt | undefined> {
	switch (moment) {
		case 'any':
			await sleep(random.integer(0, 500));
			return undefined;
		case 'verified': {
			// The trigger logs what is no event, right after verifying and before n8n stores anything.
			const event = sampleEvent('open', { sg_event_id: `open-verified-${random.next()}` });
			eventIds.push(eventIdOf(event));
			const verified = stage.printed('left out 1 entry');
			void stage.sendGrid.postEvents(stage.webhook.id, [event, { email: 'no event' }]);
			await verified;
			return undefined;
		}
		case 'stored':
			await stage.printed('Execution added');
			return undefined;
		case 'working':
			await once(stage.collector, 'call');
			return undefined;
		case 'worked':
			await once(stage.collector, 'answered');
			return undefined;
		case 'answered':
			return await stage.nextAcknowledged();
	}
}

/** The events of the posts that were under way at this moment and came to nothing. */
function inFlightAt(at: number, attempts: readonly Attempt[]): string[] {
	return (
		attempts
			.filter(({ startedAt, endedAt }) => startedAt <= at && endedAt >= at)
			// Of a connection to n8n that breaks, the gate makes an answer.
			.filter(({ status }) => status === undefined || status >= 500)
			.flatMap(({ eventIds }) => eventIds)
	);
}
