import { sameAddress } from './account';
import type { Account, SuppressionList } from './account';
import type { MailBody, Personalization } from './mail';
import { randomId, withoutUndefined } from './sampleEvents';
import type { PostedEvent } from './signing';

/** Something that was accepted for sending: one personalization of a mail. */
export interface Sending {
	messageId: string;
	body: MailBody;
	personalization: Personalization;
	/** The position of the personalization's first recipient among all of the mail. */
	firstRecipient: number;
}

/** The sender's account number, a part of the ids of delivery events. */
const USER_ID = 19_942_112;
const SERVER_IP = '167.89.101.76';
const VISITOR = { useragent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', ip: '192.0.2.77' };

/**
 * What happens to a mail by the local part of its recipient: `bounce@…` bounces, and so does
 * `bounce+anything@…`. `default` is for every address that is not listed.
 */
const STORIES = {
	default: (mail) => [...mail.opened(), mail.click()],
	delivered: (mail) => mail.delivered(),
	'machine-open': (mail) => [...mail.delivered(), mail.open({ sg_machine_open: true })],
	deferred: (mail) => {
		const [processed, delivered] = mail.delivered();
		return [processed!, mail.deferral(), delivered!];
	},
	dropped: (mail) => [mail.drop('Bounced Address')],
	invalid: (mail) => [mail.drop('Invalid')],
	bounce: (mail) => [mail.processed(), mail.bounce()],
	blocked: (mail) => [mail.processed(), mail.block()],
	'async-bounce': (mail) => [...mail.delivered(), mail.asyncBounce()],
	spam: (mail) => [...mail.opened(), mail.engagement('spamreport', mail.smtp)],
	unsubscribe: (mail) => [...mail.opened(), mail.engagement('unsubscribe')],
	'group-unsubscribe': (mail) => [...mail.opened(), mail.groupChange('group_unsubscribe')],
	'group-resubscribe': (mail) => [...mail.opened(), mail.groupChange('group_resubscribe')],
} satisfies Record<string, (mail: RecipientMail) => PostedEvent[]>;

const STORY_NAMES = Object.keys(STORIES) as ReadonlyArray<keyof typeof STORIES>;

/** All events of one sending, recipient after recipient, each recipient's in the usual order. */
export function eventsOfSending(account: Account, sending: Sending): PostedEvent[] {
	const { to, cc = [], bcc = [] } = sending.personalization;
	return [...to, ...cc, ...bcc].flatMap(({ email, name = '' }, index) => {
		const recipient = sending.firstRecipient + index;
		const [misread, ...rest] = name.split(/[,;]/);
		if (rest.length > 0) {
			// SendGrid takes what stands before the comma of `Doe, Bob <bob@example.com>` for an address.
			const address = misread!.trim().toLowerCase();
			return [new RecipientMail(account, sending, address, recipient).drop('Invalid')];
		}
		const mail = new RecipientMail(account, sending, email, recipient);
		const suppressed = dropReason(account, sending.body, email);
		if (suppressed) return [mail.drop(suppressed)];
		const [localPart = ''] = email.toLowerCase().split(/[+@]/);
		const story = STORY_NAMES.find((candidate) => candidate === localPart) ?? 'default';
		return STORIES[story](mail);
	});
}

/** One mail on its way to one recipient, and the events that can come of it. */
class RecipientMail {
	/** What delivery events say besides the fields of the mail. */
	readonly smtp: PostedEvent;
	private readonly fields: PostedEvent;

	constructor(
		account: Account,
		private readonly sending: Sending,
		private readonly email: string,
		private readonly recipient: number,
	) {
		const { body, personalization, messageId } = sending;
		const template = account.templates.find(({ id }) => id === body.template_id);
		this.smtp = { 'smtp-id': `<${messageId}@geopod-ismtpd-1>` };
		// SendGrid's own fields win over custom arguments of the same name.
		this.fields = withoutUndefined({
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

	processed(): PostedEvent {
		const { body, personalization } = this.sending;
		return this.delivery('processed', 'processed', {
			send_at: personalization.send_at ?? body.send_at ?? 0,
			...(body.ip_pool_name !== undefined && { pool: { name: body.ip_pool_name, id: 210 } }),
		});
	}

	delivered(): PostedEvent[] {
		const accepted = { ip: SERVER_IP, response: '250 2.0.0 OK', tls: 1, cert_err: 0 };
		return [this.processed(), this.delivery('delivered', 'delivered-0', accepted)];
	}

	opened(): PostedEvent[] {
		return [...this.delivered(), this.open()];
	}

	deferral(): PostedEvent {
		return this.delivery('deferred', 'deferred-1', {
			response: '450 4.2.1 try again later',
			attempt: '1',
			domain: this.email.slice(this.email.lastIndexOf('@') + 1),
		});
	}

	drop(reason: string): PostedEvent {
		return this.delivery('dropped', 'drop', { reason, status: '5.0.0' });
	}

	bounce(): PostedEvent {
		return this.delivery('bounce', 'bounce-0', {
			reason: '550 5.1.1 The email account that you tried to reach does not exist',
			status: '5.1.1',
			type: 'bounce',
			bounce_classification: 'Invalid Address',
			tls: 1,
			ip: SERVER_IP,
		});
	}

	block(): PostedEvent {
		return {
			...this.bounce(),
			reason: '550 5.7.1 Blocked because of the reputation of the sending address',
			status: '5.7.1',
			type: 'blocked',
			bounce_classification: 'Reputation',
		};
	}

	/**
	 * A bounce that comes back by mail later. SendGrid does not know the message any more: no custom
	 * arguments, and an empty message id, or with `async-bounce+missing@…` and `+null@…` as they say.
	 */
	asyncBounce(): PostedEvent {
		const own = Object.entries(this.bounce()).filter(([field]) => !(field in this.fields));
		const unknown = /\+(missing|null)@/.exec(this.email)?.[1];
		return withoutUndefined({
			...Object.fromEntries(own),
			email: this.email,
			timestamp: this.fields['timestamp'],
			sg_message_id: unknown === 'missing' ? undefined : unknown === 'null' ? null : '',
		});
	}

	open(more: PostedEvent = {}): PostedEvent {
		const open = { ...VISITOR, sg_content_type: 'html', sg_machine_open: false };
		return this.engagement('open', { ...open, ...more });
	}

	click(): PostedEvent {
		return this.engagement('click', {
			...VISITOR,
			url: firstLink(this.sending.body) ?? 'https://example.com/',
			url_offset: { index: 0, type: 'html' },
		});
	}

	groupChange(event: string): PostedEvent {
		const groupId = this.sending.body.asm?.group_id ?? 10;
		return this.engagement(event, {
			...VISITOR,
			url: `https://u${USER_ID}.ct.sendgrid.net/asm/?user_id=${USER_ID}`,
			asm_group_id: groupId,
		});
	}

	/** The id of an engagement is random. */
	engagement(event: string, more: PostedEvent = {}): PostedEvent {
		return { ...this.fields, event, sg_event_id: randomId(), ...more };
	}

	/** The id of a delivery event reads like `delivered-0-…` once decoded. */
	private delivery(event: string, id: string, more: PostedEvent): PostedEvent {
		const decoded = `${id}-${USER_ID}-${this.sending.messageId}-${this.recipient}`;
		const sg_event_id = Buffer.from(decoded).toString('base64url');
		return { ...this.fields, event, sg_event_id, ...this.smtp, ...more };
	}
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
export function recordEvent(account: Account, event: PostedEvent): void {
	account.statistics.count(event);
	account.emailActivity.record(event);
	const email = String(event['email']);
	const entry = { email, created: Number(event['timestamp']) };
	const why = { reason: String(event['reason']), status: String(event['status'] ?? '') };
	switch (event['event']) {
		case 'bounce': {
			const list = event['type'] === 'blocked' ? 'blocks' : 'bounces';
			return account.addSuppression(list, { ...entry, ...why });
		}
		case 'dropped':
			if (event['reason'] !== 'Invalid') return;
			return account.addSuppression('invalid_emails', {
				...entry,
				reason: 'Mail domain mentioned in email address is unknown',
			});
		case 'spamreport':
			return account.addSuppression('spam_reports', { ...entry, ip: SERVER_IP });
		case 'unsubscribe':
			return account.addSuppression('unsubscribes', entry);
		case 'group_unsubscribe':
			return void groupOf(account, event)?.suppressed.set(email.toLowerCase(), entry.created);
		case 'group_resubscribe':
			return void groupOf(account, event)?.suppressed.delete(email.toLowerCase());
	}
}

function groupOf(account: Account, event: PostedEvent) {
	return account.groups.find(({ id }) => id === event['asm_group_id']);
}
