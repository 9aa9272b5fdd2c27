import { MailService } from '@sendgrid/mail';
import * as fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import {
	toMailData,
	type Message,
	type Personalization,
} from '../../../../nodes/SendGrid/actions/email/mail';
import { validateMail } from '../../../../emulator/mailSchema';
import { aMessage, anAttachment, aPersonalization } from './mails';

/** What goes over the wire, built by SendGrid's library, and found valid by the stand-in's rules. */
async function bodyOf(message: Message, personalizations: Personalization[]): Promise<IDataObject> {
	let json = '';
	const service = new MailService();
	service.setClient({
		request: async ({ body }: { body: unknown }) => {
			json = JSON.stringify(body);
			return [{}, {}];
		},
	} as never);
	await service.send(await toMailData(message, personalizations));
	const body = JSON.parse(json) as IDataObject;
	expect(validateMail(body)).toEqual([]);
	return body;
}

const bodyWith = async (changes: Partial<Message>) =>
	await bodyOf(aMessage(changes), [aPersonalization()]);

const personalizationWith = async (
	changes: Partial<Personalization>,
	message: Partial<Message> = {},
) => {
	const body = await bodyOf(aMessage(message), [aPersonalization(changes)]);
	return (body.personalizations as IDataObject[])[0]!;
};

describe('the body of mail send', () => {
	it('has nothing but what is needed for a plain mail', async () => {
		expect(await bodyOf(aMessage(), [aPersonalization()])).toEqual({
			personalizations: [{ to: [{ email: 'bob@example.com' }] }],
			from: { email: 'ann@example.com' },
			subject: 'Hi',
			content: [{ type: 'text/plain', value: 'Hello' }],
		});
	});

	it.each<[field: string, changes: Partial<Message>, part: IDataObject]>([
		[
			'from with a name',
			{ from: { email: 'ann@example.com', name: 'Ann' } },
			{ from: { email: 'ann@example.com', name: 'Ann' } },
		],
		[
			'one reply_to',
			{ replyTo: [{ email: 'r@example.com', name: 'R' }] },
			{ reply_to: { email: 'r@example.com', name: 'R' } },
		],
		[
			'several as reply_to_list',
			{ replyTo: [{ email: 'r@example.com' }, { email: 's@example.com', name: 'S' }] },
			{ reply_to_list: [{ email: 'r@example.com' }, { email: 's@example.com', name: 'S' }] },
		],
		[
			'text before HTML',
			{ html: '<p>Hello</p>' },
			{
				content: [
					{ type: 'text/plain', value: 'Hello' },
					{ type: 'text/html', value: '<p>Hello</p>' },
				],
			},
		],
		[
			'HTML alone',
			{ text: '', html: '<p>Hello</p>' },
			{ content: [{ type: 'text/html', value: '<p>Hello</p>' }] },
		],
		['template_id', { text: '', templateId: 'd-1' }, { template_id: 'd-1' }],
		[
			'an attachment',
			{ attachments: [anAttachment(3)] },
			{
				attachments: [
					{
						content: 'eHh4',
						filename: 'note.txt',
						type: 'text/plain',
						disposition: 'attachment',
					},
				],
			},
		],
		[
			'an inline image',
			{
				attachments: [
					anAttachment(3, { filename: 'logo.png', type: 'image/png', contentId: 'logo' }),
				],
			},
			{
				attachments: [
					{
						content: 'eHh4',
						filename: 'logo.png',
						type: 'image/png',
						disposition: 'inline',
						content_id: 'logo',
					},
				],
			},
		],
		['categories', { categories: ['a', 'b'] }, { categories: ['a', 'b'] }],
		['send_at', { sendAt: 1 }, { send_at: 1 }],
		['batch_id', { batchId: 'batch' }, { batch_id: 'batch' }],
		['asm', { asm: { groupId: 7 } }, { asm: { group_id: 7 } }],
		[
			'asm with groups to display',
			{ asm: { groupId: 7, groupsToDisplay: [7, 8] } },
			{ asm: { group_id: 7, groups_to_display: [7, 8] } },
		],
		['ip_pool_name', { ipPool: 'pool' }, { ip_pool_name: 'pool' }],
		[
			'mail_settings',
			{
				mailSettings: {
					bypassBounceManagement: { enable: true },
					bypassSpamManagement: { enable: true },
					bypassUnsubscribeManagement: { enable: true },
					footer: { enable: true, text: 'T', html: '<p>T</p>' },
					sandboxMode: { enable: true },
				},
			},
			{
				mail_settings: {
					bypass_bounce_management: { enable: true },
					bypass_spam_management: { enable: true },
					bypass_unsubscribe_management: { enable: true },
					footer: { enable: true, text: 'T', html: '<p>T</p>' },
					sandbox_mode: { enable: true },
				},
			},
		],
		[
			'bypass_list_management',
			{ mailSettings: { bypassListManagement: { enable: true } } },
			{ mail_settings: { bypass_list_management: { enable: true } } },
		],
		[
			'tracking_settings',
			{
				trackingSettings: {
					clickTracking: { enable: true, enableText: false },
					openTracking: { enable: true, substitutionTag: '%o%' },
					subscriptionTracking: {
						enable: true,
						text: '<% %>',
						html: '<p><% %></p>',
						substitutionTag: '%s%',
					},
					ganalytics: {
						enable: true,
						utmSource: 's',
						utmMedium: 'm',
						utmTerm: 't',
						utmContent: 'c',
						utmCampaign: 'n',
					},
				},
			},
			{
				tracking_settings: {
					click_tracking: { enable: true, enable_text: false },
					open_tracking: { enable: true, substitution_tag: '%o%' },
					subscription_tracking: {
						enable: true,
						text: '<% %>',
						html: '<p><% %></p>',
						substitution_tag: '%s%',
					},
					ganalytics: {
						enable: true,
						utm_source: 's',
						utm_medium: 'm',
						utm_term: 't',
						utm_content: 'c',
						utm_campaign: 'n',
					},
				},
			},
		],
	])('has %s', async (_, changes, part) => {
		const plain = await bodyOf(aMessage(), [aPersonalization()]);
		const [name] = Object.keys(part) as [string];
		const body = await bodyWith(changes);
		expect(body).toMatchObject(part);
		expect(body[name]).toEqual(part[name]);
		const others = Object.keys(body).filter((key) => key !== name);
		for (const other of others) expect(body[other]).toEqual(plain[other]);
	});

	it.each<[field: string, changes: Partial<Personalization>, part: IDataObject]>([
		[
			'to, cc and bcc with names',
			{
				to: [{ email: 'a@example.com', name: 'A' }, { email: 'b@example.com' }],
				cc: [{ email: 'c@example.com', name: 'C' }],
				bcc: [{ email: 'd@example.com' }],
			},
			{
				to: [{ email: 'a@example.com', name: 'A' }, { email: 'b@example.com' }],
				cc: [{ email: 'c@example.com', name: 'C' }],
				bcc: [{ email: 'd@example.com' }],
			},
		],
		['headers', { headers: { 'X-Order-Id': '42' } }, { headers: { 'X-Order-Id': '42' } }],
		[
			'custom_args, with the names as they are',
			{ customArgs: { contactId: '42', 'order id': 'a', snake_case: 'b', 'kebab-case': 'c' } },
			{ custom_args: { contactId: '42', 'order id': 'a', snake_case: 'b', 'kebab-case': 'c' } },
		],
		[
			'substitutions, with the tags as they are',
			{ substitutions: { '{{raw:first name}}': 'Ann', '-tag-': 'x' } },
			{ substitutions: { '{{raw:first name}}': 'Ann', '-tag-': 'x' } },
		],
	])('has %s', async (_, changes, part) => {
		expect(await personalizationWith(changes)).toEqual({
			to: [{ email: 'bob@example.com' }],
			...part,
		});
	});

	it('has the subject once where all share it, and with each recipient where not', async () => {
		const same = await bodyOf(aMessage(), [aPersonalization(), aPersonalization()]);
		expect(same.subject).toBe('Hi');
		const different = await bodyOf(aMessage(), [
			aPersonalization({ subject: 'Hi Ann' }),
			aPersonalization({ subject: 'Hi Bob' }),
		]);
		expect(different).not.toHaveProperty('subject');
		expect(different.personalizations).toMatchObject([
			{ subject: 'Hi Ann' },
			{ subject: 'Hi Bob' },
		]);
	});
});

describe('the name of a recipient, which SendGrid writes before the address without quotes', () => {
	it.each<[name: string, sent: string | undefined]>([
		['Doe, Bob', 'Doe Bob'],
		['Doe ,Bob;', 'Doe Bob'],
		['Attn: Sales @ Acme [EU] <x>', 'Attn Sales Acme EU x'],
		['Bob (Sales)', 'Bob (Sales)'],
		['Bob "Bobby" Doe', 'Bob "Bobby" Doe'],
		['Bob :(', 'Bob'],
		['Bob "', 'Bob'],
		['Bob )Sales(', 'Bob Sales'],
		["Dr. Bob O'Doe-Smith, Jr.", "Dr. Bob O'Doe-Smith Jr."],
		[';)', undefined],
	])('%s is sent as %s', async (name, sent) => {
		const address = { email: 'bob@example.com', name };
		const { to, cc } = await personalizationWith({
			to: [address],
			cc: [{ ...address, email: 'c@example.com' }],
		});
		expect(to).toEqual([{ email: 'bob@example.com', ...(sent && { name: sent }) }]);
		expect(cc).toEqual([{ email: 'c@example.com', ...(sent && { name: sent }) }]);
	});

	it('stays as it is in From and Reply To, which SendGrid writes with quotes', async () => {
		const address = { email: 'ann@example.com', name: 'Smith, Ann (Sales' };
		const body = await bodyWith({ from: address, replyTo: [address] });
		expect(body).toMatchObject({ from: address, reply_to: address });
	});
});

describe('template data', () => {
	const sent = async (templateData: IDataObject) =>
		(await personalizationWith({ templateData }, { text: '', templateId: 'd-1' }))
			.dynamic_template_data;

	it('arrives as it is, whatever its keys and values', async () => {
		await fc.assert(
			fc.asyncProperty(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), async (data) => {
				fc.pre(Object.keys(data).length > 0);
				const json = JSON.stringify(data);
				expect(JSON.stringify(await sent(JSON.parse(json) as IDataObject))).toBe(json);
			}),
			{ seed: 5 },
		);
	});

	it.each([
		'{"camelCase":1,"snake_case":{"camelCase":[{"PascalCase":null}]},"kebab-case":true}',
		'{"list":[1,"a",null,{"b":[]}],"zero":0,"empty":"","no":false}',
		'{"__proto__":{"a":1},"constructor":"b","hasOwnProperty":"c","toJSON":"d"}',
		'{"nested":{"__proto__":{"polluted":true}}}',
		'{"quotes":"\\"it\'s\\" <b>&amp;</b>","unicode":"é 😀"}',
		'{"dynamicTemplateData":{"aB":1},"custom_args":{"aB":1},"substitutions":{"aB":1}}',
	])('arrives as it is: %s', async (json) => {
		expect(JSON.stringify(await sent(JSON.parse(json) as IDataObject))).toBe(json);
		expect(Object.prototype).not.toHaveProperty('polluted');
	});

	it('is not mixed between recipients', async () => {
		const body = await bodyOf(aMessage({ text: '', templateId: 'd-1' }), [
			aPersonalization({ templateData: { a: { b: 1 } } }),
			aPersonalization({ templateData: { a: { c: 2 } } }),
			aPersonalization(),
		]);
		expect(body.personalizations).toEqual([
			{ to: [{ email: 'bob@example.com' }], dynamic_template_data: { a: { b: 1 } } },
			{ to: [{ email: 'bob@example.com' }], dynamic_template_data: { a: { c: 2 } } },
			{ to: [{ email: 'bob@example.com' }] },
		]);
	});
});
