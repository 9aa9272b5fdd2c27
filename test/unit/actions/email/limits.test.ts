import {
	checkMessage,
	checkPersonalization,
	checkRequestBytes,
	checkRequestRecipients,
	messageBytes,
} from '../../../../nodes/SendGrid/actions/email/limits';
import type { Message, Personalization } from '../../../../nodes/SendGrid/actions/email/mail';
import { aMessage, anAttachment, aPersonalization } from './mails';

const NOW = 1_795_000_000;
const HOUR = 3600;

const addresses = (count: number) =>
	Array.from({ length: count }, (_, index) => ({ email: `person${index}@example.com` }));
const names = (count: number) => Array.from({ length: count }, (_, index) => `name${index}`);

describe('checkMessage', () => {
	it.each<[what: string, changes: Partial<Message>]>([
		['text only', {}],
		['HTML only', { text: '', html: '<p>Hello</p>' }],
		['a template only', { text: '', templateId: 'd-1' }],
		['ten categories', { categories: names(10) }],
		['a category of 255 characters', { categories: ['x'.repeat(255)] }],
		['a time 72 hours ahead', { sendAt: NOW + 72 * HOUR }],
		['a time in the past, which is now', { sendAt: NOW - HOUR }],
		['25 groups to display', { asm: { groupId: 1, groupsToDisplay: [...Array(25).keys()] } }],
		['an IP pool of two characters', { ipPool: 'ab' }],
		['all suppression lists bypassed', { mailSettings: { bypassListManagement: {} } }],
		[
			'three suppression lists bypassed',
			{
				mailSettings: {
					bypassBounceManagement: {},
					bypassSpamManagement: {},
					bypassUnsubscribeManagement: {},
					footer: {},
				},
			},
		],
		['an attachment', { attachments: [anAttachment()] }],
	])('lets %s pass', (_, changes) => {
		expect(() => checkMessage(aMessage(changes), NOW)).not.toThrow();
	});

	it.each<[what: string, changes: Partial<Message>, message: RegExp]>([
		['no content', { text: '' }, /^Content: .+The mail has no text or HTML\.$/],
		[
			'an address twice in Reply To',
			{ replyTo: [{ email: 'r@example.com' }, { email: 'r@example.com' }] },
			/^Reply To: .+r@example.com is there twice/,
		],
		['eleven categories', { categories: names(11) }, /^Categories: Give 10 at most.+There are 11/],
		['a category twice', { categories: ['a', 'b', 'a'] }, /^Categories: .+"a" is there twice/],
		[
			'a category of 256 characters',
			{ categories: ['x'.repeat(256)] },
			/^Categories: Use up to 255 .+"x+" is not possible/,
		],
		['a category with an accent', { categories: ['été'] }, /^Categories: .+"été" is not possible/],
		[
			'a time more than 72 hours ahead',
			{ sendAt: NOW + 72 * HOUR + 1 },
			/^Send At: .+2026-.+ is more than 72 hours ahead/,
		],
		[
			'26 groups to display',
			{ asm: { groupId: 1, groupsToDisplay: [...Array(26).keys()] } },
			/^Groups to Display: Choose up to 25 groups. There are 26/,
		],
		[
			'an IP pool of one character',
			{ ipPool: 'a' },
			/^IP Pool: Enter a name of 2 to 64 characters. "a"/,
		],
		['an IP pool of 65 characters', { ipPool: 'a'.repeat(65) }, /^IP Pool/],
		[
			'all suppression lists and one more bypassed',
			{ mailSettings: { bypassListManagement: {}, bypassSpamManagement: {} } },
			/^Bypass Suppressions: Choose either "All Lists"/,
		],
		[
			'an empty attachment',
			{ attachments: [anAttachment(0)] },
			/^Attachments: .+"note.txt" has no content/,
		],
	])('refuses %s', (_, changes, message) => {
		expect(() => checkMessage(aMessage(changes), NOW)).toThrow(message);
	});
});

describe('checkPersonalization', () => {
	const check = (changes: Partial<Personalization>, templateId = '') =>
		checkPersonalization(aPersonalization(changes), { templateId });
	/** An object whose JSON has so many bytes. */
	const ofBytes = (bytes: number) => ({ key: 'x'.repeat(bytes - '{"key":""}'.length) });

	it.each<[what: string, changes: Partial<Personalization>]>([
		['one recipient', {}],
		[
			'1000 recipients',
			{ to: addresses(998), cc: [{ email: 'c@example.com' }], bcc: [{ email: 'd@example.com' }] },
		],
		['a header', { headers: { 'X-Order': '42', 'List-Unsubscribe': '<https://example.com>' } }],
		['custom args of 9,999 bytes', { customArgs: ofBytes(9_999) }],
		['substitutions of 9,999 bytes', { substitutions: ofBytes(9_999) }],
	])('lets %s pass', (_, changes) => {
		expect(() => check(changes)).not.toThrow();
	});

	it('lets a template come with its own subject', () => {
		expect(() => check({ subject: '' }, 'd-1')).not.toThrow();
	});

	it.each<[what: string, changes: Partial<Personalization>, message: RegExp]>([
		['no recipient', { to: [] }, /^To: Enter at least one address/],
		[
			'1001 recipients',
			{ to: addresses(1000), bcc: [{ email: 'd@example.com' }] },
			/^To: Make an item of each recipient.+ 1001/,
		],
		[
			'an address twice in To',
			{ to: [{ email: 'bob@example.com' }, { email: 'Bob@example.com' }] },
			/^To: .+Bob@example.com is there twice/,
		],
		[
			'an address in To and CC',
			{ cc: [{ email: 'bob@example.com' }] },
			/^CC: .+bob@example.com is in To as well/,
		],
		[
			'an address in CC and BCC',
			{ cc: [{ email: 'c@example.com' }], bcc: [{ email: 'c@example.com' }] },
			/^BCC: .+c@example.com is in CC as well/,
		],
		['a subject of two lines', { subject: 'Hi\nBcc: x' }, /^Subject: Remove the line break/],
		['a subject with what nobody sees', { subject: 'H\u200bi' }, /^Subject: Remove the invisible/],
		['a tab in a header', { headers: { 'X-A': 'a\tb' } }, /^Headers: Remove the tab/],
		['no subject', { subject: '' }, /^Subject: Enter a subject/],
		[
			'a header of two lines',
			{ headers: { 'X-A': 'a\r\nBcc: x@example.com' } },
			/^Headers: Remove the line break .+ the value of "X-A"/,
		],
		['a header with a space in its name', { headers: { 'X A': 'a' } }, /^Headers: .+"X A" is not/],
		['a header twice', { headers: { 'X-A': 'a', 'x-a': 'b' } }, /^Headers: .+"x-a" is there twice/],
		[
			'custom args of 10,000 bytes',
			{ customArgs: ofBytes(10_000) },
			/^Custom Args: Use less: .+there are 10000/,
		],
		[
			'substitutions of 10,000 bytes',
			{ substitutions: ofBytes(10_000) },
			/^Placeholder Data: Use less: .+there are 10000/,
		],
	])('refuses %s', (_, changes, message) => {
		expect(() => check(changes)).toThrow(message);
	});

	it.each([
		['x-sg-id'],
		['x-sg-eid'],
		['received'],
		['dkim-signature'],
		['Content-Type'],
		['Content-Transfer-Encoding'],
		['To'],
		['From'],
		['Subject'],
		['Reply-To'],
		['CC'],
		['BCC'],
		['X-SMTPAPI'],
		['Sender'],
		['Resent-From'],
		['Resent-Anything'],
	])('refuses the reserved header %s in any case', (header) => {
		for (const name of [header, header.toUpperCase(), header.toLowerCase()]) {
			expect(() => check({ headers: { [name]: 'x' } })).toThrow(
				`Headers: Take "${name}" out: it is reserved`,
			);
		}
	});

	it('counts bytes, not characters', () => {
		expect(() => check({ customArgs: { key: 'é'.repeat(5_000) } })).toThrow('Custom Args');
	});
});

describe('the size of a request', () => {
	const MB = 1024 * 1024;

	it('is less than 30 MB', () => {
		expect(() => checkRequestBytes(29_999_999)).not.toThrow();
		expect(() => checkRequestBytes(30_000_000)).toThrow(/^Attachments: .+ the mail has 30\.0 MB/);
	});

	it('counts attachments as they travel, in Base64, and once', () => {
		const without = messageBytes(aMessage());
		const attachment = anAttachment(3 * MB);
		const bytes = messageBytes(aMessage({ attachments: [attachment] })) - without;
		expect(bytes).toBeGreaterThanOrEqual(4 * MB);
		expect(bytes).toBeLessThan(4 * MB + 200);
	});

	it('is 1000 recipients at most', () => {
		expect(() => checkRequestRecipients(1000)).not.toThrow();
		expect(() => checkRequestRecipients(1001)).toThrow(
			/^To: Make an item of each recipient.+ 1001/,
		);
	});
});
