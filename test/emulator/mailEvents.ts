import type { Account, SuppressionList } from './account';
import { sameAddress } from './account';
import type { Address, MailBody, Personalization } from './mail';
import { randomId, withoutUndefined } from './sampleEvents';
import type { SendGridEvent } from './signing';

/** What the local part of a recipient's address makes happen to the mail. */
export type Outcome =
	| 'open and click'
	| 'delivered'
	| 'machine-open'
	| 'deferred'
	| 'dropped'
	| 'invalid'
	| 'bounce'
	| 'blocked'
	| 'async-bounce'
	| 'spam'
	| 'unsubscribe'
	| 'group-unsubscribe'
	| 'group-resubscribe';

/** `bounce@…` and `bounce+anything@…` bounce, and so on; every other address opens and clicks. */
const OUTCOMES_BY_LOCAL_PART: readonly Outcome[] = [
	'delivered',
	'machine-open',
	'deferred',
	'dropped',
	'invalid',
	'bounce',
	'blocked',
	'async-bounce',
	'spam',
	'unsubscribe',
	'group-unsubscribe',
	'group-resubscribe',
];

/** The sender's account number, a part of the ids of delivery events. */
const USER_ID = 19_942_112;

/** Something that was accepted for sending: one personalization of a mail. */
export interface Sending {
	messageId: string;
	body: MailBody;
	personalization: Personalization;
	/** The position of the personalization's first recipient among all of the mail. */
	firstRecipient: number;
}

/** All events of one sending, recipient after recipient, each recipient's in the usual order. */
export function eventsOfSending(account: Account, sending: Sending): SendGridEvent[] {
	const { to, cc = [], bcc = [] } = sending.personalization;
	return [...to, ...cc, ...bcc].flatMap((recipient, index) =>
		eventsOfRecipient(account, sending, recipient, sending.firstRecipient + index),
	);
}

function eventsOfRecipient(
	account: Account,
	sending: Sending,
	{ email }: Address,
	recipient: number,
): SendGridEvent[] {
	const { body, messageId } = sending;
	const common = fieldsOfMail(account, sending, email, recipient);
	const smtp = { 'smtp-id': `<${messageId}@geopod-ismtpd-1>` };
	const groupId = body.asm?.group_id;
	const url = firstLink(body) ?? 'https://example.com/';

	/** Its id reads like `delivered-0-…` once decoded and is the same whenever it is posted. */
	const delivery = (event: string, more: SendGridEvent = {}, id: string = event): SendGridEvent =>
		withoutUndefined({
			...common,
			event,
			...smtp,
			sg_event_id: Buffer.from(`${id}-${USER_ID}-${messageId}-${recipient}`).toString('base64url'),
			...more,
		});
	const engagement = (event: string, more: SendGridEvent = {}): SendGridEvent => ({
		...common,
		event,
		sg_event_id: randomId(),
		...more,
	});
	const visitor = {
		useragent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)',
		ip: '192.0.2.77',
	};
	const dropped = (reason: string) => delivery('dropped', { reason, status: '5.0.0' }, 'drop');
	const processed = delivery('processed', {
		send_at: sending.personalization.send_at ?? body.send_at ?? 0,
		pool: body.ip_pool_name && { name: body.ip_pool_name, id: 210 },
	});
	const delivered = delivery(
		'delivered',
		{ ip: '167.89.101.76', response: '250 2.0.0 OK', tls: 1, cert_err: 0 },
		'delivered-0',
	);
	const open = engagement('open', { ...visitor, sg_content_type: 'html', sg_machine_open: false });
	const click = engagement('click', { ...visitor, url, url_offset: { index: 0, type: 'html' } });
	const bounce = (type: string, classification: string, reason: string, status: string) =>
		delivery(
			'bounce',
			{ reason, status, type, bounce_classification: classification, tls: 1, ip: '167.89.101.76' },
			'bounce-0',
		);
	const invalid = bounce('bounce', 'Invalid Address', '550 5.1.1 User unknown', '5.1.1');

	const suppressed = dropReason(account, body, email);
	if (suppressed) return [dropped(suppressed)];
	switch (outcomeOf(email)) {
		case 'delivered':
			return [processed, delivered];
		case 'machine-open':
			return [processed, delivered, { ...open, sg_machine_open: true }];
		case 'deferred':
			return [
				processed,
				delivery(
					'deferred',
					{ response: '450 4.2.1 try again later', attempt: '1', domain: email.split('@')[1] },
					'deferred-1',
				),
				delivered,
			];
		case 'dropped':
			return [dropped('Bounced Address')];
		case 'invalid':
			return [dropped('Invalid')];
		case 'bounce':
			return [processed, invalid];
		case 'blocked':
			return [
				processed,
				bounce('blocked', 'Reputation', '550 5.7.1 Blocked by the receiving server', '5.7.1'),
			];
		case 'async-bounce':
			// A bounce that comes back by mail later: SendGrid no longer knows message and arguments.
			return [processed, delivered, detached(invalid, common)];
		case 'spam':
			return [processed, delivered, open, engagement('spamreport', smtp)];
		case 'unsubscribe':
			return [processed, delivered, open, engagement('unsubscribe')];
		case 'group-unsubscribe':
			return [
				processed,
				delivered,
				open,
				engagement('group_unsubscribe', { ...visitor, url, asm_group_id: groupId ?? 10 }),
			];
		case 'group-resubscribe':
			return [
				processed,
				delivered,
				open,
				engagement('group_resubscribe', { ...visitor, url, asm_group_id: groupId ?? 10 }),
			];
		case 'open and click':
			return [processed, delivered, open, click];
	}
}

/** What all events of a mail to one recipient carry: custom arguments, then SendGrid's own fields. */
function fieldsOfMail(
	account: Account,
	{ body, personalization, messageId }: Sending,
	email: string,
	recipient: number,
): SendGridEvent {
	const template = account.templates.find(({ id }) => id === body.template_id);
	return withoutUndefined({
		...body.custom_args,
		...personalization.custom_args,
		email,
		timestamp: account.seconds(),
		category: body.categories,
		asm_group_id: body.asm?.group_id,
		sg_template_id: template?.id,
		sg_template_name: template?.name,
		sg_message_id: `${messageId}.recvd-5f54b5d587-8lqzb-1-65DA3B0B-3A.${recipient}`,
	});
}

function detached(bounce: SendGridEvent, common: SendGridEvent): SendGridEvent {
	const { email, timestamp } = common;
	const own = Object.entries(bounce).filter(([field]) => !(field in common));
	return { ...Object.fromEntries(own), email, timestamp, sg_message_id: '' };
}

function outcomeOf(email: string): Outcome {
	const localPart = email.slice(0, email.lastIndexOf('@')).split('+')[0]!.toLowerCase();
	return OUTCOMES_BY_LOCAL_PART.find((outcome) => outcome === localPart) ?? 'open and click';
}

/** Why SendGrid would not even try to deliver, unless the mail asks to pass over that list. */
function dropReason(account: Account, body: MailBody, email: string): string | undefined {
	const settings = body.mail_settings ?? {};
	if (settings.bypass_list_management?.enable) return undefined;
	const on = (list: SuppressionList) =>
		account.suppressions[list].some((entry) => sameAddress(entry.email, email));
	if (!settings.bypass_bounce_management?.enable && on('bounces')) return 'Bounced Address';
	if (!settings.bypass_spam_management?.enable && on('spam_reports')) {
		return 'Spam Reporting Address';
	}
	const group = account.groups.find(({ id }) => id === body.asm?.group_id);
	const left = on('unsubscribes') || group?.suppressed.has(email.toLowerCase());
	if (!settings.bypass_unsubscribe_management?.enable && left) return 'Unsubscribed Address';
	return on('invalid_emails') ? 'Invalid' : undefined;
}

function firstLink({ content }: MailBody): string | undefined {
	const html = content?.find(({ type }) => type === 'text/html')?.value ?? '';
	return /<a\s[^>]*href\s*=\s*["'](https?:[^"']+)["']/i.exec(html)?.[1]?.replace(/&amp;/g, '&');
}

/** Enters what happened into the account's suppression lists and statistics. */
export function recordEvent(account: Account, event: SendGridEvent): void {
	account.statistics.count(event);
	const email = String(event['email']);
	const created = Number(event['timestamp']);
	const why = { reason: String(event['reason']), status: String(event['status']) };
	switch (event['event']) {
		case 'bounce':
			return account.addSuppression(event['type'] === 'blocked' ? 'blocks' : 'bounces', {
				email,
				created,
				...why,
			});
		case 'dropped':
			if (event['reason'] !== 'Invalid') return;
			return account.addSuppression('invalid_emails', {
				email,
				created,
				reason: 'Mail domain mentioned in email address is unknown',
			});
		case 'spamreport':
			return account.addSuppression('spam_reports', { email, created, ip: '167.89.101.76' });
		case 'unsubscribe':
			return account.addSuppression('unsubscribes', { email, created });
		case 'group_unsubscribe':
		case 'group_resubscribe': {
			const group = account.groups.find(({ id }) => id === event['asm_group_id']);
			if (event['event'] === 'group_resubscribe') group?.suppressed.delete(email.toLowerCase());
			else group?.suppressed.set(email.toLowerCase(), created);
		}
	}
}
