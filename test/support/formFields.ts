import type { INodeProperties, INodePropertyCollection } from 'n8n-workflow';
import { NodeHelpers } from 'n8n-workflow';
import { SendGridEmail } from '../../nodes/SendGrid/SendGridEmail.node';

/** A field that one fills in, with its way there: `additionalFields.headers.values[0].name`. */
export interface FormField {
	path: string;
	field: INodeProperties;
}

/** A form of SendGrid Email: what the user chose, and the fields that are then there. */
export interface Form {
	chosen: Record<string, string>;
	fields: FormField[];
}

const { description } = new SendGridEmail();

/** Every operation of every resource, once for each choice that shows other fields. */
export function allForms(): Form[] {
	const combinations = description.properties
		.filter(({ name }) => name === 'operation')
		.flatMap(({ displayOptions, options }) =>
			(options as Array<{ value: string }>).map(({ value }) => ({
				resource: displayOptions!.show!.resource![0] as string,
				operation: value,
			})),
		);
	return combinations.flatMap((combination) => choices(combination));
}

/** The forms of an operation: its own options, such as Content, show and hide fields. */
function choices(chosen: Record<string, string>): Form[] {
	const shown = shownFields(chosen);
	const next = shown.find(
		({ name, type }) => type === 'options' && !(name in chosen) && decidesOverOthers(name),
	);
	if (next === undefined) {
		const fields = shown
			.filter(({ name, type }) => !(name in chosen) && type !== 'notice')
			.flatMap((field) => leaves(field, field.name));
		return [{ chosen, fields }];
	}
	return (next.options as Array<{ value: string }>).flatMap(({ value }) =>
		choices({ ...chosen, [next.name]: value }),
	);
}

function shownFields(chosen: Record<string, string>): INodeProperties[] {
	const values = { ...chosen };
	return description.properties.filter((property) =>
		NodeHelpers.displayParameter(values, property, { typeVersion: 1 }, description),
	);
}

function decidesOverOthers(name: string): boolean {
	return description.properties.some(({ displayOptions }) =>
		Object.keys({ ...displayOptions?.show, ...displayOptions?.hide }).includes(name),
	);
}

function leaves(field: INodeProperties, path: string): FormField[] {
	if (field.type === 'collection') {
		return (field.options as INodeProperties[]).flatMap((option) =>
			leaves(option, `${path}.${option.name}`),
		);
	}
	if (field.type !== 'fixedCollection') return [{ path, field }];
	const place = field.typeOptions?.multipleValues ? '[0]' : '';
	return (field.options as INodePropertyCollection[]).flatMap((group) =>
		group.values.flatMap((value) => leaves(value, `${path}.${group.name}${place}.${value.name}`)),
	);
}
