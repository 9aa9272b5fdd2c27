import {
	EVENT_TYPES,
	type EventGroup,
	type EventName,
} from '../../nodes/SendGrid/events/eventTypes';
import { simplifyEvent, type SendGridEvent } from '../../nodes/SendGrid/events/normalize';
import type { ProblemReport } from '../../nodes/SendGrid/trigger/postLog';
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
	dedupeKey: 'What repeats are recognized by: the event ID, or a hash of the event if it has none',
	messageId: 'The same as `messageId` in the output of SendGrid Email: ties the event to the mail',
	sgMessageId:
		"Without **Simplify**: SendGrid's longer ID, which differs from recipient to recipient",
	smtpId: 'Without **Simplify**: the `Message-ID` header of the mail',
	categories: 'The categories of the mail; always a list',
	customArgs: 'Your own custom args of the mail; values are text',
	machineOpen: 'On `open`: whether a mail program opened it by itself (Apple Mail only)',
	url: 'The link that was clicked',
	urlOffset: 'Which of several equal links: its position, in the HTML or the text',
	ip: 'Of the recipient on `open` and `click`, of the sending server on `delivered` and `bounce`',
	userAgent: 'The browser or mail program',
	bounce:
		'On `bounce` and `dropped`: `kind` (see below), and `classification`, `reason` and `status` if SendGrid sends them',
	response: 'What the receiving server answered',
	attempt: 'On `deferred`: how often SendGrid has tried',
	asmGroupId: 'The unsubscribe group',
	ipPool: 'The IP pool: `name` and `id`',
	campaign: 'Marketing mail: `id`, `name`, `version`, `splitId`, `phaseId`',
	template: '`id`, `name`, `versionId`',
	sendAt: 'When a scheduled mail is to be sent: ISO 8601, UTC',
	accountStatus:
		'On `account_status_change`: `compliance_suspend`, `compliance_deactivate`, `compliance_ban` or `reactivate`',
	raw: 'Without **Simplify**: everything exactly as SendGrid sent it',
};

/** What each kind of report means. The type makes the compiler ask for one that is forgotten. */
const KINDS: Record<ProblemReport['kind'], string> = {
	missingHeaders:
		'A post had no signature: it is not from SendGrid, or a proxy removes the headers',
	invalidTimestamp: 'A post had a timestamp that is no number',
	noVerificationKey: 'No verification key is known, so nothing can be verified',
	signatureMismatch: 'A signature did not match: a forged post, or a changed key',
	stale: 'A post was older than **Maximum Age of a Post**',
	olderThanMemory: 'A post was too old to tell whether it was handled before',
	fromTheFuture: 'A post was signed in the future: the clock is wrong',
	notAJsonArray: 'A signed post was not a list of events',
	malformed: 'An entry of a post was not an event, and was left out',
	keyNotFetched: "SendGrid could not be asked for the webhook's verification key",
	webhookRepaired: 'Somebody changed or disabled the webhook in SendGrid; it has been repaired',
};
const PROBLEM_KINDS = Object.entries(KINDS);

const EXAMPLES: EventName[] = ['click', 'bounce', 'account_status_change'];

/** docs/events.md, from the table of event types and from what the trigger really emits. */
export function eventsPage(): string {
	return `<!-- Made by "npm run docs" from nodes/SendGrid/events/eventTypes.ts: do not edit here. -->

# Events and their fields

SendGrid Email Trigger emits one item for each event. SendGrid documents the types below; choose them in the list _Events_. If SendGrid posts a type to the webhook that is not in the list, the trigger passes it on as it is. With one output per event type, that needs the option **Output for Other Events**.

${(Object.keys(GROUPS) as EventGroup[]).map(groupSection).join('\n\n')}

## The fields of an item

A field that does not apply is absent, never \`null\` or empty. Every item of a documented type has \`event\`, \`dedupeKey\`, \`categories\` and \`customArgs\`. \`raw\`, \`smtpId\` and \`sgMessageId\` come only with **Simplify** switched off. Without them n8n stores about half as much, and a table of events is easy to read.

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

## One output per event type

With _One per Event Type_ each type has its own output, always at the same place: ${EVENT_TYPES.map(({ label }) => label).join(', ')}, then _Other_ and _Problems_. n8n wires outputs by their number. If an output moved, your wires would get other events. So adding and removing types moves nothing: a type that you have not chosen keeps its place, and shows as "off" if one below it is chosen. Below the last chosen type there are no outputs.

- **Other** gets the types that this package does not know yet, with the option **Output for Other Events**. Without the option, these events are left out.
- **Problems** gets the trigger's own reports, with the option **Report Problems**. When all events share one output, _Problems_ is the second one.

When you change _Output_ itself, outputs do move: check your wires.

## Reports of problems

With the option **Report Problems** the trigger starts the workflow when it has refused posts or left events out, so that somebody hears of it before the events are missed. Each kind of problem is reported once a minute at most, however many posts there are; the next report says how many came since. Reports come with posts: what was counted within the minute is reported with the next post of any kind. So is a webhook that publishing has repaired. In queue mode each process reports what it has found itself; a process that gets no posts only writes it to its log. An item says:

${table(
	['Field', 'What it says'],
	[
		['`kind`', 'A code to branch by, see below'],
		['`count`, `since`', 'How often it was found, and since when (ISO 8601, UTC)'],
		['`problem`', 'What was wrong, in words'],
		['`whatToDo`', 'What to do about it'],
	],
)}

${table(
	['`kind`', 'When'],
	PROBLEM_KINDS.map(([kind, meaning]) => [`\`${kind}\``, meaning]),
)}

## What to know about events

- **Order**: SendGrid promises none. A click can come before its open; compare \`timestamp\`.
- **Repeats**: SendGrid posts an event again until n8n has answered 2xx. The trigger leaves repeats out, see [Guarantees](guarantees.md). Users have reported that SendGrid can send an event again under another ID. Set the option **Recognize Repeats By** to _Event ID or Content_ to leave these out as well. Then two events count as one if type, address, message, second, link and reason are the same. That also merges what really happened twice in one second, such as two clicks on one link, and the memory holds half as many events.
- **Late bounces**: a bounce that comes after the receiving server had accepted the mail may have no \`messageId\` and no \`customArgs\`. Find its record by \`email\`.
- **Custom args with the name of a SendGrid field**, for example \`email\` or \`reason\`: SendGrid's value wins. Give yours another name.
- **Personal data**: SendGrid stores categories and custom args for a long time, and its staff may see them. Use IDs there, not names or addresses.
- **Opens** are counted by an invisible image. A mail program that shows no images reports no open, and one that loads images by itself reports an open for each mail. SendGrid marks only those of Apple Mail: \`machineOpen\`.

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
	const item = simplifyEvent(event);
	// Lists of plain values on one line, as Prettier writes them.
	const json = JSON.stringify(item, null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, '[$1]');
	return `### ${label}\n\n\`\`\`json\n${json}\n\`\`\``;
}
