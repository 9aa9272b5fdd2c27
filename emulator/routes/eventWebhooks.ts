import { ApiError } from '../apiError';
import { WEBHOOK_FLAGS } from '../account';
import type { Account, Webhook, WebhookSettings } from '../account';
import { route } from '../router';
import type { Call, Reply, Route } from '../router';
import { createSigningKey } from '../signing';

const SETTINGS = '/v3/user/webhooks/event/settings';
const SCOPE = 'user.webhooks.event.settings';
/** Keys made before SendGrid had several webhooks have only `read` and `update`. */
const CREATE = [`${SCOPE}.create`, `${SCOPE}.update`];
const READ = [`${SCOPE}.read`];
const UPDATE = [`${SCOPE}.update`];
const DELETE = [`${SCOPE}.delete`, `${SCOPE}.update`];
const TEST = ['create', 'read', 'update'].map((verb) => `user.webhooks.event.test.${verb}`);

/** Shown only to those who ask for it. */
const ASKED_FOR = 'account_status_change';
const FLAGS = WEBHOOK_FLAGS.filter((flag) => flag !== ASKED_FOR);
const BOOLEANS = ['enabled', ...WEBHOOK_FLAGS] as const;
const TEXTS = [
	'url',
	'friendly_name',
	'oauth_client_id',
	'oauth_client_secret',
	'oauth_token_url',
] as const;

/** The Event Webhook API. Without an id, reading and changing act on the oldest webhook. */
export const eventWebhookRoutes: readonly Route[] = [
	route('POST', SETTINGS, CREATE, create),
	route('GET', `${SETTINGS}/all`, READ, list),
	route('GET', `${SETTINGS}/signed`, READ, ({ account }) => signingOf(oldest(account), '')),
	route('GET', `${SETTINGS}/signed/:id`, READ, (call) => signingOf(byId(call), call.params['id']!)),
	route('PATCH', `${SETTINGS}/signed`, UPDATE, (call) => sign(call, oldest(call.account))),
	route('PATCH', `${SETTINGS}/signed/:id`, UPDATE, (call) => sign(call, byId(call))),
	route('POST', '/v3/user/webhooks/event/test', TEST, test),
	route('GET', SETTINGS, READ, (call) => read(call, oldest(call.account))),
	route('GET', `${SETTINGS}/:id`, READ, (call) => read(call, byId(call))),
	route('PATCH', SETTINGS, UPDATE, (call) => update(call, oldest(call.account))),
	route('PATCH', `${SETTINGS}/:id`, UPDATE, (call) => update(call, byId(call))),
	route('DELETE', SETTINGS, DELETE, ({ account }) => remove(account, undefined)),
	route('DELETE', `${SETTINGS}/:id`, DELETE, (call) => remove(call.account, byId(call))),
];

function create({ account, body, services, request }: Call): Reply {
	const { url = '', ...settings } = settingsFrom(body);
	checkUrl(account, url);
	if (account.webhooks.length >= services.maxWebhooks) {
		throw new ApiError(400, [
			{
				message: 'You have reached the maximum number of webhooks per your current billing plan.',
			},
		]);
	}
	// Documented as set by an update only: a creation takes no notice of it.
	const webhook = account.addWebhook({ ...settings, url, [ASKED_FOR]: false });
	return {
		status: 201,
		body: { ...describe(webhook, request.query), ...datesOf(webhook) },
	};
}

function list({ account, services, request }: Call): Reply {
	const webhooks = account.webhooks.map((webhook) => ({
		...describe(webhook, request.query),
		...publicKeyOf(webhook),
		...datesOf(webhook),
	}));
	const empty = services.emptyWebhookList === 'object' ? [{}] : [];
	return {
		status: 200,
		body: {
			max_allowed: services.maxWebhooks,
			webhooks: webhooks.length > 0 ? webhooks : empty,
		},
	};
}

/** The documented answer for one webhook has no dates, unlike the list. */
function read({ request }: Call, webhook: Webhook): Reply {
	return { status: 200, body: { ...describe(webhook, request.query), ...publicKeyOf(webhook) } };
}

function update({ account, body, request }: Call, webhook: Webhook): Reply {
	if (webhook.locked) {
		throw new ApiError(400, [
			{ message: 'This webhook cannot be modified based on your current billing plan.' },
		]);
	}
	const settings = settingsFrom(body);
	if (settings.url !== undefined) checkUrl(account, settings.url, webhook);
	Object.assign(webhook, settings, { updated_date: account.isoDate() });
	return {
		status: 200,
		body: { ...describe(webhook, request.query), ...datesOf(webhook) },
	};
}

function remove(account: Account, webhook: Webhook | undefined): Reply {
	if (!webhook) throw invalidId();
	account.webhooks.splice(account.webhooks.indexOf(webhook), 1);
	return { status: 204 };
}

/** A key pair is made when signing is turned on and destroyed when it is turned off. */
function sign({ body, params }: Call, webhook: Webhook): Reply {
	const { enabled } = body;
	if (typeof enabled !== 'boolean') throw wrongType('enabled', 'boolean', enabled);
	if (enabled) webhook.signingKey ??= createSigningKey();
	else delete webhook.signingKey;
	return signingOf(webhook, params['id'] ?? '');
}

function signingOf({ signingKey }: Webhook, id: string): Reply {
	return { status: 200, body: { id, public_key: signingKey?.publicKey ?? '' } };
}

function test({ account, body, services }: Call): Reply {
	const { url, id } = body;
	if (typeof url !== 'string' || !isWebAddress(url)) throw invalidUrl(url);
	const webhook = id === undefined ? undefined : find(account, id);
	return { status: 204, afterwards: () => services.postTestEvents(url, webhook) };
}

function settingsFrom(body: Readonly<Record<string, unknown>>): Partial<WebhookSettings> {
	const settings: Record<string, unknown> = {};
	for (const [names, type] of [
		[BOOLEANS, 'boolean'],
		[TEXTS, 'string'],
	] as const) {
		for (const name of names) {
			const value = body[name];
			if (value === undefined) continue;
			if (typeof value !== type) throw wrongType(name, type, value);
			settings[name] = value;
		}
	}
	return settings;
}

/** A webhook as SendGrid shows it; the client secret of OAuth never is. */
function describe(webhook: Webhook, query: URLSearchParams): Record<string, unknown> {
	const flags = Object.fromEntries(FLAGS.map((flag) => [flag, webhook[flag]]));
	const included = query.getAll('include').flatMap((names) => names.split(','));
	const { enabled, url, friendly_name, id, oauth_client_id, oauth_token_url } = webhook;
	return {
		enabled,
		url,
		...flags,
		...(included.includes(ASKED_FOR) && { [ASKED_FOR]: webhook[ASKED_FOR] }),
		friendly_name,
		id,
		...(oauth_client_id && { oauth_client_id, oauth_token_url }),
	};
}

function datesOf({ created_date, updated_date }: Webhook) {
	return { created_date, updated_date };
}

function publicKeyOf({ signingKey }: Webhook) {
	return signingKey && { public_key: signingKey.publicKey };
}

function byId({ account, params }: Call): Webhook {
	return find(account, params['id']);
}

function find(account: Account, id: unknown): Webhook {
	const webhook = account.webhooks.find((candidate) => candidate.id === id);
	if (!webhook) throw invalidId();
	return webhook;
}

function oldest(account: Account): Webhook {
	const age = ({ created_date }: Webhook) => created_date ?? '';
	const [first] = [...account.webhooks].sort((a, b) => age(a).localeCompare(age(b)));
	if (!first) throw invalidId();
	return first;
}

function checkUrl(account: Account, url: string, self?: Webhook): void {
	if (!isWebAddress(url)) throw invalidUrl(url);
	const other = account.webhooks.find((webhook) => webhook.url === url && webhook !== self);
	if (other) {
		throw new ApiError(400, [
			{
				id: other.id,
				message: `Webhook at '${url}' already exists. Please provide a unique URL.`,
				url,
			},
		]);
	}
}

/** Plain http passes, unlike at SendGrid: a local n8n has nothing else. */
function isWebAddress(url: string): boolean {
	return URL.canParse(url) && /^https?:\/\//i.test(url);
}

function invalidUrl(url: unknown): ApiError {
	return new ApiError(400, [{ message: `'${String(url ?? '')}' is not a valid url` }]);
}

function invalidId(): ApiError {
	return new ApiError(404, [{ message: 'Invalid id provided.' }]);
}

function wrongType(field: string, expected: string, value: unknown): ApiError {
	const given = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
	return new ApiError(400, [
		{ field, message: `Invalid type. Expected: ${expected}, given: ${given}.` },
	]);
}
