import { name as packageName } from '../../package.json';
import { DEFAULT_API_KEY, SendGridEmulator, sampleEvent } from '../../emulator';
import { itemsOf, N8nClient } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { eventually } from './support/eventually';
import { PackageRegistry } from './support/PackageRegistry';
import { n8nVersions, runtime } from '../../scripts/n8n/runtime';
import { TRIGGER, triggerWorkflow } from '../../scripts/n8n/workflow';

interface InstalledPackage {
	packageName: string;
	installedVersion: string;
}

const ONCE = { retryDelaysMs: [] };

/** On Windows n8n starts npm's script past PATH, where no other `npm` can be given to it. */
const describeOnUnix = process.platform === 'win32' ? describe.skip : describe;

describeOnUnix.each(n8nVersions)('The package as a community node of n8n %s', (version) => {
	let registry: PackageRegistry;
	let sendGrid: SendGridEmulator;
	let n8n: N8nInstance;
	let client: N8nClient;

	beforeAll(async () => {
		registry = await PackageRegistry.start();
		sendGrid = await SendGridEmulator.start();
		n8n = await N8nInstance.start({
			version,
			withoutPackage: true,
			withoutEditor: true,
			env: registry.env,
		});
		client = await N8nClient.setUpOwner(n8n.url);
	});

	afterAll(async () => {
		await n8n?.stop();
		await sendGrid?.stop();
		await registry?.stop();
	});

	async function installed(): Promise<InstalledPackage[]> {
		return await client.request('GET', '/community-packages');
	}

	test('is installed by n8n, and an update keeps credentials, workflows, webhooks and memory', async () => {
		const previous = await registry.publish(runtime.tarball, '0.0.1');
		await client.request('POST', '/community-packages', { name: packageName, version: previous });
		expect(await installed()).toMatchObject([{ packageName, installedVersion: previous }]);

		const credential = await client.createCredential('SendGrid', 'sendGridEventsApi', {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: sendGrid.url,
		});
		const workflow = await client.createWorkflow(triggerWorkflow('Upgraded', credential));
		await client.activate(workflow.id);
		const [webhook] = sendGrid.webhooks;
		const asRegistered = { ...webhook, publicKey: sendGrid.publicKey(webhook!.id) };
		const post = async (...events: Array<ReturnType<typeof sampleEvent>>) =>
			(await sendGrid.postEvents(webhook!.id, events, ONCE))[0]!.status;
		const [before, after, afterRestart] = [1, 2, 3].map(() => sampleEvent('open'));
		expect(await post(before!)).toBe(200);
		await client.waitForExecutions(workflow.id, 1);

		const present = await registry.publish(runtime.tarball);
		await client.request('PATCH', '/community-packages', { name: packageName, version: present });
		expect(await installed()).toMatchObject([{ packageName, installedVersion: present }]);

		expect(await post(before!, after!)).toBe(200);
		await client.waitForExecutions(workflow.id, 2);
		await n8n.restart();
		expect(await post(before!, after!, afterRestart!)).toBe(200);

		const executions = await client.waitForExecutions(workflow.id, 3);
		const ids = executions.map((execution) =>
			itemsOf(execution, TRIGGER).map(({ eventId }) => eventId),
		);
		expect(ids).toEqual([before, after, afterRestart].map((event) => [event!.sg_event_id]));
		expect(sendGrid.webhooks).toHaveLength(1);
		expect({ ...sendGrid.webhooks[0], publicKey: sendGrid.publicKey(webhook!.id) }).toEqual(
			asRegistered,
		);
		expect(await client.testCredential(credential)).toMatchObject({ status: 'OK' });

		await client.deactivate(workflow.id);
		await eventually(() => expect(sendGrid.webhooks).toEqual([]));
	});
});
