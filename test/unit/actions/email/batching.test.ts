import * as fc from 'fast-check';
import { Batcher, type MailRequest } from '../../../../nodes/SendGrid/actions/email/batching';
import {
	messageBytes,
	personalizationBytes,
} from '../../../../nodes/SendGrid/actions/email/limits';
import type { Message } from '../../../../nodes/SendGrid/actions/email/mail';
import { aMessage, anAttachment, aPersonalization } from './mails';

const MB = 1024 * 1024;

const personalizationsOf = (item: number, count = 1, filler = '') =>
	Array.from({ length: count }, (_, place) =>
		aPersonalization({
			to: [{ email: `person${item}-${place}@example.com` }],
			templateData: filler ? { filler } : {},
		}),
	);

/** Puts the mail of one item after the other into requests. */
function batch(mails: Array<{ message: Message; recipients?: number; filler?: string }>) {
	const batcher = new Batcher();
	mails.forEach(({ message, recipients, filler }, item) =>
		batcher.add(message, { item, personalizations: personalizationsOf(item, recipients, filler) }),
	);
	return batcher.requests;
}

const itemsOf = ({ mails }: MailRequest) => mails.map(({ item }) => item);
const recipientsOf = ({ mails }: MailRequest) =>
	mails.flatMap(({ personalizations }) => personalizations);

describe('Batcher', () => {
	it('puts 10,000 items with one message into 10 requests', () => {
		const requests = batch(Array.from({ length: 10_000 }, () => ({ message: aMessage() })));
		expect(requests.map((request) => recipientsOf(request).length)).toEqual(Array(10).fill(1000));
	});

	it('never splits an item', () => {
		const message = aMessage();
		const requests = batch([
			{ message, recipients: 600 },
			{ message, recipients: 600 },
		]);
		expect(requests.map(itemsOf)).toEqual([[0], [1]]);
	});

	it('refuses an item that needs more than one request', () => {
		expect(() => batch([{ message: aMessage(), recipients: 1001 }])).toThrow(/^To: .+ 1001/);
	});

	it('starts a new request when one gets too large', () => {
		const message = aMessage();
		const filler = 'x'.repeat(14 * MB);
		const requests = batch([
			{ message, filler },
			{ message, filler },
			{ message, filler },
		]);
		expect(requests.map(itemsOf)).toEqual([[0, 1], [2]]);
	});

	it('refuses an item that is too large for any request, and goes on', () => {
		const batcher = new Batcher();
		const message = aMessage({ attachments: [anAttachment(20 * MB)] });
		const add = (item: number, filler: string) =>
			batcher.add(message, { item, personalizations: personalizationsOf(item, 1, filler) });
		add(0, '');
		expect(() => add(1, 'x'.repeat(4 * MB))).toThrow(/^Attachments: .+ the mail has 3\d\.\d MB/);
		add(2, '');
		expect(batcher.requests.map(itemsOf)).toEqual([[0, 2]]);
	});

	it.each<[field: string, changes: Partial<Message>]>([
		['the domain of the sender', { from: { email: 'ann@other.example' } }],
		['reply-to', { replyTo: [{ email: 'other@example.com' }] }],
		['the text', { text: 'Other' }],
		['the HTML', { html: '<p>Hello</p>' }],
		['long HTML', { html: `<p>${'x'.repeat(1000)}</p>` }],
		['the template', { templateId: 'd-1' }],
		['the attachments', { attachments: [anAttachment()] }],
		['the categories', { categories: ['a'] }],
		['whether they are scheduled', { sendAt: 1 }],
		['further content', { moreContent: [{ type: 'text/x-amp-html', value: 'x' }] }],
		['the batch', { batchId: 'a' }],
		['the unsubscribe group', { asm: { groupId: 1 } }],
		['the IP pool', { ipPool: 'pool' }],
		['the mail settings', { mailSettings: { sandboxMode: { enable: true } } }],
		['the tracking settings', { trackingSettings: { clickTracking: { enable: false } } }],
	])('keeps items apart that differ in %s', (_, changes) => {
		const requests = batch([
			{ message: aMessage() },
			{ message: aMessage(changes) },
			{ message: aMessage() },
		]);
		expect(requests.map(itemsOf)).toEqual([[0, 2], [1]]);
	});

	it('gives each its own sender and time within a request', () => {
		const batcher = new Batcher();
		const messages = [
			aMessage({ sendAt: 1 }),
			aMessage({ sendAt: 2 }),
			aMessage({ sendAt: 1, from: { email: 'Bob@Example.com' } }),
			aMessage({ sendAt: 1, from: { email: 'ann@example.com', name: 'Ann' } }),
			aMessage({ sendAt: 1 }),
		];
		messages.forEach((message, item) =>
			batcher.add(message, { item, personalizations: [aPersonalization()] }),
		);
		expect(batcher.requests).toHaveLength(1);
		expect(recipientsOf(batcher.requests[0]!)).toEqual([
			aPersonalization(),
			aPersonalization({ sendAt: 2 }),
			aPersonalization({ from: { email: 'Bob@Example.com' } }),
			aPersonalization({ from: { email: 'ann@example.com', name: 'Ann' } }),
			aPersonalization(),
		]);
	});

	it('keeps two long texts apart, also those that begin alike', () => {
		const long = (end: string) => aMessage({ html: `${'x'.repeat(300)}${end}` });
		const requests = batch([
			{ message: long('a') },
			{ message: long('b') },
			{ message: long('a') },
		]);
		expect(requests.map(itemsOf)).toEqual([[0, 2], [1]]);
		expect(requests.map(({ message }) => message.html.at(-1))).toEqual(['a', 'b']);
	});

	it('counts the message in every request, not only in the first', () => {
		// The message takes 20 MB of 30: two recipients of 4 MB fit beside it, a third does not.
		const message = aMessage({ html: 'x'.repeat(20_000_000) });
		const filler = 'x'.repeat(4_000_000);
		const requests = batch(Array.from({ length: 5 }, () => ({ message, filler })));
		expect(requests.map(itemsOf)).toEqual([[0, 1], [2, 3], [4]]);
	});

	it('takes files from different items for one, if they are the same file', () => {
		const logo = () => aMessage({ attachments: [anAttachment(3)] });
		const other = aMessage({ attachments: [anAttachment(4)] });
		expect(
			batch([{ message: logo() }, { message: other }, { message: logo() }]).map(itemsOf),
		).toEqual([[0, 2], [1]]);
	});

	it('sends every recipient exactly once, in order, within the limits, with its own message', () => {
		const item = fc.record({
			message: fc
				.record({
					text: fc.constantFrom('a', 'b', 'c'.repeat(300)),
					categories: fc.constantFrom([], ['x']),
				})
				.map(({ text, categories }) => aMessage({ text, categories: [...categories] })),
			recipients: fc.oneof(
				{ weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) },
				fc.integer({ min: 1, max: 1000 }),
			),
			filler: fc.constantFrom('', '', '', 'x'.repeat(20 * 1024)),
		});
		fc.assert(
			fc.property(fc.array(item, { maxLength: 60 }), (items) => {
				const requests = batch(items);

				const sent = requests.flatMap(({ mails }) => mails);
				expect(sent.map((mail) => mail.item).sort((a, b) => a - b)).toEqual([...items.keys()]);
				for (const mail of sent) {
					const { recipients, filler } = items[mail.item]!;
					expect(mail.personalizations).toEqual(personalizationsOf(mail.item, recipients, filler));
				}
				for (const request of requests) {
					const recipients = recipientsOf(request);
					expect(recipients.length).toBeLessThanOrEqual(1000);
					const bytes = recipients.reduce((sum, each) => sum + personalizationBytes(each), 0);
					expect(messageBytes(request.message) + bytes).toBeLessThan(30_000_000);
					expect(itemsOf(request)).toEqual([...itemsOf(request)].sort((a, b) => a - b));
					for (const number of itemsOf(request)) {
						expect(JSON.stringify(items[number]!.message)).toBe(JSON.stringify(request.message));
					}
				}
			}),
			{ seed: 3, numRuns: 50 },
		);
	});

	it('uses no more requests than filling one after the other takes', () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom('a', 'b'), { maxLength: 2500 }), (texts) => {
				const requests = batch(texts.map((text) => ({ message: aMessage({ text }) })));
				const needed = ['a', 'b']
					.map((text) => Math.ceil(texts.filter((each) => each === text).length / 1000))
					.reduce((sum, count) => sum + count);
				expect(requests).toHaveLength(needed);
			}),
			{ seed: 4, numRuns: 20 },
		);
	});
});
