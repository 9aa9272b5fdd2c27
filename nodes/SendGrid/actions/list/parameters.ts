import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { pathOf } from '../../api/pathOf';
import { CONTACT_LIST_MODES } from '../../fields/locators';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { readRequiredText } from '../../fields/parameters';

export const LISTS = '/v3/marketing/lists';

export const listParameter: INodeProperties = {
	displayName: 'List',
	name: 'listId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	description: 'The list of contacts, in SendGrid under Marketing > Contacts',
	...CONTACT_LIST_MODES,
};

export const nameParameter: INodeProperties = {
	displayName: 'Name',
	name: 'name',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. Newsletter',
	description: 'The name of the list, up to 100 characters; no two lists can have the same',
};

const MAX_NAME = 100;

/** @throws InvalidFieldError if none is chosen */
export function listIdOf(context: IExecuteFunctions, itemIndex: number): string {
	const remedy = 'Choose one from the list or enter its ID.';
	return readRequiredText(context, itemIndex, listParameter, remedy);
}

/** Where one list is. */
export function listPath(listId: string): string {
	return pathOf(LISTS, listId);
}

/** @throws InvalidFieldError if it is empty or too long */
export function nameOf(context: IExecuteFunctions, itemIndex: number): string {
	const { displayName } = nameParameter;
	const text = readRequiredText(context, itemIndex, nameParameter, 'Enter a name for the list.');
	if (text.length > MAX_NAME) {
		throw new InvalidFieldError(
			displayName,
			`Enter ${MAX_NAME} characters at most: SendGrid takes no more. There are ${text.length}.`,
		);
	}
	return text;
}
