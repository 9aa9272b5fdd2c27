import type { Account, Webhook } from './account';
import { EVENT_TYPES, type WebhookFlag } from './eventTypes';
import type { AcceptedMail, MailBody } from './mail';
import { eventsOfSending, recordEvent } from './mailEvents';
import type { Sending } from './mailEvents';
import { randomId } from './sampleEvents';
import type { PostedEvent } from './signing';

interface MailRoomSettings {
	/** Posts events to one webhook. */
	post: (webhook: Webhook, events: readonly PostedEvent[]) => void;
	/** How long events are collected before they are posted. */
	collectMs: number;
	/** Whether mail leads to events. */
	mailEvents: boolean;
	onMail: (mail: AcceptedMail) => void;
}

/** Which switch of a webhook lets which event through. */
const flagOfEvent = new Map<unknown, WebhookFlag>(
	Object.entries(EVENT_TYPES).map(([name, { flag }]) => [name, flag]),
);

/** Takes mail on, keeps the scheduled part back, and collects the events for each webhook. */
export class MailRoom {
	readonly mails: AcceptedMail[] = [];
	private scheduled: Sending[] = [];
	private readonly collected = new Map<Webhook, PostedEvent[]>();
	private collecting: NodeJS.Timeout | undefined;
	private readonly alarms = new Set<NodeJS.Timeout>();

	constructor(
		private readonly account: Account,
		private readonly settings: MailRoomSettings,
	) {}

	/** Accepts a valid mail. Its events come later, so that the answer need not wait for them. */
	accept(body: MailBody): AcceptedMail {
		const mail = { messageId: randomId(), body, acceptedAt: this.account.now() };
		this.mails.push(mail);
		this.account.emailActivity.noteMail(mail.messageId, body);
		this.settings.onMail(mail);
		let firstRecipient = 0;
		for (const personalization of body.personalizations) {
			const { to, cc = [], bcc = [] } = personalization;
			this.scheduled.push({ messageId: mail.messageId, body, personalization, firstRecipient });
			firstRecipient += to.length + cc.length + bcc.length;
			this.setAlarm(dueAt(body, personalization));
		}
		this.collect();
		return mail;
	}

	/** Sends what is due by now, and forgets what was cancelled. */
	release(): void {
		const { scheduledSends } = this.account;
		const statusOf = ({ body }: Sending) => scheduledSends.get(body.batch_id ?? '');
		const now = this.account.seconds();
		const isDue = (sending: Sending) =>
			statusOf(sending) !== 'pause' && dueAt(sending.body, sending.personalization) <= now;
		const due = this.scheduled.filter(isDue);
		this.scheduled = this.scheduled.filter((sending) => !isDue(sending));
		if (!this.settings.mailEvents) return;
		for (const sending of due) {
			if (statusOf(sending) === 'cancel') continue;
			this.emit(this.account, eventsOfSending(this.account, sending));
		}
	}

	/** Lets events happen: suppression lists and statistics follow, webhooks get what they want. */
	emit(account: Account, events: readonly PostedEvent[]): void {
		for (const event of events) recordEvent(account, event);
		for (const webhook of account.webhooks) {
			const wanted = events.filter((event) => wants(webhook, event));
			if (wanted.length === 0) continue;
			const collected = this.collected.get(webhook);
			if (collected) for (const event of wanted) collected.push(event);
			else this.collected.set(webhook, wanted);
		}
		this.collect();
	}

	/** Sends what is due and posts what was collected, without waiting any longer. */
	flush(): void {
		this.release();
		clearTimeout(this.collecting);
		this.collecting = undefined;
		const collected = [...this.collected];
		this.collected.clear();
		for (const [webhook, events] of collected) this.settings.post(webhook, events);
	}

	/** Drops everything that waits. */
	stop(): void {
		clearTimeout(this.collecting);
		for (const alarm of this.alarms) clearTimeout(alarm);
		this.collected.clear();
		this.scheduled = [];
	}

	private collect(): void {
		this.collecting ??= setTimeout(() => this.flush(), this.settings.collectMs);
	}

	/** Looks again if it rings a little early, as timers may. */
	private setAlarm(dueSeconds: number): void {
		const delayMs = dueSeconds * 1000 - this.account.now();
		if (delayMs <= 0) return;
		const alarm = setTimeout(() => {
			this.alarms.delete(alarm);
			this.release();
			this.setAlarm(dueSeconds);
		}, delayMs);
		this.alarms.add(alarm);
	}
}

/** Unix seconds; 0 for at once. */
function dueAt(body: MailBody, { send_at }: { send_at?: number }): number {
	return send_at ?? body.send_at ?? 0;
}

function wants(webhook: Webhook, { event }: PostedEvent): boolean {
	const flag = flagOfEvent.get(event);
	return webhook.enabled && flag !== undefined && webhook[flag];
}
