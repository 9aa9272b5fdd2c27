import { randomBytes } from 'node:crypto';
import type { IDataObject } from 'n8n-workflow';
import { jsonObject } from '../../fields/values';
import { InvalidFieldError } from '../../fields/invalidFieldError';

/**
 * The `{{placeholders}}` of one text, made ready for SendGrid's substitutions.
 *
 * SendGrid replaces a tag by the same value wherever it stands: in the subject, the text and the
 * HTML part. As a value has to be escaped in HTML and must not be elsewhere, each placeholder
 * becomes one of two tags, such as `{{escaped-5f0c:name}}` and `{{raw-5f0c:name}}`. None of them is
 * part of another, and no value can hold one, because part of it is drawn anew for each run: so the
 * order in which SendGrid replaces them does not matter.
 */
export interface PlaceholderText {
	/** The text with SendGrid's tags in place of the placeholders. */
	content: string;
	tags: Tag[];
}

/** How a value has to be written. */
type Part = 'html' | 'text';

interface Tag {
	tag: string;
	/** The name of the value: a key, or a path such as `address.city`. */
	name: string;
	escaped: boolean;
}

const PLACEHOLDER = /\{\{\{([^{}]*)\}\}\}|\{\{([^{}]*)\}\}/g;

/** Remembers the texts it has seen: a newsletter is compiled once, however many get it. */
export class PlaceholderCompiler {
	private readonly mark = randomBytes(4).toString('hex');
	private readonly seen = {
		html: new Map<string, PlaceholderText>(),
		text: new Map<string, PlaceholderText>(),
	};

	/** See `compilePlaceholders`. */
	compile(text: string, part: Part): PlaceholderText {
		const seen = this.seen[part];
		let compiled = seen.get(text);
		if (compiled === undefined)
			seen.set(text, (compiled = compilePlaceholders(text, part, this.mark)));
		return compiled;
	}
}

/**
 * Finds the placeholders of a text. As in SendGrid's own templates, `{{name}}` is escaped in HTML
 * and `{{{name}}}` is not; outside of HTML nothing is escaped. Spaces inside the braces do not
 * count, and `{{ $json.name }}`, as in n8n's expressions, is `{{name}}`.
 *
 * @param mark what tells the tags from everything that values can hold
 */
export function compilePlaceholders(text: string, part: Part, mark: string): PlaceholderText {
	const tags = new Map<string, Tag>();
	const content = text.replace(
		PLACEHOLDER,
		(_, raw: string | undefined, escapable: string | undefined) => {
			const name = nameIn(raw ?? escapable ?? '');
			const escaped = part === 'html' && raw === undefined;
			const tag = `{{${escaped ? 'escaped' : 'raw'}-${mark}:${name}}}`;
			tags.set(tag, { tag, name, escaped });
			return tag;
		},
	);
	return { content, tags: [...tags.values()] };
}

/** `name`, also where it is written as in an expression of n8n. */
function nameIn(written: string): string {
	const name = written.trim();
	const [, dotted, quoted] = /^\$json(?:\.(.+)|\[["'](.+)["']\])$/.exec(name) ?? [];
	return dotted ?? quoted ?? name;
}

/** Where the values come from, as the form calls it. */
const FIELD = 'Placeholder Data';

/**
 * The substitutions of one recipient.
 *
 * @param data the recipient's values: an object or its JSON
 * @throws InvalidFieldError if a value is missing or is neither text, number nor boolean
 */
export function fillPlaceholders(texts: PlaceholderText[], data: unknown): Record<string, string> {
	const values = jsonObject(data, FIELD);
	const substitutions: Record<string, string> = {};
	for (const { tag, name, escaped } of texts.flatMap(({ tags }) => tags)) {
		const value = valueOf(values, name);
		if (value === undefined || value === null) {
			throw new InvalidFieldError(
				FIELD,
				`Add "${name}" to the data, or take the placeholder out. There is no value for the placeholder {{${name}}}.`,
			);
		}
		if (typeof value === 'object') {
			throw new InvalidFieldError(
				FIELD,
				`Name one value, for example {{${name}.0}}, or use a dynamic template. "${name}" is a ${Array.isArray(value) ? 'list' : 'group of fields'}, but a placeholder needs text or a number.`,
			);
		}
		substitutions[tag] = escaped ? escapeHtml(String(value)) : String(value);
	}
	return substitutions;
}

/** A key counts before a path, so data with the key `address.city` works as well. */
function valueOf(data: IDataObject, name: string): unknown {
	if (Object.hasOwn(data, name)) return data[name];
	return name
		.split('.')
		.reduce<unknown>(
			(value, key) =>
				typeof value === 'object' && value !== null && Object.hasOwn(value, key)
					? (value as IDataObject)[key]
					: undefined,
			data,
		);
}

const HTML_ENTITIES: Record<string, string> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

/** Text as it stands in HTML. */
export function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character]!);
}
