import { sampleEvent } from '../../emulator';
import { commonFigures, faultIfAny, tallyOf, type Report } from './report';
import type { Attempt, Stage } from './stage';
import { eventIdOf } from './traffic';

const HOUR_MS = 60 * 60 * 1000;

/**
 * n8n is away while events happen: for an hour, for a day. The sender's clock is moved instead of
 * waiting; what it signed then it repeats now, with the signature of then.
 */
export async function outage(stage: Stage): Promise<Report> {
	await stage.publish('onReceived');
	await stage.n8n.kill();
	const sent = [1, 12, 24].map((hours) => {
		stage.sendGridClock.behindMs = hours * HOUR_MS;
		const timestamp = Math.floor((Date.now() - hours * HOUR_MS) / 1000);
		const event = sampleEvent('bounce', { sg_event_id: `bounce-${hours}-hours`, timestamp });
		void stage.sendGrid.postEvents(stage.webhook.id, [event]);
		return eventIdOf(event);
	});
	await stage.until('each post was tried in vain', () => areTried(sent, stage.attempts));
	stage.sendGridClock.behindMs = 0;
	await stage.n8n.restart();
	await stage.sendGrid.idle();
	await stage.settled(sent);

	const { lost, repeated } = tallyOf(stage, sent);
	return {
		title: 'n8n was away for 1, 12 and 24 hours, "Do Nothing"',
		figures: await commonFigures(stage, sent),
		faults: [
			...faultIfAny(lost, 'events were lost'),
			...faultIfAny([...repeated.keys()], 'events were worked on more than once'),
		],
	};
}

function areTried(eventIds: readonly string[], attempts: readonly Attempt[]): boolean {
	return eventIds.every((id) => attempts.some((attempt) => attempt.eventIds.includes(id)));
}
