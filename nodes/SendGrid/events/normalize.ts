import { dedupeKey } from './dedupeKey';
import { EVENT_TYPES } from './eventTypes';
import { toIsoString } from './isoTime';
import { numberOf, objectOf, textOf, type RawEvent } from './rawEvent';
import { WAIT_ARG } from './waitArg';

/** `hard`: the address is bad. `soft`: for now only. `block`: the message or its sender was refused. */
export type BounceKind = 'hard' | 'soft' | 'block';

/** An event as the trigger emits it. A field that does not apply is absent, never null or empty. */
export interface SendGridEvent {
	/** SendGrid's own name of the event type, also for types this package does not know. */
	event?: string;
	/** As sent, with the domain in lower case. */
	email?: string;
	/** When it happened: ISO 8601 in UTC, with milliseconds. */
	timestamp?: string;
	eventId?: string;
	/** What duplicates are recognized by: the event id, or a hash of the event if it has none. */
	dedupeKey: string;
	/** Equals the `messageId` that SendGrid Email returned for the mail. */
	messageId?: string;
	sgMessageId?: string;
	smtpId?: string;
	categories: string[];
	/** The custom args of the mail, apart from SendGrid's own fields. */
	customArgs: Record<string, unknown>;
	machineOpen?: boolean;
	url?: string;
	urlOffset?: RawEvent;
	ip?: string;
	userAgent?: string;
	bounce?: { kind: BounceKind; classification?: string; reason?: string; status?: string };
	response?: string;
	attempt?: number;
	asmGroupId?: number;
	ipPool?: RawEvent;
	campaign?: { id?: string; name?: string; version?: string; splitId?: string; phaseId?: string };
	template?: { id?: string; name?: string; versionId?: string };
	/** When a scheduled mail is due: ISO 8601 in UTC. */
	sendAt?: string;
	accountStatus?: string;
	/** Exactly what SendGrid sent. */
	raw: RawEvent;
}

/** What most workflows need of an event: it is readable in a table and small to store. */
export type SimplifiedEvent = Omit<SendGridEvent, 'raw' | 'smtpId' | 'sgMessageId'>;

/** Fields every mail event may carry, and those whose names no custom arg would have by chance. */
const COMMON_FIELDS = [
	'email',
	'timestamp',
	'event',
	'sg_event_id',
	'sg_message_id',
	'category',
	'smtp-id',
	'useragent',
	'ip',
	'tls',
	'cert_err',
	'pool',
	'asm_group_id',
	'url_offset',
	'sg_machine_open',
	'sg_content_type',
	WAIT_ARG,
];

/** Fields that mail of Marketing Campaigns and dynamic templates adds to its events. */
const MARKETING_FIELDS = [
	'singlesend_id',
	'singlesend_name',
	'mc_stats',
	'phase_id',
	'send_at',
	'sg_template_id',
	'sg_template_name',
	'template_id',
	'template_hash',
	'template_version_id',
	'marketing_campaign_id',
	'marketing_campaign_name',
	'marketing_campaign_version',
	'marketing_campaign_split_id',
	'post_type',
	'sg_user_id',
	'newsletter',
];

/**
 * SendGrid's own fields by event type; whatever else an event carries are custom args. `reason` is
 * SendGrid's on a bounce, but on an open it can only be a custom arg of that name.
 */
const OWN_FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
	EVENT_TYPES.map(({ name, fields }) => [
		name,
		new Set<string>([...COMMON_FIELDS, ...MARKETING_FIELDS, ...fields]),
	]),
);

/** An unknown type may use any field SendGrid is known to use. */
const ALL_OWN_FIELDS: ReadonlySet<string> = new Set(
	[...OWN_FIELDS.values()].flatMap((fields) => [...fields]),
);

/** Later than the year 5000 in seconds: such a number can only be milliseconds. */
const FIRST_MILLISECONDS = 100_000_000_000;

/**
 * Turns an event as SendGrid posts it into the item that the trigger emits. Total: any JSON object
 * gives an item.
 *
 * @param raw one entry of the posted array
 * @param key the event's `dedupeKey`, if the caller has it already
 */
export function normalizeEvent(raw: RawEvent, key = dedupeKey(raw)): SendGridEvent {
	const item = simplifyEvent(raw, key) as SendGridEvent;
	setIfPresent(item, 'sgMessageId', textOf(raw, 'sg_message_id'));
	setIfPresent(item, 'smtpId', textOf(raw, 'smtp-id'));
	item.raw = raw;
	return item;
}

/** Like `normalizeEvent`, without what only few workflows need. */
export function simplifyEvent(raw: RawEvent, key = dedupeKey(raw)): SimplifiedEvent {
	const event = textOf(raw, 'event');
	const ownFields = OWN_FIELDS.get(event ?? '') ?? ALL_OWN_FIELDS;
	const item = {} as SimplifiedEvent;

	setIfPresent(item, 'event', event);
	setIfPresent(item, 'email', lowerCaseDomain(textOf(raw, 'email')));
	setIfPresent(item, 'timestamp', isoTime(numberOf(raw, 'timestamp')));
	setIfPresent(item, 'eventId', textOf(raw, 'sg_event_id'));
	item.dedupeKey = key;
	setIfPresent(item, 'messageId', beforeFirstDot(textOf(raw, 'sg_message_id')));
	item.categories = categoriesOf(raw);
	item.customArgs = customArgsOf(raw, ownFields);
	if (event === 'open') item.machineOpen = isMachineOpen(raw);
	if (ownFields.has('url')) setIfPresent(item, 'url', textOf(raw, 'url'));
	setIfPresent(item, 'urlOffset', objectOf(raw, 'url_offset'));
	setIfPresent(item, 'ip', textOf(raw, 'ip'));
	setIfPresent(item, 'userAgent', textOf(raw, 'useragent'));
	if (event === 'bounce' || event === 'dropped') item.bounce = bounceOf(raw, event);
	if (ownFields.has('response')) setIfPresent(item, 'response', responseOf(raw, event));
	if (ownFields.has('attempt')) setIfPresent(item, 'attempt', numberOf(raw, 'attempt'));
	setIfPresent(item, 'asmGroupId', numberOf(raw, 'asm_group_id'));
	setIfPresent(item, 'ipPool', objectOf(raw, 'pool'));
	setIfPresent(item, 'campaign', campaignOf(raw));
	setIfPresent(item, 'template', templateOf(raw));
	setIfPresent(item, 'sendAt', isoTime(numberOf(raw, 'send_at') || undefined));
	if (event === 'account_status_change') setIfPresent(item, 'accountStatus', textOf(raw, 'type'));
	return item;
}

function setIfPresent<T, K extends keyof T>(target: T, field: K, value: T[K] | undefined): void {
	if (value !== undefined) target[field] = value;
}

/** Whether an open came from a mail program that loads images by itself (Apple Mail's privacy). */
export function isMachineOpen(raw: RawEvent): boolean {
	return raw.sg_machine_open === true || raw.sg_machine_open === 'true';
}

/** The categories of an event, which SendGrid posts as text, as a list or not at all. */
export function categoriesOf(raw: RawEvent): string[] {
	const { category } = raw;
	const categories: unknown[] = Array.isArray(category) ? category : [category];
	// As a rule all are in order, and a copy would be one more array for each event.
	return categories.every(isCategory) ? categories : categories.filter(isCategory);
}

function isCategory(value: unknown): value is string {
	return typeof value === 'string' && value !== '';
}

function customArgsOf(raw: RawEvent, ownFields: ReadonlySet<string>): Record<string, unknown> {
	const customArgs: Record<string, unknown> = {};
	for (const field of Object.keys(raw)) {
		if (ownFields.has(field)) continue;
		// Assigning to __proto__ would set the prototype instead of a field.
		if (field === '__proto__') defineField(customArgs, field, raw[field]);
		else customArgs[field] = raw[field];
	}
	return customArgs;
}

function defineField(target: object, field: string, value: unknown) {
	Object.defineProperty(target, field, {
		value,
		enumerable: true,
		configurable: true,
		writable: true,
	});
}

function bounceOf(raw: RawEvent, event: 'bounce' | 'dropped'): SendGridEvent['bounce'] {
	const reason = textOf(raw, 'reason');
	const status = textOf(raw, 'status');
	const kind =
		event === 'bounce' ? bounceKind(textOf(raw, 'type'), status, reason) : dropKind(reason);
	const bounce: NonNullable<SendGridEvent['bounce']> = { kind };
	setIfPresent(bounce, 'classification', textOf(raw, 'bounce_classification'));
	setIfPresent(bounce, 'reason', reason);
	setIfPresent(bounce, 'status', status);
	return bounce;
}

/**
 * SendGrid calls a permanent refusal `bounce` and everything else `blocked`; the enhanced status
 * code (RFC 3463: 4.x.x is transient) tells a full mailbox or a time-out from a bad address.
 */
function bounceKind(type?: string, status?: string, reason?: string): BounceKind {
	if (type === 'blocked') return 'block';
	if (type === 'expired') return 'soft';
	const code = status ?? /(?:^|\s)([45])(?:\d\d\b|\.\d{1,3}\.\d{1,3})/.exec(reason ?? '')?.[1];
	return code?.startsWith('4') ? 'soft' : 'hard';
}

/**
 * SendGrid drops what goes to an address it knows to be bad ("Bounced Address", "Invalid"), and what
 * it keeps back for other reasons, "Invalid SMTPAPI header" among them.
 */
function dropKind(reason?: string): BounceKind {
	return /bounced|invalid(?! smtpapi)/i.test(reason ?? '') ? 'hard' : 'block';
}

/** Some deferrals carry the server's answer as `reason` instead of `response`. */
function responseOf(raw: RawEvent, event?: string): string | undefined {
	return textOf(raw, 'response') ?? (event === 'deferred' ? textOf(raw, 'reason') : undefined);
}

/** SendGrid appends a suffix of its own to the id that mail/send answered with. */
function beforeFirstDot(sgMessageId: string | undefined): string | undefined {
	const dot = sgMessageId?.indexOf('.') ?? -1;
	return (dot < 0 ? sgMessageId : sgMessageId?.slice(0, dot)) || undefined;
}

function campaignOf(raw: RawEvent): SendGridEvent['campaign'] {
	const campaign: NonNullable<SendGridEvent['campaign']> = {};
	const id = textOf(raw, 'singlesend_id') ?? textOf(raw, 'marketing_campaign_id');
	const name = textOf(raw, 'singlesend_name') ?? textOf(raw, 'marketing_campaign_name');
	setIfPresent(campaign, 'id', id);
	setIfPresent(campaign, 'name', name);
	setIfPresent(campaign, 'version', textOf(raw, 'marketing_campaign_version'));
	setIfPresent(campaign, 'splitId', textOf(raw, 'marketing_campaign_split_id'));
	setIfPresent(campaign, 'phaseId', textOf(raw, 'phase_id'));
	return unlessEmpty(campaign);
}

function templateOf(raw: RawEvent): SendGridEvent['template'] {
	const template: NonNullable<SendGridEvent['template']> = {};
	setIfPresent(template, 'id', textOf(raw, 'sg_template_id') ?? textOf(raw, 'template_id'));
	setIfPresent(template, 'name', textOf(raw, 'sg_template_name'));
	setIfPresent(template, 'versionId', textOf(raw, 'template_version_id'));
	return unlessEmpty(template);
}

function unlessEmpty<T extends object>(fields: T): T | undefined {
	return Object.keys(fields).length > 0 ? fields : undefined;
}

function lowerCaseDomain(email: string | undefined): string | undefined {
	const at = email?.lastIndexOf('@') ?? -1;
	return email === undefined || at < 0 ? email : email.slice(0, at) + email.slice(at).toLowerCase();
}

function isoTime(time: number | undefined): string | undefined {
	if (time === undefined) return undefined;
	return toIsoString(Math.trunc(Math.abs(time) < FIRST_MILLISECONDS ? time * 1000 : time));
}
