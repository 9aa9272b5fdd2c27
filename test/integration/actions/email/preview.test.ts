import type { INodeParameters } from 'n8n-workflow';
import schema from '../../../../nodes/SendGrid/__schema__/v1.0.0/email/preview.json';
import { SendGridEmulator } from '../../../../emulator';
import { outputOf } from '../../support/runSendGridEmail';

const PREVIEW: INodeParameters = {
	operation: 'preview',
	from: 'Ann <ann@example.com>',
	to: '={{ $json.email }}',
};
const ITEM = { email: 'bob@example.com', name: 'Bob & Co' };

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({ mailEvents: false });
});
afterEach(async () => await sendGrid.stop());

/** Nothing but reading. */
const calls = () => sendGrid.requests.map(({ method, path }) => `${method} ${path.split('/')[2]}`);

it('shows a message filled with the data of each item, and sends nothing', async () => {
	const message = {
		subject: 'Hi {{name}}',
		text: 'Hello {{ $json.name }}',
		html: '<p>{{name}}</p>',
	};
	const items = [ITEM, { email: 'carl@example.com', name: '{{name}}' }];
	expect(await outputOf(sendGrid, { ...PREVIEW, ...message }, { items })).toEqual([
		{
			from: { email: 'ann@example.com', name: 'Ann' },
			to: ['bob@example.com'],
			subject: 'Hi Bob & Co',
			text: 'Hello Bob & Co',
			html: '<p>Bob &amp; Co</p>',
			sent: false,
		},
		expect.objectContaining({ subject: 'Hi {{name}}', html: '<p>{{name}}</p>' }),
	]);
	expect(calls()).toEqual([]);
});

describe('a template', () => {
	const preview = async (version: object, parameters: INodeParameters = {}) => {
		const { id } = sendGrid.account().addTemplate({ name: 'Welcome' }, version);
		const shown = { ...PREVIEW, content: 'template', templateId: id, ...parameters };
		return (await outputOf(sendGrid, shown, { items: [ITEM] }))[0]!;
	};

	it('is filled as SendGrid would, and says what the data lacks', async () => {
		const version = {
			subject: 'Hi {{name}}',
			html_content: '<p>{{name}}{{#if vip}}!{{else}}.{{/if}} {{order.id}}</p>',
			plain_content: 'Hi {{{name}}}',
		};
		const shown = await preview(version);
		expect(shown).toMatchObject({
			subject: 'Hi Bob &amp; Co',
			text: 'Hi Bob & Co',
			html: '<p>Bob &amp; Co. </p>',
			missingVariables: ['order.id'],
			sent: false,
		});
		// What n8n shows before the first run.
		expect(Object.keys(schema.properties)).toEqual(Object.keys(shown));
		expect(calls()).toEqual(['GET templates']);
	});

	it('is read once, however many items are shown', async () => {
		const { id } = sendGrid.account().addTemplate({ name: 'Welcome' }, { subject: '{{name}}' });
		const items = ['Ann', 'Bob', 'Carl'].map((name) => ({ ...ITEM, name }));
		const shown = await outputOf(
			sendGrid,
			{ ...PREVIEW, content: 'template', templateId: id },
			{ items },
		);
		expect(shown.map(({ subject }) => subject)).toEqual(['Ann', 'Bob', 'Carl']);
		expect(calls()).toEqual(['GET templates']);
	});

	it('is not shown wrongly: what a preview does not know is an error', async () => {
		await expect(preview({ subject: '{{upper name}}' })).rejects.toThrow(
			/^Template: See SendGrid's own preview of it\. .+ \{\{upper\}\} is not a helper.+\[item 0\]$/,
		);
	});

	it('without an active version is nothing that could be sent', async () => {
		await expect(preview({ active: 0 })).rejects.toThrow(/^Activate a version of the template/);
	});
});

it('refuses what sending would refuse', async () => {
	await expect(
		outputOf(sendGrid, { ...PREVIEW, subject: 'Hi', text: '' }, { items: [ITEM] }),
	).rejects.toThrow(/The mail has no text or HTML/);
});
