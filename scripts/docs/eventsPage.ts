import {
	EVENT_TYPES,
	type EventGroup,
	type EventName,
} from '../../nodes/SendGrid/events/eventTypes';
import { normalizeEvent, type SendGridEvent } from '../../nodes/SendGrid/events/normalize';
import { sampleEvent } from '../../emulator';
import { table } from './table';

const GROUPS: Record<EventGroup, string> = {
	delivery: 'Delivery: what became of the mail',
	engagement: 'Engagement: what the recipient did',
	account: 'Your SendGrid account',
};

/** What each field of an item says. The type makes the compiler ask for one that is forgotten. */
export const ITEM_FIELDS: Record<keyof SendGridEvent, string> = {
	event: "SendGrid's name of the event type, see above; also for types that are new",
	email: 'The recipient; the domain in lower case, the rest as sent',
	timestamp: 'When it happened: ISO 8601, UTC',
	eventId: "SendGrid's ID of the event",
	dedupeKey: 'What repeats are recognised by: the event ID, or a hash of the event if it has none',
	messageId: 'The same as `messageId` in the output of SendGrid Email: ties the event to the mail',
	sgMessageId: "SendGrid's longer ID, which differs from recipient to recipient",
	smtpId: 'The `Message-ID` header of the mail',
	categories: 'The categories of the mail; always a list',
	customArgs: 'Your own custom args of the mail; values are text',
	machineOpen: 'On `open`: whether a mail program opened it by itself (Apple Mail only)',
	url: 'The link that was clicked',
	urlOffset: 'Which of several equal links: its position, in the HTML or the text',
	ip: 'Of the recipient on `open` and `click`, of the sending server on `delivered` and `bounce`',
	userAgent: 'The browser or mail program',
	bounce:
		'On `bounce` and `dropped`: `kind` (see below), and `classification`, `reason` and `status` as far as SendGrid gives them',
	response: 'What the receiving server answered',
	attempt: 'On `deferred`: how often SendGrid has tried',
	asmGroupId: 'The unsubscribe group',
	ipPool: 'The IP pool: `name` and `id`',
	campaign: 'Marketing mail: `id`, `name`, `version`, `splitId`, `phaseId`',
	template: '`id`, `name`, `versionId`',
	sendAt: 'When a scheduled mail is due: ISO 8601, UTC',
	accountStatus:
		'On `account_status_change`: `compliance_suspend`, `compliance_deactivate`, `compliance_ban` or `reactivate`',
	raw: 'Everything exactly as SendGrid sent it',
};

const EXAMPLES: EventName[] = ['click', 'bounce', 'account_status_change'];

/** docs/events.md, from the table of event types and from what the trigger really emits. */
export function eventsPage(): string {
	return `<!-- Made by "npm run docs" from nodes/SendGrid/events/eventTypes.ts: do not edit here. -->

# Events and their fields

SendGrid Email Trigger emits one item for each event. The types below are those that SendGrid documents; choose them in the list _Events_. A type that SendGrid adds later comes through as it is, on the output _Other_ if there is one output per event type, provided that it is posted to the webhook.

${(Object.keys(GROUPS) as EventGroup[]).map(groupSection).join('\n\n')}

## The fields of an item

A field that does not apply is absent, never \`null\` or empty. \`event\`, \`dedupeKey\`, \`categories\`, \`customArgs\` and \`raw\` are there in every item of a documented type.

${table(
	['Field', 'What it says'],
	Object.entries(ITEM_FIELDS).map(([field, meaning]) => [`\`${field}\``, meaning]),
)}

### The kinds of bounces

${table(
	['`bounce.kind`', 'Meaning', 'What to do'],
	[
		['`hard`', 'The address is bad for good', 'Send nothing more to it'],
		['`soft`', 'Not now: mailbox full, server down, time is up', 'Try again another day'],
		['`block`', 'The message or its sender was refused', 'Look at `bounce.reason`'],
	],
)}

\`bounce.classification\` is SendGrid's own word, such as "Invalid Address", "Technical", "Content", "Reputation", "Frequency/Volume", "Mailbox Unavailable" or "Unclassified".

## What to know about events

- **Order**: SendGrid promises none. A click can come before its open; compare \`timestamp\`.
- **Repeats**: SendGrid posts an event again until n8n has answered 2xx. The trigger leaves repeats out, see [Guarantees](guarantees.md).
- **Late bounces**: a bounce that comes after the receiving server had accepted the mail may have no \`messageId\` and no \`customArgs\`. Find its record by \`email\`.
- **Custom args named like a field of SendGrid**, for example \`email\` or \`reason\`: SendGrid's value wins. Give yours another name.
- **Personal data**: SendGrid keeps categories and custom args for long and shows them to its staff. Use IDs there, not names or addresses.
- **Opens** are counted by an invisible image. Mail programs that show no images send none, and some that load images by themselves send one for each mail. Only those of Apple Mail are marked, with \`machineOpen\`.

## Examples

${EXAMPLES.map(example).join('\n\n')}
`;
}

function groupSection(group: EventGroup): string {
	const rows = EVENT_TYPES.filter((type) => type.group === group).map(
		({ label, name, description, fields }) => [
			label,
			`\`${name}\``,
			description,
			fields.map((field) => `\`${field}\``).join(', '),
		],
	);
	const head = ['In the list', '`event`', 'What happened', "SendGrid's own fields, in `raw`"];
	return `## ${GROUPS[group]}\n\n${table(head, rows)}`;
}

function example(name: EventName): string {
	const { label, group } = EVENT_TYPES.find((type) => type.name === name)!;
	const ofMail = group === 'account' ? {} : { contactId: '42' };
	const event = sampleEvent(name, { sg_event_id: 'ZXhhbXBsZS1ldmVudA', ...ofMail });
	const { raw, ...item } = normalizeEvent(event);
	// Lists of plain values on one line, as Prettier writes them.
	const json = JSON.stringify(item, null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, '[$1]');
	return `### ${label}\n\nWithout \`raw\`, which has ${Object.keys(raw).length} fields:\n\n\`\`\`json\n${json}\n\`\`\``;
}
