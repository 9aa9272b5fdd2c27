import { ABUSE_SETTINGS, forgedPosts, largePosts, slowSender } from './abuse';
import { eventQueueWorkload } from './eventQueueWorkload';
import { kills } from './kills';
import { outage } from './outage';
import { queueMode, runCluster, type Cluster, type QueueOptions } from './queue';
import type { Report } from './report';
import { restarts, startingUp } from './restarts';
import { missingGate, missingQueuePrograms } from '../support/services';
import { Stage } from './stage';
import { failingWorkflow, slowWorkflow } from './workflowFaults';

/** Short versions; `npm run test:chaos` and `npm run test:queue` take longer and see more. */
const SEED = 20_261_120;

function expectHeld({ title, figures, faults }: Report): void {
	expect({ title, figures, faults }).toEqual({ title, figures, faults: [] });
}

/** Several tests share what takes long to start. */
function shared<T>(run: (act: (value: T) => Promise<void>) => Promise<void>) {
	let value: T;
	let end: () => void;
	let ended: Promise<void>;
	beforeAll(async () => {
		await new Promise<void>((resolve, reject) => {
			ended = run(async (started) => {
				value = started;
				resolve();
				await new Promise<void>((finish) => (end = finish));
			});
			ended.catch(reject);
		});
	});
	afterAll(async () => {
		end?.();
		await ended;
	});
	return () => value;
}

const gateIsMissing = missingGate().length > 0;
if (gateIsMissing) test.skip(`Nothing is tested: ${missingGate().join()} is needed`, () => {});
const describeBehindGate = gateIsMissing ? describe.skip : describe;

describeBehindGate('What the trigger promises', () => {
	const stage = shared<Stage>((act) =>
		Stage.run(
			{
				n8n: { env: ABUSE_SETTINGS, withoutEditor: true },
				sendGrid: { deliveryTimeoutMs: 1500 },
			},
			act,
		),
	);

	test('each event once over restarts, with "Do Nothing"', async () => {
		expectHeld(await restarts(stage(), { events: 1000, seed: SEED, times: 1 }));
	});

	test('nothing lost of what comes while n8n starts', async () => {
		expectHeld(await startingUp(stage(), { times: 1, gate: true }));
	});

	test('each event at least once over kills, with "Have SendGrid Send Again"', async () => {
		const moments = ['working', 'answered'] as const;
		expectHeld(
			await kills(stage(), { acknowledge: 'lastNode', events: 1000, seed: SEED, moments }),
		);
	});

	test('nothing lost and no good event repeated by a workflow that fails', async () => {
		expectHeld(await failingWorkflow(stage(), { events: 300, seed: SEED }));
	});

	test('a slow workflow runs once, however impatient the sender', async () => {
		expectHeld(await slowWorkflow(stage(), { senderWaitsMs: 1500 }));
	});

	test('what is repeated after hours is taken', async () => {
		expectHeld(await outage(stage()));
	});

	test('forged posts are refused and a genuine one among them is taken', async () => {
		expectHeld(await forgedPosts(stage(), { posts: 200 }));
	});

	test('a sender that never finishes does not hold up others', async () => {
		expectHeld(await slowSender(stage(), { waitForEnd: false }));
	});

	test('bodies over the limit are refused, plain and compressed', async () => {
		expectHeld(await largePosts(stage()));
	});
});

const missing = missingQueuePrograms();
if (missing.length > 0) {
	test.skip(`Queue mode is not tested: ${missing.join(' and ')} is not installed`, () => {});
} else {
	describe('What the trigger promises in queue mode', () => {
		const cluster = shared<Cluster>((act) => runCluster(act));

		const run: QueueOptions = {
			acknowledge: 'lastNode',
			incident: 'none',
			events: 500,
			seed: SEED,
			spread: 'byTrigger',
		};

		test('all services of the Compose file are healthy, by the checks in it', async () => {
			const { deployment } = cluster();
			for (const name of ['postgres', 'redis', 'n8n', ...deployment.siblings]) {
				expect([name, await deployment.isHealthy(name)]).toEqual([name, true]);
			}
		});

		test('nothing lost and nothing twice, though posts are repeated at once', async () => {
			expectHeld(await queueMode(cluster(), { ...run, repeats: 'atOnce' }));
		});

		test('nothing lost when a worker is killed', async () => {
			expectHeld(await queueMode(cluster(), { ...run, incident: 'a worker is killed' }));
		});

		test('nothing lost by taking events in and working them off, when a worker is killed', async () => {
			const workload = eventQueueWorkload(cluster().postgres);
			expectHeld(await queueMode(cluster(), { ...run, incident: 'a worker is killed', workload }));
		});
	});
}
