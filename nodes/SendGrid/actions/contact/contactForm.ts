import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { readContactFields, type ContactField } from '../../fields/contactFields';
import { parseAddress } from '../../fields/addresses';
import { camelCase } from '../../api/camelCase';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { momentValue } from '../../fields/moment';
import { readAddress, readTextList } from '../../fields/parameters';
import { chosenValue, fieldGroup, textList, textValue, unexpectedValue } from '../../fields/values';

export const emailParameter: INodeProperties = {
	displayName: 'Email',
	name: 'email',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'name@email.com',
	description: 'The address of the contact. SendGrid keeps it in lower case.',
};

export const listsParameter: INodeProperties = {
	displayName: 'List Names or IDs',
	// Not `lists`: the editor would carry over what Suppression has under that name.
	name: 'listIds',
	type: 'multiOptions',
	typeOptions: { loadOptionsMethod: 'getContactLists' },
	default: [],
	description:
		'The lists to add the contact to; the ones it is on already stay. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
};

export const fieldsParameter: INodeProperties = {
	displayName: 'Fields',
	name: 'fields',
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	typeOptions: {
		resourceMapper: {
			resourceMapperMethod: 'getContactFields',
			mode: 'add',
			fieldWords: { singular: 'field', plural: 'fields' },
			addAllFields: true,
			supportAutoMap: true,
			// Said when SendGrid did not answer: it always has fields.
			noFieldsError:
				'SendGrid did not list its contact fields. See whether the API key is right and has the permission Marketing.',
		},
	},
	description:
		"What to write into the contact: SendGrid's own fields and your custom fields. Empty ones stay as they are. Mapping automatically takes the input fields that have the same names, and passes over all others.",
};

/** SendGrid takes no more alternate addresses for a contact. */
const MAX_ALTERNATE_EMAILS = 5;

/** A contact as SendGrid takes it. */
export interface ContactRequest extends IDataObject {
	/** In lower case. */
	email: string;
	custom_fields?: IDataObject;
}

/** Reads contacts from the form; asks SendGrid once which fields there are, when that matters. */
export class ContactForm {
	private fields?: Promise<Map<string, ContactField>>;

	constructor(private readonly context: IExecuteFunctions) {}

	/** @throws InvalidFieldError that names the field */
	async read(itemIndex: number): Promise<ContactRequest> {
		const { context } = this;
		const address = readAddress(context, itemIndex, emailParameter);
		const contact: ContactRequest = { email: address.email.toLowerCase() };
		const { values, strict } = mappedValues(context, itemIndex);
		const given = Object.entries(values).filter(([, value]) => !isEmpty(value));
		if (given.length === 0) return contact;

		const fields = await (this.fields ??= this.readFields());
		for (const [name, value] of given) {
			const field = fields.get(name);
			if (field === undefined) {
				if (strict) throw unknownField(name);
				continue;
			}
			const sent = this.valueOf(field, value);
			if (field.customId === undefined) contact[field.name] = sent;
			else contact.custom_fields = { ...contact.custom_fields, [field.customId]: sent };
		}
		return contact;
	}

	/** By everything that a field may be called; SendGrid's own also as this node puts them out. */
	private async readFields(): Promise<Map<string, ContactField>> {
		const fields = await readContactFields(this.context);
		return new Map([
			...fields.flatMap((field): Array<[string, ContactField]> =>
				field.customId === undefined ? [[camelCase(field.name), field]] : [[field.customId, field]],
			),
			...fields.map((field): [string, ContactField] => [field.name, field]),
		]);
	}

	private valueOf({ name, type }: ContactField, value: unknown): string | number | string[] {
		const label = `${fieldsParameter.displayName} > ${name}`;
		if (name === 'alternate_emails') return alternateEmails(value, label);
		switch (type) {
			case 'Text':
				return textValue(value, label);
			case 'Number':
				return numberValue(value, label);
			case 'Date':
				return momentValue(value, label, this.context.getTimezone())!.toUTC().toISO()!;
		}
	}
}

/** The lists that an item names, by ID. */
export function listIdsOf(context: IExecuteFunctions, itemIndex: number): string[] {
	return [...new Set(readTextList(context, itemIndex, listsParameter))];
}

/** What was mapped, and whether each field was named on purpose. */
function mappedValues(
	context: IExecuteFunctions,
	itemIndex: number,
): { values: Record<string, unknown>; strict: boolean } {
	const { name, displayName } = fieldsParameter;
	const mapping = fieldGroup(context.getNodeParameter(name, itemIndex, {}), displayName);
	if (mapping.mappingMode === 'autoMapInputData') {
		return { values: context.getInputData()[itemIndex]!.json, strict: false };
	}
	return { values: fieldGroup(chosenValue(mapping), displayName), strict: true };
}

/** Nothing is ever emptied by accident. */
function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || value === '';
}

function alternateEmails(value: unknown, label: string): string[] {
	const emails = textList(value, label).map((email) => parseAddress(email, label).email);
	if (emails.length > MAX_ALTERNATE_EMAILS) {
		throw new InvalidFieldError(
			label,
			`Enter ${MAX_ALTERNATE_EMAILS} addresses at most: SendGrid takes no more. There are ${emails.length}.`,
		);
	}
	return emails;
}

function numberValue(value: unknown, label: string): number {
	const number = typeof value === 'string' ? Number(value.trim()) : value;
	if (typeof number === 'number' && Number.isFinite(number)) return number;
	throw unexpectedValue(value, label, 'Enter a number such as 42.');
}

function unknownField(name: string): InvalidFieldError {
	return new InvalidFieldError(
		fieldsParameter.displayName,
		`Refresh the list of fields in the node, or make the field in SendGrid under Marketing > Custom Fields. SendGrid has no contact field "${name}".`,
	);
}
