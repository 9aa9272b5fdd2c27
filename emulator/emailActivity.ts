import type { MailBody, Personalization } from './mail';
import type { PostedEvent } from './signing';

/** What the email activity knows of an event of one message. */
export interface ActivityEvent {
	event_name: string;
	/** ISO 8601. */
	processed: string;
	reason?: string;
	attempt_num?: number;
	url?: string;
	bounce_type?: 'soft' | 'hard';
	http_user_agent: string;
	mx_server: string;
}

/** A mail to one recipient. */
export interface ActivityMessage {
	/** The `sg_message_id` of its events. */
	msg_id: string;
	from_email: string;
	to_email: string;
	subject: string;
	status: 'processed' | 'delivered' | 'not_delivered';
	template_id: string;
	asm_group_id: number;
	categories: string[];
	unique_args: Record<string, unknown>;
	/** ISO 8601. */
	last_event_time: string;
	events: ActivityEvent[];
}

/** The names that the email activity has for events of other names. */
const EVENT_NAMES: Readonly<Record<string, string>> = {
	bounce: 'bounced',
	open: 'opened',
	click: 'clicked',
	spamreport: 'spam_report',
};

/** Remembers what happened to each message, as the add-on for email activity does. */
export class EmailActivity {
	readonly messages = new Map<string, ActivityMessage>();
	private readonly mails = new Map<string, MailBody>();

	/** Remembers a mail, of which events do not tell everything. */
	noteMail(messageId: string, body: MailBody): void {
		this.mails.set(messageId, body);
	}

	/** Enters an event. What says no message, such as an asynchronous bounce, is not found here. */
	record(event: PostedEvent): void {
		const id = event['sg_message_id'];
		const seconds = Number(event['timestamp']);
		if (typeof id !== 'string' || id === '' || Number.isNaN(seconds)) return;
		const message = this.messages.get(id) ?? this.newMessage(id, String(event['email']));
		this.messages.set(id, message);
		const made = activityEvent(event, seconds);
		message.events.push(made);
		message.status = statusAfter(message.status, made.event_name);
		if (made.processed > message.last_event_time) message.last_event_time = made.processed;
	}

	/** Adds a message past the API. */
	add(message: Partial<ActivityMessage> & { msg_id: string }): ActivityMessage {
		const added = { ...this.newMessage(message.msg_id, 'ann@example.com'), ...message };
		this.messages.set(added.msg_id, added);
		return added;
	}

	private newMessage(msg_id: string, to_email: string): ActivityMessage {
		const mail = this.mails.get(msg_id.split('.', 1)[0]!);
		const personalization = mail?.personalizations.find(({ to, cc = [], bcc = [] }) =>
			[...to, ...cc, ...bcc].some(({ email }) => email === to_email),
		);
		return {
			msg_id,
			to_email,
			from_email: (personalization?.from ?? mail?.from)?.email ?? '',
			subject: personalization?.subject ?? mail?.subject ?? '',
			status: 'processed',
			template_id: mail?.template_id ?? '',
			asm_group_id: mail?.asm?.group_id ?? 0,
			categories: mail?.categories ?? [],
			unique_args: argsOf(mail, personalization),
			last_event_time: '',
			events: [],
		};
	}
}

function argsOf(mail: MailBody | undefined, personalization: Personalization | undefined) {
	return { ...mail?.custom_args, ...personalization?.custom_args };
}

function activityEvent(event: PostedEvent, seconds: number): ActivityEvent {
	const name = String(event['event']);
	return {
		event_name: EVENT_NAMES[name] ?? name,
		processed: `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`,
		http_user_agent: String(event['useragent'] ?? ''),
		mx_server: '',
		...(typeof event['reason'] === 'string' && { reason: event['reason'] }),
		...(typeof event['url'] === 'string' && { url: event['url'] }),
		...(event['attempt'] !== undefined && { attempt_num: Number(event['attempt']) }),
		...(name === 'bounce' && { bounce_type: event['type'] === 'blocked' ? 'soft' : 'hard' }),
	};
}

/** Only delivery events change the status. */
function statusAfter(status: ActivityMessage['status'], event: string): ActivityMessage['status'] {
	if (event === 'bounced' || event === 'dropped') return 'not_delivered';
	return event === 'delivered' ? 'delivered' : status;
}
