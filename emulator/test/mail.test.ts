import type { SendGridEmulator, PostedEvent } from '..';
import { call, cleanUp, validMail } from './support';
import type { Receiver } from './support';

const start = cleanUp();
const ALL_FLAGS = {
	processed: true,
	delivered: true,
	deferred: true,
	bounce: true,
	dropped: true,
	open: true,
	click: true,
	spam_report: true,
	unsubscribe: true,
	group_unsubscribe: true,
	group_resubscribe: true,
};
let sendGrid: SendGridEmulator;
let receiver: Receiver;
beforeEach(async () => {
	sendGrid = await start.sendGrid({ now: () => 1_767_323_045_678 });
	receiver = await start.receiver();
	sendGrid.addWebhook({ url: receiver.url, signed: true, ...ALL_FLAGS });
});

function send(changes: Record<string, unknown> = {}, headers?: Record<string, string>) {
	return call(sendGrid, 'POST /v3/mail/send', validMail(changes), headers);
}

function to(...emails: string[]) {
	return { personalizations: [{ to: emails.map((email) => ({ email })) }] };
}

/** Sends a mail and returns the events that come of it. */
async function eventsOf(changes: Record<string, unknown>): Promise<PostedEvent[]> {
	const answer = await send(changes);
	expect(answer).toMatchObject({ status: 202 });
	await sendGrid.idle();
	return receiver.events;
}

const namesOf = (events: PostedEvent[]) => events.map(({ event }) => event);

describe('sending', () => {
	it('answers 202 with a message id and no body', async () => {
		const { status, body, headers } = await send();
		expect(status).toBe(202);
		expect(body).toBeUndefined();
		expect(headers.get('X-Message-Id')).toMatch(/^[\w-]{22}$/);
	});

	it('keeps the mail', async () => {
		const { headers } = await send();
		expect(sendGrid.mails).toEqual([
			{
				messageId: headers.get('X-Message-Id'),
				body: validMail(),
				acceptedAt: 1_767_323_045_678,
			},
		]);
	});

	it('tells listeners', async () => {
		const heard: string[] = [];
		sendGrid.onMail(({ messageId }) => heard.push(messageId));
		const { headers } = await send();
		expect(heard).toEqual([headers.get('X-Message-Id')]);
	});

	it('answers 400 with SendGrid’s objections and keeps nothing', async () => {
		const { status, body } = await send({ subject: undefined });
		expect(status).toBe(400);
		expect(body).toMatchObject({ errors: [{ field: 'subject' }] });
		expect(sendGrid.mails).toEqual([]);
	});

	it('answers 400 to what is not JSON', async () => {
		const { status, body } = await call(sendGrid, 'POST /v3/mail/send', '{');
		expect(status).toBe(400);
		expect(body).toEqual({ errors: [{ message: 'Bad Request', field: null, help: null }] });
	});

	it('answers 415 to another content type', async () => {
		const { status } = await send({}, { 'Content-Type': 'text/plain' });
		expect(status).toBe(415);
	});

	it('answers 413 to 30 MB and more', async () => {
		const content = [{ type: 'text/plain', value: 'x'.repeat(30 * 1024 * 1024) }];
		const { status, body } = await send({ content });
		expect(status).toBe(413);
		expect(body).toEqual({ errors: [{ field: null, message: 'content too large' }] });
	});

	it('answers 200 in sandbox mode and sends nothing', async () => {
		const { status } = await send({ mail_settings: { sandbox_mode: { enable: true } } });
		expect(status).toBe(200);
		expect(sendGrid.mails).toEqual([]);
	});

	it('is not done on behalf of a subuser', async () => {
		const { status } = await send({}, { 'on-behalf-of': 'ann' });
		expect(status).toBe(403);
	});
});

describe('with verified senders', () => {
	const verifiedSenders = ['boss@example.org', '@example.com'];

	it.each([
		['the address itself', 'Boss@example.org', 202],
		['any address of the domain', 'anyone@example.com', 202],
		['another address', 'other@example.org', 403],
		['a domain that only ends alike', 'anyone@not-example.com', 403],
	])('%s', async (_, email, status) => {
		sendGrid = await start.sendGrid({ verifiedSenders });
		expect(await send({ from: { email } })).toMatchObject({ status });
	});

	it('says what to do in SendGrid’s words', async () => {
		sendGrid = await start.sendGrid({ verifiedSenders });
		const { body } = await send({ from: { email: 'other@example.org' } });
		expect(body).toEqual({
			errors: [
				{
					message: expect.stringMatching(
						/^The from address does not match a verified Sender Identity\. Mail cannot be sent until this error is resolved\./,
					),
					field: 'from',
					help: null,
				},
			],
		});
	});
});

describe('what becomes of a mail', () => {
	it.each([
		['ann@example.com', ['processed', 'delivered', 'open', 'click']],
		['delivered@example.com', ['processed', 'delivered']],
		['machine-open@example.com', ['processed', 'delivered', 'open']],
		['deferred@example.com', ['processed', 'deferred', 'delivered']],
		['dropped@example.com', ['dropped']],
		['invalid@example.com', ['dropped']],
		['bounce@example.com', ['processed', 'bounce']],
		['Bounce+42@example.com', ['processed', 'bounce']],
		['bouncer@example.com', ['processed', 'delivered', 'open', 'click']],
		['blocked@example.com', ['processed', 'bounce']],
		['async-bounce@example.com', ['processed', 'delivered', 'bounce']],
		['spam@example.com', ['processed', 'delivered', 'open', 'spamreport']],
		['unsubscribe@example.com', ['processed', 'delivered', 'open', 'unsubscribe']],
		['group-unsubscribe@example.com', ['processed', 'delivered', 'open', 'group_unsubscribe']],
		['group-resubscribe@example.com', ['processed', 'delivered', 'open', 'group_resubscribe']],
		['constructor@example.com', ['processed', 'delivered', 'open', 'click']],
	])('%s: %j', async (email, expected) => {
		expect(namesOf(await eventsOf(to(email)))).toEqual(expected);
	});

	it.each(['Doe, Bob', 'Doe; Bob'])('is lost on the way to %s', async (name) => {
		const events = await eventsOf({
			personalizations: [{ to: [{ email: 'b@example.com', name }] }],
		});
		expect(events).toMatchObject([{ event: 'dropped', reason: 'Invalid', email: 'doe' }]);
	});

	it('happens to everyone in to, cc and bcc of every personalization', async () => {
		const events = await eventsOf({
			personalizations: [
				{
					to: [{ email: 'delivered+1@example.com' }],
					cc: [{ email: 'delivered+2@example.com' }],
					bcc: [{ email: 'delivered+3@example.com' }],
				},
				{ to: [{ email: 'delivered+4@example.com' }] },
			],
		});
		const delivered = events.filter(({ event }) => event === 'delivered');
		expect(delivered.map(({ email }) => email)).toEqual(
			[1, 2, 3, 4].map((index) => `delivered+${index}@example.com`),
		);
		const ids = events.map(({ sg_event_id }) => sg_event_id);
		expect(new Set(ids).size).toBe(ids.length);
	});

	it('goes to the webhooks that asked for it', async () => {
		const clicks = await start.receiver();
		const disabled = await start.receiver();
		sendGrid.addWebhook({ url: clicks.url, click: true });
		sendGrid.addWebhook({ url: disabled.url, click: true, enabled: false });
		await eventsOf({});
		expect(namesOf(clicks.events)).toEqual(['click']);
		expect(disabled.posts).toEqual([]);
	});

	it('can be left out', async () => {
		sendGrid = await start.sendGrid({ mailEvents: false });
		sendGrid.addWebhook({ url: receiver.url, ...ALL_FLAGS });
		expect(await eventsOf({})).toEqual([]);
	});
});

describe('an event of a mail', () => {
	it('carries the message id up to the first dot, and the recipient', async () => {
		const [processed] = await eventsOf({});
		const [{ messageId } = { messageId: '' }] = sendGrid.mails;
		expect(processed).toMatchObject({
			email: 'ann@example.com',
			timestamp: 1_767_323_045,
			'smtp-id': expect.stringContaining(messageId),
		});
		const [before, next] = String(processed?.['sg_message_id']).split('.');
		expect([before, next]).toEqual([messageId, expect.stringMatching(/^recvd-/)]);
	});

	it('carries custom arguments flat; SendGrid’s own fields win', async () => {
		const events = await eventsOf({
			custom_args: { source: 'n8n', contactId: '1', email: 'no@example.com' },
			personalizations: [
				{ to: [{ email: 'ann@example.com' }], custom_args: { contactId: '42', event: 'no' } },
			],
		});
		expect(namesOf(events)).toEqual(['processed', 'delivered', 'open', 'click']);
		for (const event of events) {
			expect(event).toMatchObject({ source: 'n8n', contactId: '42', email: 'ann@example.com' });
		}
	});

	it('carries categories, unsubscribe group, template and pool', async () => {
		const account = sendGrid.account();
		const template = account.addTemplate({ name: 'Welcome' });
		const group = account.addGroup({ name: 'Newsletter' });
		account.ipPools.push('marketing');
		const [processed] = await eventsOf({
			categories: ['welcome', 'spring'],
			asm: { group_id: group.id },
			template_id: template.id,
			ip_pool_name: 'marketing',
		});
		expect(processed).toMatchObject({
			category: ['welcome', 'spring'],
			asm_group_id: group.id,
			sg_template_id: template.id,
			sg_template_name: 'Welcome',
			pool: { name: 'marketing', id: 210 },
		});
	});

	it('of delivery has an id that says what it is', async () => {
		const events = await eventsOf(to('deferred@example.com', 'bounce@example.com'));
		const decoded = events.map(({ sg_event_id: id }) =>
			Buffer.from(String(id), 'base64url').toString(),
		);
		const { messageId } = sendGrid.mails[0]!;
		expect(decoded).toEqual([
			`processed-19942112-${messageId}-0`,
			`deferred-1-19942112-${messageId}-0`,
			`delivered-0-19942112-${messageId}-0`,
			`processed-19942112-${messageId}-1`,
			`bounce-0-19942112-${messageId}-1`,
		]);
	});

	it('of a click has the first link of the HTML', async () => {
		const html = '<p><a class="x" href="https://example.com/?a=1&amp;b=2">Go</a></p>';
		const events = await eventsOf({ content: [{ type: 'text/html', value: html }] });
		expect(events.find(({ event }) => event === 'click')).toMatchObject({
			url: 'https://example.com/?a=1&b=2',
			url_offset: { index: 0, type: 'html' },
		});
	});

	it('tells opens by machines apart', async () => {
		const events = await eventsOf(to('ann@example.com', 'machine-open@example.com'));
		const opens = events.filter(({ event }) => event === 'open');
		expect(opens.map(({ sg_machine_open }) => sg_machine_open)).toEqual([false, true]);
	});

	it.each([
		['async-bounce@example.com', { sg_message_id: '' }],
		['async-bounce+null@example.com', { sg_message_id: null }],
		['async-bounce+missing@example.com', {}],
	])('knows nothing of the message after an asynchronous bounce: %s', async (email, known) => {
		const events = await eventsOf({ ...to(email), custom_args: { contactId: '42' } });
		const bounce = events.find(({ event }) => event === 'bounce')!;
		expect(bounce).not.toHaveProperty('contactId');
		expect('sg_message_id' in bounce ? { sg_message_id: bounce['sg_message_id'] } : {}).toEqual(
			known,
		);
	});
});

describe('suppressed recipients', () => {
	it('are entered by what happened to them', async () => {
		const { suppressions } = sendGrid.account();
		await eventsOf(
			to(
				'bounce@example.com',
				'blocked@example.com',
				'invalid@example.com',
				'spam@example.com',
				'unsubscribe@example.com',
			),
		);
		expect(suppressions).toMatchObject({
			bounces: [{ email: 'bounce@example.com', status: '5.1.1', created: 1_767_323_045 }],
			blocks: [{ email: 'blocked@example.com', status: '5.7.1' }],
			invalid_emails: [{ email: 'invalid@example.com' }],
			spam_reports: [{ email: 'spam@example.com' }],
			unsubscribes: [{ email: 'unsubscribe@example.com' }],
		});
	});

	it.each([
		['bounces', 'Bounced Address', 'bypass_bounce_management'],
		['spam_reports', 'Spam Reporting Address', 'bypass_spam_management'],
		['unsubscribes', 'Unsubscribed Address', 'bypass_unsubscribe_management'],
	] as const)(
		'are dropped, unless the mail passes over the list: %s',
		async (list, reason, bypass) => {
			sendGrid.account().addSuppression(list, { email: 'Ann@example.com' });
			expect(await eventsOf({})).toMatchObject([{ event: 'dropped', reason }]);
			const events = await eventsOf({ mail_settings: { [bypass]: { enable: true } } });
			expect(namesOf(events)).toContain('delivered');
		},
	);

	it('are dropped for the unsubscribe group they left, and reached again after coming back', async () => {
		const { id } = sendGrid.account().addGroup({ name: 'Newsletter' });
		const asm = { group_id: id };
		await eventsOf({ ...to('group-unsubscribe@example.com'), asm });
		const dropped = await eventsOf({ ...to('group-unsubscribe@example.com'), asm });
		expect(dropped.at(-1)).toMatchObject({ event: 'dropped', reason: 'Unsubscribed Address' });
		sendGrid.emit([
			{
				event: 'group_resubscribe',
				email: 'group-unsubscribe@example.com',
				asm_group_id: id,
				timestamp: 1,
			},
		]);
		const events = await eventsOf({ ...to('group-unsubscribe@example.com'), asm });
		expect(events.at(-1)).toMatchObject({ event: 'group_unsubscribe' });
	});
});
