import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { SendGridEmulator, type AcceptedMail, type EmulatorOptions } from '../../../../emulator';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import { outputOf, runSendGridEmail, sendGridEmailWorkflow } from '../../support/runSendGridEmail';

const MANY: INodeParameters = {
	operation: 'sendMany',
	from: 'Ann <ann@example.com>',
	to: '={{ $json.email }}',
	subject: 'Hi {{name}}',
	text: 'Hello {{ name }}',
};

// Ten thousand expressions take n8n a while on a busy machine.
jest.setTimeout(120_000);

let sendGrid: SendGridEmulator;

async function start(options: EmulatorOptions = {}): Promise<void> {
	await sendGrid?.stop();
	sendGrid = await SendGridEmulator.start({ mailEvents: false, ...options });
}
beforeEach(async () => await start());
afterAll(async () => await sendGrid.stop());

const person = (index: number) => ({
	email: `person${index}@example.com`,
	name: `Person ${index}`,
});
const people = (count: number) => Array.from({ length: count }, (_, index) => person(index));
const sends = () => sendGrid.requests.filter(({ path }) => path === '/v3/mail/send');

/** What each recipient sees, in the order in which SendGrid accepted it. */
function letters(mails: readonly AcceptedMail[] = sendGrid.mails) {
	return mails.flatMap(({ body, messageId }) =>
		body.personalizations.map(
			({ to, cc, bcc, subject = body.subject, substitutions = {}, ...rest }) => {
				const filled = (text = '') =>
					Object.entries(substitutions).reduce(
						(content, [tag, value]) => content.replaceAll(tag, () => value),
						text,
					);
				const part = (type: string) =>
					filled(body.content?.find((content) => content.type === type)?.value);
				return {
					recipients: [...to, ...(cc ?? []), ...(bcc ?? [])].map(({ email }) => email),
					subject: filled(subject),
					text: part('text/plain'),
					html: part('text/html'),
					messageId,
					...rest,
				};
			},
		),
	);
}

describe('Send Many', () => {
	it('sends 10,000 items of one template in 10 calls, to each recipient once and alone', async () => {
		await start({ latencyMs: 20 });
		const version = { html_content: '<p>Hello {{name}}</p>' };
		const templateId = sendGrid.account().addTemplate({ name: 'News' }, version).id;
		const items = people(10_000);
		const output = await runSendGridEmail(
			sendGrid,
			{ ...MANY, content: 'template', templateId, templateData: '={{ { name: $json.name } }}' },
			{ items },
		);

		expect(sends()).toHaveLength(10);
		// One more reads what the template shows, if that was not done within the last minute.
		expect(sendGrid.requests).toHaveLength(11);
		const byRecipient = new Map(letters().map((letter) => [letter.recipients.join(), letter]));
		expect(letters()).toHaveLength(10_000);
		expect(byRecipient.size).toBe(10_000);
		expect(output).toHaveLength(10_000);
		output.forEach(({ json, pairedItem }, index) => {
			const { email, name } = items[index]!;
			const letter = byRecipient.get(email);
			expect(letter?.dynamic_template_data).toEqual({ name });
			expect(json).toEqual({
				accepted: true,
				messageId: letter?.messageId,
				to: [email],
				statusCode: 202,
			});
			expect(pairedItem).toEqual({ item: index });
		});
	});

	it('has n8n evaluate for each item only what is more than a field of it', async () => {
		const workflow = sendGridEmailWorkflow(sendGrid, {
			...MANY,
			to: '={{ $json.email }}',
			subject: '={{ "For " + $json.name }}',
			text: '=Hello {{ $json.name }}!',
			categories: 'welcome',
			customArgs: { values: [{ name: 'mail', value: '={{ $json["email"] }}' }] },
			settings: { clickTracking: 'off' },
		});
		const context = workflow.executeContext(people(50).map((json) => ({ json })));
		const asked = jest.spyOn(context, 'getNodeParameter');
		await new SendGridEmail().execute.call(context);
		const [letter] = letters();
		expect(letter).toMatchObject({
			recipients: ['person0@example.com'],
			text: 'Hello Person 0!',
			custom_args: { mail: 'person0@example.com' },
		});
		const times = new Map<string, number>();
		for (const [name] of asked.mock.calls) times.set(name, (times.get(name) ?? 0) + 1);
		const often = [...times].filter(([, count]) => count > 5);
		// Once more to see that it holds an expression.
		expect(Object.fromEntries(often)).toEqual({ subject: 51 });
	});

	it('has no more requests under way than allowed', async () => {
		await start({ latencyMs: 20 });
		await outputOf(
			sendGrid,
			{ ...MANY, categories: '={{ $json.category }}', settings: { parallelRequests: 2 } },
			{ items: people(8).map((each, index) => ({ ...each, category: `c${index}` })) },
		);
		expect(sends()).toHaveLength(8);
		expect(Math.max(...sends().map(({ concurrent }) => concurrent))).toBe(2);
	});

	it('gives the data of the item to a template unless told otherwise', async () => {
		const templateId = sendGrid.account().addTemplate({ name: 'News' }).id;
		const items = [{ ...person(1), orders: [{ id: 1, camelCase: null }] }];
		await outputOf(sendGrid, { ...MANY, content: 'template', templateId }, { items });
		expect(letters()).toMatchObject([{ dynamic_template_data: items[0] }]);
	});

	it('keeps apart what differs between items, and together what may', async () => {
		const items = [
			{ ...person(0), from: 'a@example.com', id: 1 },
			{ ...person(1), from: 'b@other.example', id: 2 },
			{ ...person(2), from: 'a@example.com', id: 3 },
		];
		const output = await outputOf(
			sendGrid,
			{
				...MANY,
				from: '={{ $json.from }}',
				subject: '={{ "Number " + $json.id }}',
				customArgs: { values: [{ name: 'id', value: '={{ $json.id }}' }] },
				additionalFields: { headers: { values: [{ name: 'X-ID', value: '={{ $json.id }}' }] } },
			},
			{ items },
		);
		expect(sends()).toHaveLength(2);
		expect(output[0]!.messageId).toBe(output[2]!.messageId);
		expect(output[0]!.messageId).not.toBe(output[1]!.messageId);
		for (const [index, { email, id }] of items.entries()) {
			const { messageId } = output[index]!;
			const letter = letters().find(({ recipients }) => recipients.includes(email));
			expect(letter).toMatchObject({
				messageId,
				subject: `Number ${id}`,
				custom_args: { id: String(id) },
				headers: { 'X-ID': String(id) },
			});
		}
	});

	it('fills in placeholders: escaped in HTML, as they are in the subject and the text', async () => {
		const items = [
			{ email: 'a@example.com', name: 'A & <b>B</b>', link: '<a>', address: { city: "L'Aquila" } },
			{ email: 'b@example.com', name: 'Bob', link: '<b>', address: { city: 'Rome' } },
		];
		await outputOf(
			sendGrid,
			{ ...MANY, html: '<p>{{name}} {{{link}}} {{ address.city }}</p>' },
			{ items },
		);
		expect(sends()).toHaveLength(1);
		expect(letters()).toMatchObject([
			{
				subject: 'Hi A & <b>B</b>',
				text: 'Hello A & <b>B</b>',
				html: '<p>A &amp; &lt;b&gt;B&lt;/b&gt; <a> L&#39;Aquila</p>',
			},
			{ subject: 'Hi Bob', text: 'Hello Bob', html: '<p>Bob <b> Rome</p>' },
		]);
	});

	it('takes the values from data of their own', async () => {
		await outputOf(
			sendGrid,
			{ ...MANY, templateData: '={{ $json.contact }}' },
			{ items: [{ email: 'a@example.com', contact: { name: 'Ann' } }] },
		);
		expect(letters()).toMatchObject([{ text: 'Hello Ann' }]);
	});

	it('sends nothing at all if one item cannot be sent', async () => {
		const items = [person(0), { email: 'b@example.com' }, person(2)];
		await expect(outputOf(sendGrid, MANY, { items })).rejects.toMatchObject({
			message: expect.stringMatching(
				/^Placeholder Data: Add "name" to the data.+the placeholder \{\{name\}\}\. \[item 1\]$/,
			),
			description:
				'To send the others, open Settings of this node and set On Error to Continue (using error output). Not sent: items 0–2.',
			context: { itemIndex: 1 },
		});
		expect(sendGrid.requests).toEqual([]);
	});

	it('sends the others if it continues on fail', async () => {
		const items = [person(0), { email: 'b@example.com' }, person(2)];
		const output = await runSendGridEmail(sendGrid, MANY, { items, continueOnFail: true });
		expect(letters().map(({ recipients }) => recipients)).toEqual([
			[items[0]!.email],
			[items[2]!.email],
		]);
		expect(output.map(({ json }) => json)).toEqual([
			expect.objectContaining({ accepted: true }),
			{ error: expect.stringContaining('{{name}}'), message: 'Not sent.' },
			expect.objectContaining({ accepted: true }),
		]);
	});

	it('sends to the email of the item, with its own values, unless told otherwise', async () => {
		const parameters: INodeParameters = { ...MANY };
		delete parameters.to;
		const text = 'Hello {{ $json.name }}';
		await outputOf(sendGrid, { ...parameters, text }, { items: people(2) });
		expect(letters()).toMatchObject([
			{ recipients: ['person0@example.com'], text: 'Hello Person 0' },
			{ recipients: ['person1@example.com'], text: 'Hello Person 1' },
		]);
	});

	it('lets no value begin another line of the head', async () => {
		const items = [{ email: 'a@example.com', name: 'Ann\nBcc: x@example.com' }];
		await expect(outputOf(sendGrid, MANY, { items })).rejects.toThrow(
			/^Placeholder Data: Remove the line break .+ from the value of "name" in the subject/,
		);
		await outputOf(sendGrid, { ...MANY, subject: 'Hi' }, { items });
		expect(letters()).toMatchObject([{ text: `Hello ${items[0]!.name}` }]);
	});

	it('gives each address of an item a mail of its own', async () => {
		const items = [{ email: 'Ann <ann@example.com>, bob@example.com', name: 'both' }];
		const output = await outputOf(sendGrid, MANY, { items });
		expect(letters().map(({ recipients }) => recipients)).toEqual([
			['ann@example.com'],
			['bob@example.com'],
		]);
		expect(output).toMatchObject([{ to: ['ann@example.com', 'bob@example.com'] }]);
	});

	it('sends 20 times and 20 senders of one domain in one call', async () => {
		const start = Math.ceil(Date.now() / 1000) + 3600;
		const items = people(20).map((each, index) => ({
			...each,
			from: `Sender ${index} <s${index}@example.com>`,
			at: start + index * 60,
		}));
		const output = await outputOf(
			sendGrid,
			{ ...MANY, from: '={{ $json.from }}', additionalFields: { sendAt: '={{ $json.at }}' } },
			{ items },
		);
		expect(sends()).toHaveLength(1);
		const { body } = sendGrid.mails[0]!;
		body.personalizations.forEach(({ from = body.from, send_at = body.send_at }, index) => {
			expect(from).toEqual({ email: `s${index}@example.com`, name: `Sender ${index}` });
			expect(send_at).toBe(start + index * 60);
		});
		expect(output.map(({ sendAt }) => sendAt)).toEqual(
			items.map(({ at }) => new Date(at * 1000).toISOString()),
		);
	});

	it('gives scheduled mail one batch ID for the whole run', async () => {
		const sendAt = new Date(Date.now() + 3.6e6).toISOString();
		const output = await outputOf(
			sendGrid,
			{ ...MANY, additionalFields: { sendAt }, settings: { parallelRequests: 3 } },
			{ items: people(2500) },
		);
		expect(sendGrid.requests.filter(({ path }) => path === '/v3/mail/batch')).toHaveLength(1);
		expect(new Set(output.map(({ batchId }) => batchId)).size).toBe(1);
		expect(new Set(sendGrid.mails.map(({ body }) => body.batch_id))).toEqual(
			new Set([output[0]!.batchId]),
		);
	});

	it('takes a list of verified senders, groups and pools as Send does', async () => {
		const group = sendGrid.account().addGroup({ name: 'News' });
		await outputOf(
			sendGrid,
			{ ...MANY, settings: { unsubscribeGroup: { __rl: true, mode: 'list', value: group.id } } },
			{ items: [person(0)] },
		);
		expect(sendGrid.mails[0]!.body.asm).toEqual({ group_id: group.id });
	});
});

describe('the same address in several items', () => {
	const items: IDataObject[] = [
		{ email: 'ann@example.com', name: 'first' },
		{ email: 'bob@example.com', name: 'Bob' },
		{ email: 'Ann@Example.com', name: 'second' },
	];

	it('gets each mail by default', async () => {
		const output = await outputOf(sendGrid, MANY, { items });
		expect(letters().map(({ text }) => text)).toEqual(['Hello first', 'Hello Bob', 'Hello second']);
		expect(output.every((json) => !('duplicateOf' in json))).toBe(true);
	});

	it('gets one mail if the user wants it so', async () => {
		const output = await outputOf(sendGrid, { ...MANY, duplicates: 'sendOnce' }, { items });
		expect(letters().map(({ text }) => text)).toEqual(['Hello first', 'Hello Bob']);
		expect(output).toHaveLength(3);
		expect(output[2]).toEqual({ ...output[0], duplicateOf: 0 });
	});

	it('gets the mail of the first item that can be sent', async () => {
		const [, ...rest] = items;
		const output = await outputOf(
			sendGrid,
			{ ...MANY, duplicates: 'sendOnce' },
			{ items: [{ email: 'ann@example.com' }, ...rest], continueOnFail: true },
		);
		expect(letters().map(({ text }) => text)).toEqual(['Hello Bob', 'Hello second']);
		expect(output.map(({ accepted }) => accepted)).toEqual([undefined, true, true]);
	});

	it('is known by the item that sent to it, also where a later item names it among others', async () => {
		const output = await outputOf(
			sendGrid,
			{ ...MANY, duplicates: 'sendOnce' },
			{
				items: [
					{ email: 'ann@example.com', name: 'first' },
					{ email: 'ann@example.com, bob@example.com', name: 'second' },
					{ email: 'ANN@example.com', name: 'third' },
					{ email: 'bob@example.com', name: 'fourth' },
				],
			},
		);
		expect(output.map(({ to, duplicateOf }) => [to, duplicateOf])).toEqual([
			[['ann@example.com'], undefined],
			[['bob@example.com'], undefined],
			[['ann@example.com'], 0],
			[['bob@example.com'], 1],
		]);
	});

	it('gets one mail where an item names it twice', async () => {
		const items = [{ email: 'ann@example.com, ANN@example.com', name: 'Ann' }];
		const once = { ...MANY, duplicates: 'sendOnce' };
		expect(await outputOf(sendGrid, once, { items })).toMatchObject([{ to: ['ann@example.com'] }]);
		expect(letters()).toHaveLength(1);
	});

	it('fails with the mail that stood for it', async () => {
		sendGrid.failNext('POST /v3/mail/send', { status: 400 });
		const output = await outputOf(
			sendGrid,
			{ ...MANY, duplicates: 'sendOnce' },
			{ items, continueOnFail: true },
		);
		expect(output.map(({ error }) => error)).toEqual(Array(3).fill(expect.any(String)));
	});
});
