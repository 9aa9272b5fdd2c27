import type { WorkflowDefinition } from '../../scripts/n8n/N8nClient';
import { sampleEvent } from '../../emulator';
import { WORK } from './collector';
import { Random } from '../support/random';
import { commonFigures, faultIfAny, SAID_OF_MODE, tallyOf, type Report } from './report';
import type { Stage } from './stage';
import { eventIdOf, planTraffic } from './traffic';

/**
 * "Have SendGrid Send Again": the workflow fails on every post with a bounce in it, until it is
 * mended. Nothing is lost, and what was worked on before is not worked on again.
 */
export async function failingWorkflow(
	stage: Stage,
	{ events, seed }: { events: number; seed: number },
): Promise<Report> {
	const random = new Random(seed);
	const { eventIds, posts } = planTraffic(events, random);
	const withWork = ({ nodes }: Pick<WorkflowDefinition, 'nodes'>, failsOn?: string) =>
		nodes.map((node) => (node.name === WORK ? stage.collector.node(failsOn) : node));
	await stage.publish('lastNode', {
		build: (base) => ({ ...base, nodes: withWork(base, 'bounce-') }),
		check: async () => [],
	});

	const sending = stage.send(posts, random);
	const failures = () => stage.collector.calls.filter(({ status }) => status === 500).length;
	await stage.until('posts have failed again and again', () => failures() >= 10);
	await stage.client.updateWorkflow(stage.workflow.id, { nodes: withWork(stage.workflow) });
	await stage.client.activate(stage.workflow.id);
	await sending;
	await stage.settled(eventIds);

	const { lost, repeated } = tallyOf(stage, eventIds);
	return {
		title: `A failing workflow is mended, ${SAID_OF_MODE.lastNode} (seed ${seed})`,
		figures: {
			posts: posts.length,
			'failed executions': failures(),
			...(await commonFigures(stage, eventIds)),
		},
		faults: [
			...faultIfAny(lost, 'events were lost'),
			...faultIfAny([...repeated.keys()], 'events were worked on more than once'),
		],
	};
}

/**
 * "Have SendGrid Send Again": the workflow takes six times as long as the sender waits. While it
 * runs the repeated post gets 503, and the event is worked on once.
 */
export async function slowWorkflow(
	stage: Stage,
	{ senderWaitsMs }: { senderWaitsMs: number },
): Promise<Report> {
	await stage.publish('lastNode');
	stage.collector.workMs = 6 * senderWaitsMs;
	const event = sampleEvent('click', { sg_event_id: 'click-slow' });
	await stage.sendGrid.postEvents(stage.webhook.id, [event]);

	const { repeated } = tallyOf(stage, [eventIdOf(event)]);
	const answers = stage.attempts.map(({ status }) => status ?? 'none');
	const expected = /^none,(503,)+200$/;
	return {
		title: `A workflow of ${stage.collector.workMs / 1000} s, a sender that waits ${senderWaitsMs / 1000} s`,
		figures: {
			...(await commonFigures(stage, [eventIdOf(event)])),
			answers: [...new Set(answers)].join(', then '),
		},
		faults: [
			...(expected.test(answers.join()) ? [] : [`The answers were ${answers.join()}`]),
			...faultIfAny([...repeated.keys()], 'events were worked on more than once'),
		],
	};
}
