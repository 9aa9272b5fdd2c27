import type { IBinaryData, IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { SendGridEmail } from '../../../../nodes/SendGrid/SendGridEmail.node';
import schema from '../../../../nodes/SendGrid/__schema__/v1.0.0/email/send.json';
import { SendGridEmulator } from '../../../../emulator';
import { outputOf, runSendGridEmail, sendGridEmailWorkflow } from '../../support/runSendGridEmail';

const GIF = 'R0lGODlhAQABAAAAACw=';

const MAIL: INodeParameters = {
	from: 'Ann <ann@example.com>',
	to: 'bob@example.com',
	subject: 'Hi',
	text: 'Hello',
};

let sendGrid: SendGridEmulator;
let templateId: string;
let groupId: number;

beforeAll(async () => {
	sendGrid = await SendGridEmulator.start({ mailEvents: false });
	const account = sendGrid.account();
	templateId = account.addTemplate({ name: 'Welcome' }).id;
	groupId = account.addGroup({ name: 'News' }).id;
	account.ipPools.push('marketing');
});
afterAll(async () => await sendGrid.stop());
beforeEach(() => {
	sendGrid.requests.length = 0;
});

const bodies = () =>
	sendGrid.requests
		.filter(({ path }) => path === '/v3/mail/send')
		.map(({ body }) => body as IDataObject);

/** The body of the one mail that the parameters lead to. */
async function bodyOf(parameters: INodeParameters, item: IDataObject = {}): Promise<IDataObject> {
	await runSendGridEmail(sendGrid, parameters, { items: [item] });
	expect(bodies()).toHaveLength(1);
	return bodies()[0]!;
}

const personalizationOf = async (parameters: INodeParameters, item?: IDataObject) =>
	((await bodyOf(parameters, item)).personalizations as IDataObject[])[0]!;

describe('Send', () => {
	it('sends a mail, and says what is needed to find it again', async () => {
		const [output] = await runSendGridEmail(sendGrid, { ...MAIL, html: '<p>Hello</p>' });
		expect(bodies()).toEqual([
			{
				personalizations: [{ to: [{ email: 'bob@example.com' }] }],
				from: { email: 'ann@example.com', name: 'Ann' },
				subject: 'Hi',
				content: [
					{ type: 'text/plain', value: 'Hello' },
					{ type: 'text/html', value: '<p>Hello</p>' },
				],
			},
		]);
		expect(output).toEqual({
			json: {
				accepted: true,
				messageId: sendGrid.mails.at(-1)!.messageId,
				to: ['bob@example.com'],
				statusCode: 202,
			},
			pairedItem: { item: 0 },
		});
	});

	it('sends one mail per item, each with the values of its own', async () => {
		const output = await runSendGridEmail(
			sendGrid,
			{
				...MAIL,
				from: '={{ $json.from }}',
				to: '={{ $json.to }}',
				subject: '={{ $json.subject }}',
			},
			{
				items: [
					{ from: 'Ann <ann@example.com>', to: 'bob@example.com', subject: 'One' },
					{
						from: 'carl@example.com',
						to: ['dora@example.com', 'Eve <eve@example.com>'],
						subject: 2,
					},
				],
			},
		);
		expect(bodies()).toMatchObject([
			{ from: { email: 'ann@example.com', name: 'Ann' }, subject: 'One' },
			{
				from: { email: 'carl@example.com' },
				subject: '2',
				personalizations: [
					{ to: [{ email: 'dora@example.com' }, { email: 'eve@example.com', name: 'Eve' }] },
				],
			},
		]);
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect(output[1]!.json.to).toEqual(['dora@example.com', 'eve@example.com']);
	});

	it.each<[what: string, parameters: () => INodeParameters, part: () => IDataObject]>([
		[
			'a sender chosen from the list',
			() => ({ from: { __rl: true, mode: 'list', value: 'Ann <ann@example.com>' } }),
			() => ({ from: { email: 'ann@example.com', name: 'Ann' } }),
		],
		[
			'one reply-to',
			() => ({ additionalFields: { replyTo: 'Help <help@example.com>' } }),
			() => ({ reply_to: { email: 'help@example.com', name: 'Help' } }),
		],
		[
			'several reply-to',
			() => ({ additionalFields: { replyTo: 'a@example.com, b@example.com' } }),
			() => ({ reply_to_list: [{ email: 'a@example.com' }, { email: 'b@example.com' }] }),
		],
		[
			'categories',
			() => ({ categories: 'welcome, new' }),
			() => ({ categories: ['welcome', 'new'] }),
		],
		[
			'an unsubscribe group with groups to display',
			() => ({
				settings: {
					unsubscribeGroup: { __rl: true, mode: 'list', value: groupId },
					groupsToDisplay: [groupId],
				},
			}),
			() => ({ asm: { group_id: groupId, groups_to_display: [groupId] } }),
		],
		[
			'an unsubscribe group by its ID alone',
			() => ({ settings: { unsubscribeGroup: String(groupId) } }),
			() => ({ asm: { group_id: groupId } }),
		],
		[
			'an IP pool',
			() => ({ settings: { ipPool: { __rl: true, mode: 'name', value: 'marketing' } } }),
			() => ({ ip_pool_name: 'marketing' }),
		],
		[
			'bypassed lists, sandbox and footer',
			() => ({
				settings: {
					bypassSuppressions: ['bypassBounceManagement', 'bypassSpamManagement'],
					sandboxMode: true,
					footer: { values: { enable: true, text: 'Example Inc.', html: '' } },
				},
			}),
			() => ({
				mail_settings: {
					bypass_bounce_management: { enable: true },
					bypass_spam_management: { enable: true },
					sandbox_mode: { enable: true },
					footer: { enable: true, text: 'Example Inc.' },
				},
			}),
		],
		[
			'tracking',
			() => ({
				settings: {
					clickTracking: 'html',
					openTracking: { values: { enable: true, substitutionTag: '%open%' } },
					subscriptionTracking: { values: { enable: false } },
					ganalytics: { values: { enable: true, utmSource: 'news', utmCampaign: 'spring' } },
				},
			}),
			() => ({
				tracking_settings: {
					click_tracking: { enable: true, enable_text: false },
					open_tracking: { enable: true, substitution_tag: '%open%' },
					subscription_tracking: { enable: false },
					ganalytics: { enable: true, utm_source: 'news', utm_campaign: 'spring' },
				},
			}),
		],
		[
			'click tracking in HTML and text',
			() => ({ settings: { clickTracking: 'htmlAndText' } }),
			() => ({ tracking_settings: { click_tracking: { enable: true, enable_text: true } } }),
		],
		[
			'click tracking turned off',
			() => ({ settings: { clickTracking: 'off' } }),
			() => ({ tracking_settings: { click_tracking: { enable: false, enable_text: false } } }),
		],
	])('sends %s', async (_, parameters, part) => {
		const expected = part();
		const body = await bodyOf({ ...MAIL, ...parameters() });
		for (const [field, value] of Object.entries(expected)) expect(body[field]).toEqual(value);
	});

	it('sends further content after text and HTML', async () => {
		const moreContent = {
			values: [
				{ type: 'text/x-amp-html', value: '<html amp4email></html>' },
				{ type: 'text/calendar; method=REQUEST', value: 'BEGIN:VCALENDAR' },
			],
		};
		const html = '<p>Hello</p>';
		expect(await bodyOf({ ...MAIL, html, additionalFields: { moreContent } })).toMatchObject({
			content: [
				{ type: 'text/plain', value: 'Hello' },
				{ type: 'text/html', value: html },
				...moreContent.values,
			],
		});
	});

	it('sends names of recipients without what SendGrid would take for a part of an address', async () => {
		const body = await bodyOf({
			...MAIL,
			from: '"Smith, Ann; Sales" <ann@example.com>',
			to: '"Doe, Bob" <bob@example.com>',
			additionalFields: {
				cc: '"Acme;Inc." <carl@example.com>',
				replyTo: '"Smith, Ann" <a@example.com>',
			},
		});
		expect(body).toMatchObject({
			from: { name: 'Smith, Ann; Sales' },
			reply_to: { name: 'Smith, Ann' },
			personalizations: [{ to: [{ name: 'Doe Bob' }], cc: [{ name: 'Acme Inc.' }] }],
		});
	});

	it('takes words for switches, as forms and models give them', async () => {
		const settings = { sandboxMode: 'false', openTracking: { values: { enable: 'FALSE' } } };
		const body = await bodyOf({ ...MAIL, settings });
		expect(body).not.toHaveProperty('mail_settings');
		expect(body.tracking_settings).toEqual({ open_tracking: { enable: false } });
	});

	it('puts out no more than n8n shows of it before the first run', async () => {
		const output = await outputOf(sendGrid, {
			...MAIL,
			settings: { sandboxMode: true },
			additionalFields: { sendAt: '={{ $now.plus({ hours: 1 }) }}' },
		});
		expect(output).toMatchObject([
			{ sandbox: true, sendAt: expect.any(String), batchId: expect.any(String) },
		]);
		const fields = Object.keys(schema.properties);
		expect(Object.keys(output[0]!).filter((field) => !fields.includes(field))).toEqual([]);
	});

	it('works on five at a time by default, and puts out the items in their order', async () => {
		sendGrid.failNext('POST /v3/mail/send', { delayMs: 1000 }, 5);
		const output = await outputOf(
			sendGrid,
			{ ...MAIL, to: '={{ $json.email }}' },
			{ items: Array.from({ length: 12 }, (_, index) => ({ email: `p${index}@example.com` })) },
		);
		expect(Math.max(...sendGrid.requests.map(({ concurrent }) => concurrent))).toBe(5);
		expect(output.map(({ to }) => to)).toEqual(
			Array.from({ length: 12 }, (_, index) => [`p${index}@example.com`]),
		);
	});

	it('sends copies, headers and custom args with the recipients', async () => {
		const unfilled = await personalizationOf(
			{
				...MAIL,
				customArgs: {
					values: [
						{ name: 'contactId', value: '={{ $json.id }}' },
						{ name: 'source', value: 'shop' },
					],
				},
				additionalFields: {
					cc: 'Carl <carl@example.com>',
					bcc: 'dora@example.com, eve@example.com',
					headers: { values: [{ name: 'X-Order', value: '42' }] },
				},
			},
			{ id: 7 },
		);
		expect(unfilled).toEqual({
			to: [{ email: 'bob@example.com' }],
			cc: [{ email: 'carl@example.com', name: 'Carl' }],
			bcc: [{ email: 'dora@example.com' }, { email: 'eve@example.com' }],
			headers: { 'X-Order': '42' },
			custom_args: { contactId: '7', source: 'shop' },
		});
	});

	it('says that a mail in sandbox mode was accepted, without a messageId', async () => {
		const [output] = await outputOf(sendGrid, { ...MAIL, settings: { sandboxMode: true } });
		expect(output).toEqual({
			accepted: true,
			sandbox: true,
			to: ['bob@example.com'],
			statusCode: 200,
		});
	});
});

describe('a template', () => {
	const template = (changes: INodeParameters = {}): INodeParameters => ({
		from: 'ann@example.com',
		to: 'bob@example.com',
		content: 'template',
		templateId,
		...changes,
	});
	const DATA = { name: 'Ann', camelCase: { snake_case: [1, null, { 'kebab-case': true }] } };

	it.each<[what: string, changes: INodeParameters, item: IDataObject]>([
		['JSON text', { templateData: JSON.stringify(DATA) }, {}],
		['an object from an expression', { templateData: '={{ $json.data }}' }, { data: DATA }],
	])('gets its data whole from %s', async (_, changes, item) => {
		const body = await bodyOf(template(changes), item);
		expect(body).toEqual({
			from: { email: 'ann@example.com' },
			template_id: templateId,
			personalizations: [{ to: [{ email: 'bob@example.com' }], dynamic_template_data: DATA }],
		});
	});

	it('can be chosen from the list', async () => {
		const chosen = { __rl: true, mode: 'list', value: templateId, cachedResultName: 'Welcome' };
		expect(await bodyOf(template({ templateId: chosen }))).toMatchObject({
			template_id: templateId,
		});
	});

	it('can come from an expression', async () => {
		const body = await bodyOf(template({ templateId: '={{ $json.template }}' }), {
			template: templateId,
		});
		expect(body).toMatchObject({ template_id: templateId });
	});

	it('gets a subject if it has none of its own', async () => {
		expect(await bodyOf(template({ templateSubject: 'Welcome' }))).toMatchObject({
			subject: 'Welcome',
		});
	});

	it('does not get what was typed for a message before', async () => {
		const typed = { subject: 'Hi', text: 'Hello', html: '<p>Hello</p>' };
		expect(await bodyOf(template(typed))).toEqual({
			from: { email: 'ann@example.com' },
			template_id: templateId,
			personalizations: [{ to: [{ email: 'bob@example.com' }] }],
		});
	});

	it('of the legacy kind gets substitutions', async () => {
		const legacy = sendGrid.account().addTemplate({ name: 'Old', generation: 'legacy' }).id;
		const body = await bodyOf(
			template({ templateId: legacy, templateData: '{"-name-":"Ann","%count%":3}' }),
		);
		expect(body.personalizations).toEqual([
			{ to: [{ email: 'bob@example.com' }], substitutions: { '-name-': 'Ann', '%count%': '3' } },
		]);
	});
});

describe('files', () => {
	const binary = (changes: Partial<IBinaryData> = {}): IBinaryData => ({
		data: GIF,
		mimeType: 'image/gif',
		fileName: 'dot.gif',
		...changes,
	});

	/** The attachments of a mail from an item with these binary fields. */
	async function attachmentsOf(
		additionalFields: INodeParameters,
		files: INodeExecutionData['binary'],
	): Promise<unknown> {
		const workflow = sendGridEmailWorkflow(sendGrid, { ...MAIL, additionalFields });
		const context = workflow.executeContext([{ json: {}, binary: files }]);
		await new SendGridEmail().execute.call(context);
		return bodies()[0]!.attachments;
	}

	it('are attached from binary fields', async () => {
		const files = { data: binary(), report: binary({ mimeType: 'text/csv', fileName: 'r.csv' }) };
		expect(await attachmentsOf({ attachments: 'data, report' }, files)).toEqual([
			{ content: GIF, filename: 'dot.gif', type: 'image/gif', disposition: 'attachment' },
			{ content: GIF, filename: 'r.csv', type: 'text/csv', disposition: 'attachment' },
		]);
	});

	it('are attached all by an expression', async () => {
		const fields = { attachments: '={{ Object.keys($binary) }}' };
		expect(await attachmentsOf(fields, { a: binary(), b: binary() })).toHaveLength(2);
	});

	it('are shown in the HTML by their content ID', async () => {
		const image = (contentId: string) => ({
			inlineImages: { values: [{ binaryPropertyName: 'data', contentId }] },
		});
		const expected = [
			{
				content: GIF,
				filename: 'dot.gif',
				type: 'image/gif',
				disposition: 'inline',
				content_id: 'logo',
			},
		];
		expect(await attachmentsOf(image('logo'), { data: binary() })).toEqual(expected);
		sendGrid.requests.length = 0;
		expect(await attachmentsOf(image('cid:logo'), { data: binary() })).toEqual(expected);
	});

	it('keep the parameters that make an invitation of a calendar file', async () => {
		const files = {
			invite: binary({
				fileName: 'a.ics',
				mimeType: 'text/calendar; method=REQUEST; charset=utf-8',
			}),
		};
		expect(await attachmentsOf({ attachments: 'invite' }, files)).toMatchObject([
			{ filename: 'a.ics', type: 'text/calendar; method=REQUEST' },
		]);
	});

	it('get a name and a type that SendGrid takes', async () => {
		const files = {
			page: binary({
				fileName: undefined,
				fileExtension: 'html',
				mimeType: 'text/html; charset=utf-8',
			}),
			odd: binary({ fileName: 'a;b\r\nc.txt', mimeType: 'text/plain' }),
		};
		expect(await attachmentsOf({ attachments: 'page, odd' }, files)).toMatchObject([
			{ filename: 'page.html', type: 'text/html' },
			{ filename: 'a_b__c.txt', type: 'text/plain' },
		]);
	});

	it('are named if they are missing', async () => {
		await expect(attachmentsOf({ attachments: 'invoice' }, { data: binary() })).rejects.toThrow(
			/invoice/,
		);
	});

	it('are refused above 30 MB before the call', async () => {
		const large = binary({ data: Buffer.alloc(23 * 1024 * 1024).toString('base64') });
		await expect(attachmentsOf({ attachments: 'data' }, { data: large })).rejects.toThrow(
			/Attachments: Link to large files instead\. SendGrid accepts 30 MB .+ the mail has 32\.2 MB/,
		);
		expect(sendGrid.requests).toEqual([]);
	});
});

describe('scheduled mail', () => {
	const inHours = (hours: number) => new Date(Math.ceil(Date.now() / 1000) * 1000 + hours * 3.6e6);

	it('gets a batch ID, with which it can be cancelled', async () => {
		const at = inHours(2);
		const [output] = await outputOf(sendGrid, {
			...MAIL,
			additionalFields: { sendAt: at.toISOString() },
		});
		const { batchId } = output as { batchId: string };
		expect(bodies()).toMatchObject([{ send_at: at.getTime() / 1000, batch_id: batchId }]);
		expect(output).toMatchObject({ accepted: true, sendAt: at.toISOString() });

		await outputOf(sendGrid, { resource: 'scheduledSend', operation: 'cancel', batchId });
		expect(sendGrid.account().scheduledSends.get(batchId)).toBe('cancel');
	});

	it('gets a batch ID for each item', async () => {
		const output = await outputOf(
			sendGrid,
			{ ...MAIL, additionalFields: { sendAt: inHours(1).toISOString() } },
			{ items: [{}, {}] },
		);
		expect(new Set(output.map(({ batchId }) => batchId)).size).toBe(2);
	});

	it('gets its batch ID in spite of a failure of the server: an unused one does no harm', async () => {
		sendGrid.failNext('POST /v3/mail/batch', { status: 503 });
		const additionalFields = { sendAt: inHours(1).toISOString() };
		const output = await outputOf(sendGrid, { ...MAIL, additionalFields });
		expect(output).toMatchObject([{ accepted: true, batchId: expect.any(String) }]);
		expect(sendGrid.requests.map(({ path }) => path)).toEqual([
			'/v3/mail/batch',
			'/v3/mail/batch',
			'/v3/mail/send',
		]);
	});

	it('joins the batch it is given', async () => {
		const batchId = 'shared-batch';
		sendGrid.account().batchIds.add(batchId);
		const [output] = await outputOf(sendGrid, {
			...MAIL,
			additionalFields: { sendAt: inHours(1).toISOString(), batchId },
		});
		expect(output).toMatchObject({ batchId });
		expect(sendGrid.requests.map(({ path }) => path)).toEqual(['/v3/mail/send']);
	});

	it('understands the time of the workflow, Unix time and $now', async () => {
		const at = inHours(1);
		const local = at.toLocaleString('sv-SE', { timeZone: 'America/New_York' }).replace(' ', 'T');
		for (const sendAt of [local, at.getTime(), at.getTime() / 1000]) {
			await outputOf(sendGrid, { ...MAIL, additionalFields: { sendAt } as INodeParameters });
		}
		await outputOf(sendGrid, {
			...MAIL,
			additionalFields: { sendAt: '={{ $now.plus({ hours: 1 }) }}' },
		});
		const times = bodies().map(({ send_at }) => send_at as number);
		expect(times.slice(0, 3)).toEqual(Array(3).fill(at.getTime() / 1000));
		expect(Math.abs(times[3]! - at.getTime() / 1000)).toBeLessThan(60);
	});

	it('is refused more than 72 hours ahead, before the call', async () => {
		await expect(
			outputOf(sendGrid, { ...MAIL, additionalFields: { sendAt: inHours(73).toISOString() } }),
		).rejects.toThrow(/^Send At: .+ is more than 72 hours ahead.+\[item 0\]$/);
		expect(sendGrid.requests).toEqual([]);
	});
});

describe('what SendGrid would refuse', () => {
	it.each<[what: string, parameters: INodeParameters, message: RegExp]>([
		['no sender', { from: '' }, /^From: Enter an address.+The value is empty\. \[item 1\]$/],
		[
			'two senders',
			{ from: 'a@example.com, b@example.com' },
			/^From: Enter one address only.+There are 2 now/,
		],
		[
			'a bad address',
			{ to: 'bob@' },
			/^To: Enter an address.+"bob@" is not an email address.+\[item 1\]$/,
		],
		[
			'a bad address in CC',
			{ additionalFields: { cc: 'x' } },
			/^CC: .+"x" is not an email address/,
		],
		[
			'a bad address in BCC',
			{ additionalFields: { bcc: 'x' } },
			/^BCC: .+"x" is not an email address/,
		],
		[
			'a bad reply-to',
			{ additionalFields: { replyTo: 'x' } },
			/^Reply To: .+"x" is not an email address/,
		],
		['no recipient', { to: '={{ $json.nothing }}' }, /^To: Enter at least one address/],
		['no subject', { subject: '={{ $json.nothing }}' }, /^Subject: Enter a subject/],
		['no content', { text: '' }, /^Content: .+The mail has no text or HTML\./],
		[
			'no template',
			{ content: 'template', templateId: '' },
			/^Template: Choose one from the list.+The value is empty/,
		],
		[
			'template data that is no JSON',
			{ content: 'template', templateId: 'd-1', templateData: '{ name: Ann }' },
			/^Template Data: Enter valid JSON/,
		],
		[
			'a custom arg without a value',
			{ customArgs: { values: [{ name: 'contactId', value: '={{ $json.nothing }}' }] } },
			/^Custom Args: Enter text as the value of "contactId"/,
		],
		[
			'a custom arg that is an object',
			{ customArgs: { values: [{ name: 'contact', value: '={{ $json.object }}' }] } },
			/^Custom Args: Enter text as the value of "contact". The value is an object/,
		],
		[
			'a reserved header',
			{ additionalFields: { headers: { values: [{ name: 'Subject', value: 'a' }] } } },
			/^Headers: Take "Subject" out/,
		],
		[
			'a time that is none',
			{ additionalFields: { sendAt: 'tomorrow' } },
			/^Send At: Enter a date and time .+ the text "tomorrow"/,
		],
		[
			'a group that is none',
			{ settings: { unsubscribeGroup: 'News' } },
			/^Unsubscribe Group: Choose a group from the list.+"News" is not one/,
		],
		[
			'groups to display without a group',
			{ settings: { groupsToDisplay: [1] } },
			/^Groups to Display: Add an Unsubscribe Group/,
		],
		[
			'an inline image without a content ID',
			{
				additionalFields: {
					inlineImages: { values: [{ binaryPropertyName: 'a', contentId: '' }] },
				},
			},
			/^Inline Images: Enter the binary field .+ The image "a" lacks one/,
		],
	])('is found before the call: %s', async (_, parameters, message) => {
		const workflow = sendGridEmailWorkflow(
			sendGrid,
			{ ...MAIL, ...parameters },
			{ continueOnFail: true },
		);
		const items = [{ json: {} }, { json: { object: { a: 1 } } }];
		const [output] = await new SendGridEmail().execute.call(workflow.executeContext(items));
		expect(output![1]).toEqual({
			json: { error: expect.stringMatching(message), message: 'Not sent.' },
			pairedItem: { item: 1 },
		});
		expect(sendGrid.requests).toEqual([]);
	});
});
