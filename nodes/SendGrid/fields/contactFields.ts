import type {
	ILoadOptionsFunctions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';
import { sendGridRequest, type SendGridApiContext } from '../api/sendGridRequest';

/** A field that contacts can have, beside their address. */
export interface ContactField {
	/** What a mapping calls it: SendGrid's own name, or the one that its maker gave it. */
	name: string;
	/** Under which SendGrid takes the value of a custom field; absent for a field of SendGrid's own. */
	customId?: string;
	type: 'Text' | 'Number' | 'Date';
}

interface FieldDefinition {
	id: string;
	name: string;
	field_type: ContactField['type'];
	read_only?: boolean;
}

/** All fields of the account that a contact can be given. */
export async function readContactFields(context: SendGridApiContext): Promise<ContactField[]> {
	const { body } = await sendGridRequest<{
		reserved_fields?: FieldDefinition[];
		custom_fields?: FieldDefinition[];
	}>(context, { method: 'GET', path: '/v3/marketing/field_definitions' });
	const reserved = (body.reserved_fields ?? [])
		.filter(({ name, read_only }) => !read_only && name !== 'email')
		.map(({ name, field_type }) => ({ name, type: field_type }));
	const custom = (body.custom_fields ?? []).map(({ id, name, field_type }) => ({
		name,
		customId: id,
		type: field_type,
	}));
	return [...reserved, ...custom];
}

const FIELD_TYPES = { Text: 'string', Number: 'number', Date: 'dateTime' } as const;

/** The fields of SendGrid's own that the form shows without being asked. */
const SHOWN_AT_FIRST = ['first_name', 'last_name'];

/** The rows of the field mapping in the editor. */
export async function getContactFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const fields = await readContactFields(this);
	return {
		fields: fields.map(({ name, customId, type }): ResourceMapperField => ({
			id: name,
			displayName: customId === undefined ? titleOf(name) : name,
			type: FIELD_TYPES[type],
			required: false,
			defaultMatch: false,
			canBeUsedToMatch: false,
			display: true,
			removed: customId === undefined && !SHOWN_AT_FIRST.includes(name),
		})),
	};
}

/** `address_line_1` is "Address Line 1". */
function titleOf(name: string): string {
	return name
		.split('_')
		.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
		.join(' ');
}
