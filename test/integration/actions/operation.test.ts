import type { IDataObject } from 'n8n-workflow';
import { TestWorkflow } from '../support/n8nContexts';
import {
	runOperation,
	type ItemOperation,
	type Resource,
} from '../../../nodes/SendGrid/actions/operation';
import { SendGridEmail } from '../../../nodes/SendGrid/SendGridEmail.node';

describe('runOperation', () => {
	it('puts out more results of one item than a function takes arguments', async () => {
		const option = { name: 'Check', value: 'check' };
		const check: ItemOperation = {
			option,
			properties: [],
			executeItem: async () => new Array<IDataObject>(200_000).fill({ a: 1 }),
		};
		const resource: Resource = {
			option: { name: 'Suppression', value: 'suppression' },
			defaultOperation: check,
			operations: [check],
		};
		const context = new TestWorkflow({
			nodeType: new SendGridEmail(),
			parameters: { resource: 'suppression', operation: 'check' },
		}).executeContext();

		const output = await runOperation(context, [resource]);

		expect(output).toHaveLength(200_000);
		expect(output.at(-1)).toEqual({ json: { a: 1 }, pairedItem: { item: 0 } });
	});
});
