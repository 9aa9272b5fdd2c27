import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';
import { SendGridEventsApi } from '../../credentials/SendGridEventsApi.credentials';
import type { Resource } from '../../nodes/SendGrid/actions/operation';
import { RESOURCES } from '../../nodes/SendGrid/actions/resources';
import { triggerProperties } from '../../nodes/SendGrid/trigger/properties';
import { table } from './table';

interface Row {
	/** With the names of the fields it is inside of. */
	field: string;
	meaning: string;
}

/** docs/fields.md: what the editor says of each field of both nodes and the credential. */
export function fieldsPage(): string {
	return `<!-- Made by "npm run docs" from the descriptions of the nodes: do not edit here. -->

# Every field

What the editor shows for each field when the mouse is over its name.

## The SendGrid Events API credential

${fieldTable(new SendGridEventsApi().properties)}

## SendGrid Email Trigger

${fieldTable(triggerProperties)}

${RESOURCES.map(resourceSection).join('\n\n')}
`;
}

function fieldTable(properties: INodeProperties[]): string {
	return table(
		['Field', 'What it does'],
		rowsOf(properties).map(({ field, meaning }) => [field, meaning]),
	);
}

function resourceSection({ option, operations }: Resource): string {
	const title = `## SendGrid Email: ${option.name}`;
	const what = operations.map(({ option: { name, description } }) => [
		`**${name}**`,
		escaped(description!),
	]);
	const uses = new Map<string, { row: Row; by: string[] }>();
	for (const { option: operation, properties } of operations) {
		for (const row of rowsOf(properties)) {
			const key = row.field + row.meaning;
			const use = uses.get(key) ?? { row, by: [] };
			uses.set(key, { row, by: [...use.by, operation.name] });
		}
	}
	const fields = [...uses.values()].map(({ row, by }) => [
		row.field,
		by.length === operations.length ? 'all' : by.join(', '),
		row.meaning,
	]);
	return [
		title,
		table(['Operation', 'What it does'], what),
		table(['Field', 'In', 'What it does'], fields),
	].join('\n\n');
}

function rowsOf(properties: INodeProperties[], parent = ''): Row[] {
	return properties
		.filter(({ type }) => type !== 'notice')
		.flatMap((property) => {
			const field = `${parent}${property.displayName}`;
			const row = { field, meaning: meaningOf(property) };
			return [...(row.meaning ? [row] : []), ...rowsOf(fieldsInside(property), `${field} > `)];
		});
}

function fieldsInside({ type, options = [] }: INodeProperties): INodeProperties[] {
	if (type === 'collection') return options as INodeProperties[];
	if (type !== 'fixedCollection') return [];
	return (options as INodePropertyCollection[]).flatMap(({ values }) => values);
}

function meaningOf({ type, description = '', options = [], name }: INodeProperties): string {
	// The event types have a page of their own.
	if (name === 'events') return `${escaped(description)} See [Events](events.md).`;
	if (!['options', 'multiOptions'].includes(type)) return escaped(description);
	const choices = (options as INodePropertyOptions[]).map(
		(option) => `_${option.name}_: ${escaped(option.description ?? '')}`,
	);
	return [escaped(description), ...choices].join('<br>');
}

/** Descriptions are HTML; of Markdown they hold only what would be taken for its signs. */
function escaped(description: string): string {
	return description.replace(/[*_|]/g, '\\$&');
}
