/** How the editor and the documentation group the event types. */
export type EventGroup = 'delivery' | 'engagement' | 'account';

/** One event type of SendGrid's Event Webhook. */
export interface EventType {
	/** The value of `event` in what SendGrid posts. */
	readonly name: string;
	/** The switch in the Event Webhook's settings; it differs from `name` for spam reports only. */
	readonly settingsFlag: string;
	readonly label: string;
	readonly group: EventGroup;
	/** What happened, as a user would say it. */
	readonly description: string;
	/** The fields SendGrid documents for this type, besides the ones all mail events have. */
	readonly fields: readonly string[];
}

/**
 * Every event type that SendGrid documents. Types, the options of the trigger, its outputs, the
 * fixtures of the tests and the tables of the documentation are all made from this table.
 *
 * A new event type is one more row at the end: saved workflows are wired by the number of an output,
 * which follows from that of the row. What most people want comes first, so that few outputs in front of it
 * stay unused.
 *
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
 */
export const EVENT_TYPES = [
	{
		name: 'open',
		settingsFlag: 'open',
		label: 'Open',
		group: 'engagement',
		description: 'The recipient, or a mail program on their behalf, opened the message',
		fields: ['useragent', 'ip', 'sg_machine_open', 'sg_content_type'],
	},
	{
		name: 'click',
		settingsFlag: 'click',
		label: 'Click',
		group: 'engagement',
		description: 'The recipient clicked a tracked link in the message',
		fields: ['useragent', 'ip', 'url', 'url_offset'],
	},
	{
		name: 'bounce',
		settingsFlag: 'bounce',
		label: 'Bounce',
		group: 'delivery',
		description:
			'The receiving server refused the message: for good (hard), for now (soft) or as a block',
		fields: ['smtp-id', 'reason', 'status', 'type', 'bounce_classification', 'tls', 'ip'],
	},
	{
		name: 'delivered',
		settingsFlag: 'delivered',
		label: 'Delivered',
		group: 'delivery',
		description: 'The receiving server accepted the message',
		fields: ['smtp-id', 'ip', 'response', 'tls', 'cert_err'],
	},
	{
		name: 'dropped',
		settingsFlag: 'dropped',
		label: 'Dropped',
		group: 'delivery',
		description: 'SendGrid did not try to deliver, for example because the address is suppressed',
		fields: ['smtp-id', 'reason', 'status'],
	},
	{
		name: 'spamreport',
		settingsFlag: 'spam_report',
		label: 'Spam Report',
		group: 'engagement',
		description: 'The recipient marked the message as spam',
		fields: ['smtp-id'],
	},
	{
		name: 'unsubscribe',
		settingsFlag: 'unsubscribe',
		label: 'Unsubscribe',
		group: 'engagement',
		description: 'The recipient unsubscribed from all your mail',
		fields: ['smtp-id'],
	},
	{
		name: 'deferred',
		settingsFlag: 'deferred',
		label: 'Deferred',
		group: 'delivery',
		description: 'The receiving server put the message off for now; SendGrid tries again',
		fields: ['smtp-id', 'response', 'reason', 'attempt', 'domain', 'from'],
	},
	{
		name: 'group_unsubscribe',
		settingsFlag: 'group_unsubscribe',
		label: 'Group Unsubscribe',
		group: 'engagement',
		description: 'The recipient unsubscribed from one unsubscribe group',
		fields: ['useragent', 'ip', 'url', 'asm_group_id'],
	},
	{
		name: 'group_resubscribe',
		settingsFlag: 'group_resubscribe',
		label: 'Group Resubscribe',
		group: 'engagement',
		description: 'The recipient subscribed again to an unsubscribe group',
		fields: ['useragent', 'ip', 'url', 'asm_group_id'],
	},
	{
		name: 'processed',
		settingsFlag: 'processed',
		label: 'Processed',
		group: 'delivery',
		description: 'SendGrid accepted the message and is about to deliver it',
		fields: ['smtp-id', 'pool', 'asm_group_id', 'send_at'],
	},
	{
		name: 'account_status_change',
		settingsFlag: 'account_status_change',
		label: 'Account Status Change',
		group: 'account',
		description: 'SendGrid suspended, deactivated, banned or reactivated your account',
		fields: ['type'],
	},
] as const satisfies readonly EventType[];

/** The `event` value of a documented event type. */
export type EventName = (typeof EVENT_TYPES)[number]['name'];

/** What a new trigger listens to until its user chooses otherwise. */
export const DEFAULT_EVENTS: readonly EventName[] = ['open', 'click', 'bounce'];
