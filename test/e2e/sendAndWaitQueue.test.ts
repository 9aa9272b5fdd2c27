import { SendGridEmulator } from '../../emulator';
import { itemsOf, N8nClient } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { Gate } from '../support/readinessGate';
import { Random } from '../support/random';
import { missingPrograms, RedisServer } from '../support/services';
import { PostgresServer } from '../support/PostgresServer';
import { EMAIL, eventOf, WaitingMails } from './support/WaitingMails';

const describeIfPossible = missingPrograms().length === 0 ? describe : describe.skip;

/** A main process, two that receive webhooks behind a proxy, and a worker. */
describeIfPossible.each(n8nVersions)('Send and Wait in queue mode of n8n %s', (version) => {
	let sendGrid: SendGridEmulator;
	let postgres: PostgresServer;
	let redis: RedisServer;
	let gate: Gate;
	let n8n: N8nInstance;
	let worker: N8nInstance;
	let mails: WaitingMails;

	beforeAll(async () => {
		sendGrid = await SendGridEmulator.start({ maxWebhooks: 2, retryDelaysMs: Array(30).fill(500) });
		postgres = await PostgresServer.start();
		redis = await RedisServer.start();
		gate = await Gate.start(new Random(1));
		n8n = await N8nInstance.start({
			version,
			webhookUrl: gate.url,
			postgres: await postgres.createDatabase('n8n'),
			redis: { host: '127.0.0.1', port: redis.port },
		});
		const client = await N8nClient.setUpOwner(n8n.url);
		const receivers = [await n8n.startSibling('webhook'), await n8n.startSibling('webhook')];
		worker = await n8n.startSibling('worker');
		gate.targets = receivers.map(({ url }) => url);
		mails = await WaitingMails.prepare(client, sendGrid, gate.url);
	});

	afterAll(async () => {
		await n8n?.stop();
		await sendGrid?.stop();
		await gate?.stop();
		await redis?.stop();
		await postgres?.stop();
	});

	test('goes on with an event that arrives while the mail is still being sent', async () => {
		const workflow = await mails.start({ to: 'bob@example.com', waitFor: ['processed'] });
		expect(await mails.outcome(workflow)).toMatchObject({ outcome: 'processed' });
		await sendGrid.idle();
	});

	test('waits on while its worker is killed, and goes on at another', async () => {
		const workflow = await mails.start({ waitFor: ['click', 'bounce'], output: 'perOutcome' });
		const mail = await mails.waiting(workflow);
		await worker.kill();
		expect(await mails.post([eventOf(mail, 'open'), eventOf(mail, 'bounce')])).toEqual([200]);
		worker = await n8n.startSibling('worker');
		const execution = await mails.ended(workflow);
		expect(itemsOf(execution, EMAIL, 2)).toMatchObject([{ outcome: 'bounce' }]);
	});

	test('takes the answer at whichever process it arrives', async () => {
		const workflow = await mails.start({ responseType: 'approval', message: 'May I?' });
		const { body } = await mails.waiting(workflow);
		const [, link] = /Approve: (\S+)/.exec(body.content![0]!.value)!;
		expect(new URL(link!).origin).toBe(gate.url);
		expect((await fetch(link!, { method: 'POST' })).status).toBe(200);
		expect(await mails.outcome(workflow)).toMatchObject({ outcome: 'approved', approved: true });
	});
});
