import { N8nClient } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';

describe.each(n8nVersions)('n8n %s with the packed package', (version) => {
	let n8n: N8nInstance;
	let client: N8nClient;

	beforeAll(async () => {
		n8n = await N8nInstance.start({ version });
		client = await N8nClient.setUpOwner(n8n.url);
	});

	afterAll(async () => {
		await n8n?.stop();
	});

	test('offers both nodes', async () => {
		expect(await client.nodeTypes()).toEqual(
			expect.arrayContaining([
				'n8n-nodes-sendgrid-events.sendGridEmailTrigger',
				'n8n-nodes-sendgrid-events.sendGridEmail',
			]),
		);
	});
});
