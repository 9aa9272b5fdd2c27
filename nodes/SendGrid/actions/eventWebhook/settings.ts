import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { EventWebhookSettings, OAuthSettings } from '../../api/eventWebhooks';
import { DEFAULT_EVENTS, EVENT_TYPES } from '../../events/eventTypes';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { oauthField } from '../../fields/oauth';
import { booleanValue, fieldGroup, optionList, requiredText, textValue } from '../../fields/values';

export const urlField: INodeProperties = {
	displayName: 'URL',
	name: 'url',
	type: 'string',
	default: '',
	placeholder: 'e.g. https://crm.example.com/sendgrid',
	description: 'Where SendGrid posts the events: an https address that no other webhook has',
};

export const eventsField: INodeProperties = {
	displayName: 'Events',
	name: 'events',
	type: 'multiOptions',
	options: EVENT_TYPES.map(({ name: value, label, description }) => ({
		name: label,
		value,
		description,
	})),
	default: [...DEFAULT_EVENTS],
	description: 'Which events SendGrid posts. All others are switched off.',
};

const enabledField: INodeProperties = {
	displayName: 'Enabled',
	name: 'enabled',
	type: 'boolean',
	default: true,
	description: 'Whether SendGrid posts events; a disabled webhook still counts towards the plan',
};

const friendlyNameField: INodeProperties = {
	displayName: 'Friendly Name',
	name: 'friendlyName',
	type: 'string',
	default: '',
	placeholder: 'e.g. CRM',
	description: 'What SendGrid calls the webhook in its list',
};

const oauthSetting = oauthField(
	'For a receiver that demands a token: fill in all three, or leave all empty for no OAuth',
);

const signedField: INodeProperties = {
	displayName: 'Signed',
	name: 'signed',
	type: 'boolean',
	default: true,
	description: 'Whether SendGrid signs its posts; the result has the key to verify them with',
};

/** What Create can leave as it is and Update need not change. */
export const furtherFields = [enabledField, friendlyNameField, oauthSetting, signedField];

/** What the user has chosen of the settings. */
export interface ChosenSettings {
	/** By SendGrid's names; only those that were chosen. */
	settings: Partial<EventWebhookSettings>;
	signed?: boolean;
}

/**
 * Reads the settings out of the form.
 *
 * @param values by the names of the fields above; what is not there was not chosen
 * @throws InvalidFieldError
 */
export function readSettings(values: Record<string, unknown>): ChosenSettings {
	const settings: Partial<EventWebhookSettings> = {};
	if ('url' in values) settings.url = readUrl(values.url);
	if ('events' in values) Object.assign(settings, readEvents(values.events));
	if ('enabled' in values) {
		settings.enabled = booleanValue(values.enabled, enabledField.displayName);
	}
	if ('friendlyName' in values) {
		const name = textValue(values.friendlyName, friendlyNameField.displayName).trim();
		settings.friendly_name = name;
	}
	if ('oauth' in values) Object.assign(settings, readOAuth(values.oauth));
	if (!('signed' in values)) return { settings };
	return { settings, signed: booleanValue(values.signed, signedField.displayName) };
}

/** A collection of fields, of which the user has added some. */
export function readCollection(
	context: IExecuteFunctions,
	itemIndex: number,
	{ name, displayName }: INodeProperties,
): Record<string, unknown> {
	return fieldGroup(context.getNodeParameter(name, itemIndex, {}), displayName);
}

function readUrl(value: unknown): string {
	const remedy = 'Enter the address that SendGrid is to post to, starting with https://.';
	const url = requiredText(value, urlField.displayName, remedy);
	if (!URL.canParse(url) || !/^https?:\/\//i.test(url)) {
		throw new InvalidFieldError(urlField.displayName, `${remedy} "${url}" is none.`);
	}
	return url;
}

function readEvents(value: unknown): Record<string, boolean> {
	const choice = EVENT_TYPES.map(({ name }) => name);
	const chosen: string[] = optionList(value, eventsField.displayName, choice);
	return Object.fromEntries(
		EVENT_TYPES.map(({ name, settingsFlag }) => [settingsFlag, chosen.includes(name)]),
	);
}

function readOAuth(value: unknown): OAuthSettings {
	const { displayName } = oauthSetting;
	const client = fieldGroup(fieldGroup(value, displayName).client, displayName);
	const text = (name: string) => textValue(client[name], displayName).trim();
	const oauth = {
		oauth_client_id: text('id'),
		oauth_client_secret: text('secret'),
		oauth_token_url: text('url'),
	};
	const filled = Object.values(oauth).filter((entry) => entry !== '').length;
	if (filled !== 0 && filled !== Object.keys(oauth).length) {
		throw new InvalidFieldError(
			displayName,
			'Fill in Client ID, Client Secret and Token URL, or none of them. SendGrid wants all three.',
		);
	}
	return oauth;
}
