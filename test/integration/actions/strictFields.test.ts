import type { IDataObject, INodeParameters, INodeProperties } from 'n8n-workflow';
import { SendGridEmail } from '../../../nodes/SendGrid/SendGridEmail.node';
import { SendGridEmulator } from '../../../emulator';
import { allForms, type Form, type FormField } from '../../support/formFields';
import { sendGridEmailWorkflow } from '../support/runSendGridEmail';

/** What an expression can give. */
const VALUES: Array<[kind: string, expression: string]> = [
	['text', '={{ "abc" }}'],
	['a number', '={{ 7.5 }}'],
	['true', '={{ true }}'],
	['null', '={{ null }}'],
	['nothing', '={{ $json.nothing }}'],
	['a list of objects', '={{ [{ a: 1 }] }}'],
	['an object', '={{ { a: 1 } }}'],
	['a date', '={{ $now }}'],
];

/** What no field of a type can make sense of. Other values may be refused, too. */
const SENSELESS: Partial<Record<INodeProperties['type'], string[]>> = {
	boolean: ['text', 'a number', 'null', 'nothing', 'a list of objects', 'an object', 'a date'],
	number: [
		'text',
		'a number',
		'true',
		'null',
		'nothing',
		'a list of objects',
		'an object',
		'a date',
	],
	options: [
		'text',
		'a number',
		'true',
		'null',
		'nothing',
		'a list of objects',
		'an object',
		'a date',
	],
	multiOptions: ['text', 'a number', 'true', 'a list of objects', 'an object', 'a date'],
	dateTime: ['text', 'a number', 'true', 'a list of objects', 'an object'],
	json: ['text', 'a number', 'true', 'a list of objects', 'a date'],
	string: ['a list of objects', 'an object'],
	resourceLocator: ['a list of objects', 'an object'],
};

function isSenseless({ path, field: { type, typeOptions } }: FormField, kind: string): boolean {
	// Read only once SendGrid has more contacts than it shows at once.
	if (path === 'exportMinutes') return false;
	// Half a day is a time, too.
	if (path === 'waitAmount' && kind === 'a number') return false;
	// A filter that an expression leaves empty filters nothing.
	if (path.startsWith('filters.') && ['null', 'nothing'].includes(kind)) return false;
	// Entries of a list that is read from SendGrid are IDs, which can be any text.
	if (typeOptions?.loadOptionsMethod) return ['a list of objects', 'an object'].includes(kind);
	return SENSELESS[type]?.includes(kind) ?? false;
}

/** What makes a form of the email resource complete. */
const COMPLETE: INodeParameters = {
	from: 'ann@example.com',
	to: 'bob@example.com',
	subject: 'Hi',
	text: 'Hello',
	templateId: '0123',
	templateData: '{}',
	email: 'bob@example.com',
	startDate: '2026-11-01',
	name: 'News',
	description: 'News of the shop',
	contacts: 'bob@example.com',
	confirmation: 'delete all contacts',
	job: '0123',
	jobId: '0123',
	list: 'bounces',
	listId: '0123',
	url: 'https://example.com/events',
	webhookId: '77d4a5da-7015-11ed-a1eb-0242ac120002',
	message: 'May we go on?',
};

/** The same for groups of fields. */
const COMPLETE_GROUPS: Record<string, () => IDataObject> = {
	approvalOptions: () => ({ values: { approvalType: 'double' } }),
	formFields: () => ({
		values: [{ fieldLabel: 'Size', fieldType: 'dropdown', choices: 'S, M, L' }],
	}),
	// Nothing here would receive the events.
	waitOptions: () => ({ checkBeforeSending: false }),
};

let sendGrid: SendGridEmulator;
beforeAll(async () => {
	sendGrid = await SendGridEmulator.start({ mailEvents: false });
});
afterAll(async () => await sendGrid.stop());

/** The parameters of a form in which one field holds a value. */
function parametersWith({ chosen, fields }: Form, { path }: FormField, value: string) {
	const parameters: IDataObject = { ...chosen };
	for (const { path: other } of fields) {
		const [name = ''] = other.split('.');
		if (other in COMPLETE) parameters[other] = COMPLETE[other];
		else if (name in COMPLETE_GROUPS) parameters[name] ??= COMPLETE_GROUPS[name]!();
	}
	const steps = path.replaceAll('[0]', '.0').split('.');
	let place: IDataObject = parameters;
	steps.forEach((step, index) => {
		const isRow = steps[index + 1] === '0';
		if (index === steps.length - 1) place[step] = value;
		else place = (place[step] ??= isRow ? [{}] : {}) as IDataObject;
	});
	return parameters as INodeParameters;
}

/** The labels under which an error may name a field: its own, or that of the table it is a column of. */
function labelsOf({ path, field }: FormField): string[] {
	const [parent] = new SendGridEmail().description.properties
		.flatMap((property) => [property, ...((property.options ?? []) as INodeProperties[])])
		.filter(({ name, type }) => type === 'fixedCollection' && path.split('.').includes(name));
	return [
		field.displayName,
		field.displayName.replace(/ Names? or IDs?$/, ''),
		parent?.displayName ?? '',
	];
}

describe.each(allForms().map((form) => [Object.values(form.chosen).join(', '), form] as const))(
	'every field of %s',
	(_, form) => {
		if (form.fields.length === 0) return it('needs none', () => expect(form.fields).toEqual([]));

		it.each(form.fields.map((field) => [field.path, field] as const))(
			'%s',
			async (_path, field) => {
				// n8n takes it as it is, to see which outputs the node has.
				if (field.path === 'output') return;
				for (const [kind, expression] of VALUES) {
					sendGrid.requests.length = 0;
					const workflow = sendGridEmailWorkflow(
						sendGrid,
						parametersWith(form, field, expression),
						{
							executionId: '42',
						},
					);
					const run = new SendGridEmail().execute.call(workflow.executeContext());
					const error = await run.then(
						() => undefined,
						(caught: Error) => caught,
					);
					const message = error?.message ?? '';
					const where = `${kind}: ${message}`;
					expect(where).not.toMatch(
						/is not a function|Cannot read|not iterable|\[object |Invalid type/,
					);
					if (!isSenseless(field, kind)) continue;
					const [place = ''] = message.split(': ');
					const named = labelsOf(field).includes(place.replace(/^Filters › /, ''));
					expect([where, named]).toEqual([where, true]);
					expect(message).toMatch(/\[item 0\]$/);
					const isRead = ({ method, path }: { method: string; path: string }) =>
						method === 'GET' || path.includes('/search');
					expect(sendGrid.requests.filter((request) => !isRead(request))).toEqual([]);
				}
			},
		);
	},
);
