import type { IDataObject } from 'n8n-workflow';
import { ifFound } from './ifFound';
import { pathOf } from './pathOf';
import { sendGridRequest, type SendGridApiContext } from './sendGridRequest';

/** Where SendGrid gets the token that it sends along with its posts. It wants all three or none. */
export interface OAuthSettings {
	oauth_client_id: string;
	oauth_client_secret: string;
	oauth_token_url: string;
}

/** What the owner of an Event Webhook chooses; further members are the switches of event types. */
export interface EventWebhookSettings extends Partial<OAuthSettings> {
	url: string;
	enabled: boolean;
	friendly_name: string;
	[eventFlag: string]: boolean | string | undefined;
}

/** An Event Webhook as SendGrid lists it; further members are the switches of event types. */
export interface EventWebhook extends IDataObject {
	id: string;
	url: string;
	enabled: boolean;
	friendly_name?: string | null;
	/** Base64 of a DER SPKI key; absent or empty while signing is off. */
	public_key?: string;
	/** Absent or empty without OAuth. The secret is never shown. */
	oauth_client_id?: string | null;
	oauth_token_url?: string | null;
	/** ISO 8601; only in lists. */
	updated_date?: string;
}

export interface EventWebhookList {
	/** How many webhooks the plan allows; disabled ones count. */
	max_allowed: number;
	webhooks: EventWebhook[];
}

const PATH = '/v3/user/webhooks/event';

/** This flag is left out of the answer otherwise. */
const WITH_ALL_FLAGS = { include: 'account_status_change' };

/** Publishing a workflow must not hang for minutes; n8n tries again by itself. */
const PATIENCE = 30_000;

/** The editor and SendGrid's posts wait for these calls. */
interface Limits {
	patience?: number;
	timeout?: number;
}

export async function listEventWebhooks(
	context: SendGridApiContext,
	limits: Limits = {},
): Promise<EventWebhookList> {
	const { body } = await sendGridRequest<EventWebhookList>(context, {
		method: 'GET',
		path: `${PATH}/settings/all`,
		query: WITH_ALL_FLAGS,
		patience: PATIENCE,
		...limits,
	});
	// SendGrid documents the list of an account without webhooks as [{}].
	return { ...body, webhooks: body.webhooks.filter(({ id }) => id !== undefined) };
}

/** @throws NodeApiError with status 404 if there is no such webhook */
export async function getEventWebhook(
	context: SendGridApiContext,
	id: string,
): Promise<EventWebhook> {
	const { body } = await sendGridRequest<EventWebhook>(context, {
		method: 'GET',
		path: pathOf(`${PATH}/settings`, id),
		query: WITH_ALL_FLAGS,
		patience: PATIENCE,
	});
	return body;
}

/** @returns the id of the new webhook */
export async function createEventWebhook(
	context: SendGridApiContext,
	settings: EventWebhookSettings,
): Promise<string> {
	const { body } = await sendGridRequest<EventWebhook>(context, {
		method: 'POST',
		path: `${PATH}/settings`,
		body: settings,
		patience: PATIENCE,
	});
	return body.id;
}

export async function updateEventWebhook(
	context: SendGridApiContext,
	id: string,
	settings: EventWebhookSettings,
): Promise<void> {
	await sendGridRequest(context, {
		method: 'PATCH',
		path: pathOf(`${PATH}/settings`, id),
		body: settings,
		patience: PATIENCE,
	});
}

/** @returns false if there was no such webhook */
export async function deleteEventWebhook(
	context: SendGridApiContext,
	id: string,
): Promise<boolean> {
	const answer = await ifFound(
		sendGridRequest(context, {
			method: 'DELETE',
			path: pathOf(`${PATH}/settings`, id),
			patience: PATIENCE,
		}),
	);
	return answer !== undefined;
}

/**
 * Turns signing on; it stays as it is where it was on already.
 *
 * @returns the public key to verify with
 */
export async function signEventWebhook(context: SendGridApiContext, id: string): Promise<string> {
	const { body } = await sendGridRequest<{ public_key: string }>(context, {
		method: 'PATCH',
		path: pathOf(`${PATH}/settings/signed`, id),
		body: { enabled: true },
		patience: PATIENCE,
	});
	return body.public_key;
}

/** Turns signing off, which deletes the key pair. */
export async function unsignEventWebhook(context: SendGridApiContext, id: string): Promise<void> {
	await sendGridRequest(context, {
		method: 'PATCH',
		path: pathOf(`${PATH}/settings/signed`, id),
		body: { enabled: false },
		patience: PATIENCE,
	});
}

/**
 * Asks SendGrid to post one of each event to a URL.
 *
 * @param target `id` of the webhook whose key signs the post; with OAuth the id of the client and
 * the token's URL, and the secret too unless that webhook has it already
 */
export async function postSampleEvents(
	context: SendGridApiContext,
	target: { url: string; id: string } & Partial<OAuthSettings>,
): Promise<void> {
	await sendGridRequest(context, {
		method: 'POST',
		path: `${PATH}/test`,
		body: target,
		patience: PATIENCE,
	});
}
