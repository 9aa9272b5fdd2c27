import { acceptedMail } from '../../nodes/SendGrid/actions/email/acceptedMail';
import { AWAITABLE_EVENTS } from '../../nodes/SendGrid/actions/email/sendAndWait/outcomes';
import { EVENT_TYPES } from '../../nodes/SendGrid/events/eventTypes';
import { simplifyEvent } from '../../nodes/SendGrid/events/normalize';
import { sampleEvent } from '../../emulator';

/** A JSON schema, as far as n8n reads it. */
interface Schema {
	type: string;
	properties?: Record<string, Schema>;
	items?: Schema;
	version?: number;
}

const TRIGGER_VERSIONS = [1, 2];
const FOLDER = 'nodes/SendGrid/__schema__';

/**
 * What n8n shows of a node's output before it has run: the fields can be dragged into the next node
 * although there is no data, and no credential, yet. n8n looks for the files beside the node, by its
 * version, resource and operation.
 */
export const outputSchemas: Readonly<Record<string, () => string>> = {
	...Object.fromEntries(
		TRIGGER_VERSIONS.map((version) => [`${FOLDER}/v${version}.0.0.json`, triggerSchema]),
	),
	[`${FOLDER}/v1.0.0/email/send.json`]: mailSchema,
	[`${FOLDER}/v1.0.0/email/sendMany.json`]: mailSchema,
	[`${FOLDER}/v1.0.0/email/sendAndWait.json`]: waitSchema,
	[`${FOLDER}/v1.0.0/email/preview.json`]: previewSchema,
};

function triggerSchema(): string {
	return toText(EVENT_TYPES.map(({ name }) => simplifyEvent(sampleEvent(name))));
}

function mailSchema(): string {
	return toText(acceptedMails());
}

/** Of all that can be waited for; the fields of a form are the user's own. */
function waitSchema(): string {
	const waited = { waitId: '1f6f6a', outcome: 'click' };
	const respondedAt = '2026-11-20T10:15:00.000Z';
	const outcomes = [
		...AWAITABLE_EVENTS.map((name) => ({ event: simplifyEvent(sampleEvent(name)) })),
		{ approved: true, respondedAt },
		{ text: 'Yes', respondedAt },
	];
	return toText([...acceptedMails(), ...outcomes.map((outcome) => ({ ...waited, ...outcome }))]);
}

function previewSchema(): string {
	return toText([
		{
			subject: 'Hello',
			text: 'Hello',
			html: '<p>Hello</p>',
			missingVariables: ['name'],
			from: { email: 'ann@example.com', name: 'Ann' },
			to: ['bob@example.com'],
			sent: false,
		},
	]);
}

function acceptedMails(): object[] {
	const receipt = { statusCode: 202, messageId: '14c5d75ce93' };
	const to = [{ to: [{ email: 'ann@example.com' }] }] as Parameters<typeof acceptedMail>[2];
	const messages = [
		{ mailSettings: {} },
		{ mailSettings: { sandboxMode: { enable: true } } },
		{ mailSettings: {}, sendAt: 1_800_000_000, batchId: 'YzcwMDYy' },
	] as Array<Parameters<typeof acceptedMail>[1]>;
	return messages.map((message) =>
		acceptedMail(receipt as Parameters<typeof acceptedMail>[0], message, to),
	);
}

function toText(items: object[]): string {
	return JSON.stringify({ ...schemaOf(items), version: 1 });
}

/**
 * The schema that all of these values fit, as they are of one type.
 *
 * @param values not empty; an empty list among them says nothing of what is in it
 */
export function schemaOf(values: unknown[]): Schema {
	const [first] = values;
	if (Array.isArray(first)) {
		const items = values.flat();
		return { type: 'array', ...(items.length > 0 && { items: schemaOf(items) }) };
	}
	if (typeof first !== 'object' || first === null) return { type: typeof first };
	const objects = values as Array<Record<string, unknown>>;
	const fields = new Set(objects.flatMap((object) => Object.keys(object)));
	const valuesOf = (field: string) =>
		objects.map((object) => object[field]).filter((value) => value !== undefined);
	const properties = [...fields].map((field) => [field, schemaOf(valuesOf(field))]);
	return { type: 'object', properties: Object.fromEntries(properties) as Record<string, Schema> };
}
