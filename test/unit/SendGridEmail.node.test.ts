import type {
	INode,
	INodeParameters,
	INodeProperties,
	INodePropertyCollection,
} from 'n8n-workflow';
import { NodeHelpers } from 'n8n-workflow';
import { SendGridEmail } from '../../nodes/SendGrid/SendGridEmail.node';
import codex from '../../nodes/SendGrid/SendGridEmail.node.json';
import { RESOURCES } from '../../nodes/SendGrid/actions/resources';
import packageJson from '../../package.json';

const node = new SendGridEmail();
const { description, methods } = node;

/** All fields of the form, those inside collections too. */
function allFields(properties: INodeProperties[]): INodeProperties[] {
	return properties.flatMap((property) => [
		property,
		...(property.type === 'collection' ? allFields(property.options as INodeProperties[]) : []),
		...(property.type === 'fixedCollection'
			? (property.options as INodePropertyCollection[]).flatMap(({ values }) => allFields(values))
			: []),
	]);
}
const fields = allFields(description.properties);

/** The form of an operation as a user sees it at first. */
function formOf(operation: string, content: string, more: INodeParameters = {}): string[] {
	const values = { resource: 'email', operation, content, ...more };
	return description.properties
		.filter((property) =>
			NodeHelpers.displayParameter(values, property, { typeVersion: 1 }, description),
		)
		.map(({ name }) => name);
}

/** What the editor marks in a form with these values, and otherwise as at first. */
function faultsOf(values: object): string[] {
	const { properties } = description;
	const parameters = NodeHelpers.getNodeParameters(
		properties,
		values as INodeParameters,
		true,
		false,
		null,
		description,
	)!;
	const node: INode = { id: '', name: '', type: '', typeVersion: 1, position: [0, 0], parameters };
	const issues = NodeHelpers.getNodeParametersIssues(properties, node, description);
	return Object.values(issues?.parameters ?? {}).flat();
}

describe('the node SendGrid Email', () => {
	it('has the names that workflows store', () => {
		expect(description.name).toBe('sendGridEmail');
		expect(description.displayName).toBe('SendGrid Email');
		expect(description.credentials).toEqual([{ name: 'sendGridEventsApi', required: true }]);
		expect(codex.node).toBe(`${packageJson.name}.${description.name}`);
	});

	it('can be a tool of an AI agent', () => {
		expect(description.usableAsTool).toBe(true);
	});

	it('starts with sending one mail', () => {
		const defaults = NodeHelpers.getNodeParameters(
			description.properties,
			{},
			true,
			false,
			null,
			description,
		);
		expect(defaults).toMatchObject({ resource: 'email', operation: 'send', content: 'message' });
	});

	it.each([
		['send', 'message', ['from', 'to', 'content', 'subject', 'text', 'html']],
		[
			'send',
			'template',
			[
				'from',
				'to',
				'content',
				'templateId',
				'templateSubject',
				'fillTemplateWith',
				'templateData',
			],
		],
		['sendMany', 'message', ['from', 'to', 'content', 'subject', 'text', 'html', 'templateData']],
		[
			'sendMany',
			'template',
			[
				'from',
				'to',
				'content',
				'templateId',
				'templateSubject',
				'fillTemplateWith',
				'templateData',
			],
		],
	])('asks for what matters first: %s, %s', (operation, content, first) => {
		const more = ['customArgs', 'categories', ...(operation === 'sendMany' ? ['duplicates'] : [])];
		expect(formOf(operation, content, { fillTemplateWith: 'json' })).toEqual([
			'resource',
			'operation',
			...first,
			...more,
			'additionalFields',
			'settings',
		]);
	});

	it('asks for the fields of a template in place of its data, if the user wants that', () => {
		const withFields = formOf('send', 'template', { fillTemplateWith: 'fields' });
		expect(withFields).toContain('templateFields');
		expect(withFields).not.toContain('templateData');
	});

	it.each([
		['event', ['waitFor', 'content', 'subject', 'text', 'html'], ['waitOptions']],
		['approval', ['subject', 'message', 'approvalOptions'], []],
		['freeText', ['subject', 'message', 'buttonLabel'], []],
		['form', ['subject', 'message', 'formFields', 'buttonLabel'], []],
	])('asks for what matters first: Send and Wait for %s', (responseType, first, last) => {
		expect(formOf('sendAndWait', 'message', { responseType })).toEqual([
			...['resource', 'operation', 'from', 'to', 'responseType', ...first],
			...['waitAmount', 'waitUnit', 'output', ...last],
			...['customArgs', 'categories', 'additionalFields', 'settings'],
		]);
	});

	it('has no fault when it is new but fields to fill in', () => {
		const faults = RESOURCES.flatMap(({ option, operations }) =>
			operations.flatMap((operation) =>
				faultsOf({ resource: option.value, operation: operation.option.value }),
			),
		);
		expect(faults).toContain('Parameter "From" is required.');
		expect(faults.filter((fault) => !/^Parameter ".+" is required\.$/.test(fault))).toEqual([]);
	});

	it('takes an expression in every field, except for those that choose the form or its rows', () => {
		const without = fields.filter(({ noDataExpression }) => noDataExpression);
		expect([...new Set(without.map(({ name }) => name))].sort()).toEqual([
			'content',
			'fields',
			'fillTemplateWith',
			'operation',
			'output',
			'resource',
			'responseType',
			'templateFields',
			'waitFor',
		]);
	});

	it('has a method behind every list', () => {
		for (const { modes = [], typeOptions } of fields) {
			for (const mode of modes) {
				const method = mode.typeOptions?.searchListMethod;
				if (method !== undefined) expect(methods.listSearch).toHaveProperty(method);
			}
			const loader = typeOptions?.loadOptionsMethod;
			if (loader !== undefined) expect(methods.loadOptions).toHaveProperty(loader);
			const mapper = typeOptions?.resourceMapper?.resourceMapperMethod;
			if (mapper !== undefined) expect(methods.resourceMapping).toHaveProperty(mapper);
		}
	});

	it('says what each operation does, for users and for models', () => {
		const operations = fields.filter(({ name }) => name === 'operation');
		for (const { options } of operations) {
			for (const option of options as Array<{ action?: string; description?: string }>) {
				expect(option).toEqual(
					expect.objectContaining({ action: expect.any(String), description: expect.any(String) }),
				);
			}
		}
	});
});
