/**
 * The event types as SendGrid documents them: the switch of each in an Event Webhook's settings,
 * and the fields it posts besides those of all mail events.
 *
 * A list of the stand-in's own, not the one of the nodes: were theirs wrong, the two must disagree.
 *
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
 */
export const EVENT_TYPES = {
	processed: { flag: 'processed', fields: ['smtp-id', 'pool', 'asm_group_id', 'send_at'] },
	deferred: {
		flag: 'deferred',
		fields: ['smtp-id', 'response', 'reason', 'attempt', 'domain', 'from'],
	},
	delivered: { flag: 'delivered', fields: ['smtp-id', 'ip', 'response', 'tls', 'cert_err'] },
	bounce: {
		flag: 'bounce',
		fields: ['smtp-id', 'reason', 'status', 'type', 'bounce_classification', 'tls', 'ip'],
	},
	dropped: { flag: 'dropped', fields: ['smtp-id', 'reason', 'status'] },
	open: { flag: 'open', fields: ['useragent', 'ip', 'sg_machine_open', 'sg_content_type'] },
	click: { flag: 'click', fields: ['useragent', 'ip', 'url', 'url_offset'] },
	spamreport: { flag: 'spam_report', fields: ['smtp-id'] },
	unsubscribe: { flag: 'unsubscribe', fields: ['smtp-id'] },
	group_unsubscribe: {
		flag: 'group_unsubscribe',
		fields: ['useragent', 'ip', 'url', 'asm_group_id'],
	},
	group_resubscribe: {
		flag: 'group_resubscribe',
		fields: ['useragent', 'ip', 'url', 'asm_group_id'],
	},
	account_status_change: { flag: 'account_status_change', fields: ['type'] },
} as const satisfies Record<string, { flag: string; fields: readonly string[] }>;

/** The value of `event` in what is posted. */
export type EventName = keyof typeof EVENT_TYPES;

/** The switch of one type of event, as named in the API. */
export type WebhookFlag = (typeof EVENT_TYPES)[EventName]['flag'];
