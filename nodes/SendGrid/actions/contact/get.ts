import { NodeOperationError } from 'n8n-workflow';
import { CONTACTS, contactsByEmail, shown, type Contact } from '../../api/contacts';
import { ifFound } from '../../api/ifFound';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';
import { readRequiredText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { contactParameter, namedContact } from './named';

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get a contact',
		description: 'Read one contact by its email address or ID; an error if there is none',
	},
	properties: [contactParameter],
	async executeItem(context, itemIndex) {
		const remedy = 'Enter an email address or the ID of a contact.';
		const text = readRequiredText(context, itemIndex, contactParameter, remedy);
		const { email, id, named } = namedContact(text, contactParameter.displayName);
		const contact =
			email === undefined
				? (
						await ifFound(
							sendGridRequest<Contact>(context, {
								method: 'GET',
								path: pathOf(CONTACTS, id!),
							}),
						)
					)?.body
				: (await contactsByEmail(context, [email])).get(email);
		if (contact === undefined) {
			throw new NodeOperationError(
				context.getNode(),
				`Check the address or ID: there is no contact ${named}`,
				{
					itemIndex,
					description: 'A contact made a moment ago may take minutes to be found.',
				},
			);
		}
		return shown(contact);
	},
};
