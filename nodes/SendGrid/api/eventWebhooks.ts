import type { IDataObject } from 'n8n-workflow';
import { ifFound } from './ifFound';
import { sendGridRequest, type SendGridApiContext } from './sendGridRequest';

/** What the owner of an Event Webhook chooses; further members are the switches of event types. */
export interface EventWebhookSettings {
	url: string;
	enabled: boolean;
	friendly_name: string;
	[eventFlag: string]: boolean | string;
}

/** An Event Webhook as SendGrid lists it; further members are the switches of event types. */
export interface EventWebhook extends IDataObject {
	id: string;
	url: string;
	enabled: boolean;
	friendly_name?: string | null;
	/** Base64 of a DER SPKI key; absent or empty while signing is off. */
	public_key?: string;
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
		path: `${PATH}/settings/${encodeURIComponent(id)}`,
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
		path: `${PATH}/settings/${encodeURIComponent(id)}`,
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
			path: `${PATH}/settings/${encodeURIComponent(id)}`,
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
		path: `${PATH}/settings/signed/${encodeURIComponent(id)}`,
		body: { enabled: true },
		patience: PATIENCE,
	});
	return body.public_key;
}

/** Turns signing off, which deletes the key pair. */
export async function unsignEventWebhook(context: SendGridApiContext, id: string): Promise<void> {
	await sendGridRequest(context, {
		method: 'PATCH',
		path: `${PATH}/settings/signed/${encodeURIComponent(id)}`,
		body: { enabled: false },
		patience: PATIENCE,
	});
}

/** Asks SendGrid to post one of each event to `url`, signed with the key of webhook `id`. */
export async function postSampleEvents(
	context: SendGridApiContext,
	url: string,
	id: string,
): Promise<void> {
	await sendGridRequest(context, {
		method: 'POST',
		path: `${PATH}/test`,
		body: { url, id },
		patience: PATIENCE,
	});
}
