import { acceptedMail } from '../../nodes/SendGrid/actions/email/acceptedMail';
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
};

function triggerSchema(): string {
	return toText(EVENT_TYPES.map(({ name }) => simplifyEvent(sampleEvent(name))));
}

function mailSchema(): string {
	const receipt = { statusCode: 202, messageId: '14c5d75ce93' };
	const to = [{ to: [{ email: 'ann@example.com' }] }] as Parameters<typeof acceptedMail>[2];
	const messages = [
		{ mailSettings: {} },
		{ mailSettings: { sandboxMode: { enable: true } } },
		{ mailSettings: {}, sendAt: 1_800_000_000, batchId: 'YzcwMDYy' },
	] as Array<Parameters<typeof acceptedMail>[1]>;
	return toText(
		messages.map((message) =>
			acceptedMail(receipt as Parameters<typeof acceptedMail>[0], message, to),
		),
	);
}

function toText(items: object[]): string {
	return JSON.stringify({ ...schemaOf(items), version: 1 });
}

/** The schema that all of these values fit, as they are of one type. */
function schemaOf(values: unknown[]): Schema {
	const [first] = values;
	if (Array.isArray(first)) return { type: 'array', items: schemaOf(values.flat()) };
	if (typeof first !== 'object' || first === null) return { type: typeof first };
	const objects = values as Array<Record<string, unknown>>;
	const fields = new Set(objects.flatMap((object) => Object.keys(object)));
	const valuesOf = (field: string) =>
		objects.map((object) => object[field]).filter((value) => value !== undefined);
	const properties = [...fields].map((field) => [field, schemaOf(valuesOf(field))]);
	return { type: 'object', properties: Object.fromEntries(properties) as Record<string, Schema> };
}
