import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeProperties,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { chosenValue, fieldGroup, fieldRows, parseJson, textValue } from '../../fields/values';
import { TemplatesOfRun } from './activeVersion';
import type { HandlebarsText } from './handlebars';
import { isDynamicTemplate } from './mail';
import { variablesOf } from './templateVariables';

/** The data of a template, one field for each variable that the template has. */
export const templateFields: INodeProperties = {
	displayName: 'Template Fields',
	name: 'templateFields',
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	typeOptions: {
		loadOptionsDependsOn: ['templateId.value'],
		resourceMapper: {
			resourceMapperMethod: 'getTemplateFields',
			mode: 'add',
			fieldWords: { singular: 'variable', plural: 'variables' },
			addAllFields: true,
			supportAutoMap: true,
			// Also what n8n says when the template could not be read.
			noFieldsError:
				'No variables were found. If the template has some, see whether the API key may read templates (Template Engine).',
		},
	},
	description:
		'What the template shows, one field for each of its variables. Lists and objects are entered as JSON. A field that stays empty is missing in the data. Mapping automatically takes all fields of the input item.',
};

/** The variables of the chosen template, for the form. */
export async function getTemplateFields(
	this: ILoadOptionsFunctions,
): Promise<ResourceMapperFields> {
	const chosen = textValue(chosenValue(this.getCurrentNodeParameter('templateId')), 'Template');
	const templateId = chosen.trim();
	if (templateId === '' || templateId.startsWith('=')) {
		return nothing('Choose a template first: from the list or by its ID, not by an expression.');
	}
	if (!isDynamicTemplate(templateId)) {
		return nothing('Fill in a legacy template with Template Data: its tags can be any text.');
	}
	const templates = new TemplatesOfRun(this);
	const version = await templates.activeVersion(templateId);
	if (version === undefined) {
		return nothing('Activate a version of this template in SendGrid. None is active.');
	}
	const variables = variablesOf(
		readable(() => templates.textsOf(version, '')),
		version.testData,
	);
	return {
		fields: variables.map(({ name, type }): ResourceMapperField => ({
			id: name,
			displayName: name,
			type,
			// What is missing stops the mail when it is sent, unless the user allows it.
			required: false,
			defaultMatch: false,
			canBeUsedToMatch: false,
			display: true,
		})),
		...(variables.length === 0 && { emptyFieldsNotice: 'This template shows no variables.' }),
	};
}

function nothing(emptyFieldsNotice: string): ResourceMapperFields {
	return { fields: [], emptyFieldsNotice };
}

/** Of a template with something unknown in it, the test data still has variables. */
function readable(texts: () => HandlebarsText[]): HandlebarsText[] {
	try {
		return texts();
	} catch {
		return [];
	}
}

/**
 * The data that the fields hold for an item; a field without a value is left out.
 *
 * @param value of the parameter
 * @param json the item
 * @throws InvalidFieldError that names the field
 */
export function readTemplateFields(value: unknown, json: IDataObject): IDataObject {
	const { displayName } = templateFields;
	const mapping = fieldGroup(value, displayName);
	if (mapping.mappingMode === 'autoMapInputData') return json;
	const types = new Map(
		fieldRows(mapping.schema ?? [], displayName).map(({ id, type }) => [id, type]),
	);
	const given = Object.entries(fieldGroup(chosenValue(mapping), displayName))
		.map(([field, value]) => [field, valueOf(field, value, types.get(field))] as const)
		.filter(([, value]) => value !== null && value !== undefined);
	return Object.fromEntries(given) as IDataObject;
}

/** What is typed into a form is text, also where a template needs a list, an object or a switch. */
function valueOf(field: string, value: unknown, type: unknown): unknown {
	if (typeof value !== 'string') return value;
	if (type === 'boolean' && /^\s*(?:true|false)\s*$/i.test(value)) {
		return value.trim().toLowerCase() === 'true';
	}
	if (type !== 'array' && type !== 'object') return value;
	if (value.trim() === '') return undefined;
	const parsed = parseJson(value);
	if (!(parsed instanceof SyntaxError)) return parsed;
	const example = type === 'array' ? '[{ "title": "Lamp" }]' : '{ "city": "Rome" }';
	throw new InvalidFieldError(
		`${templateFields.displayName} > ${field}`,
		`Enter valid JSON such as ${example}, or an expression. The text is not JSON: ${parsed.message}`,
	);
}
