import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import type { OAuthSettings } from '../api/eventWebhooks';
import { createEventFilter } from '../events/filter';
import type { RawEvent } from '../events/rawEvent';
import { DEFAULT_MAX_AGE_MINUTES } from './properties';
import type { RegistrationParameters } from './registration/registration';

interface TriggerOptions {
	categories?: unknown;
	customArgs?: { args?: Array<{ name?: string; value?: unknown }> };
	excludeMachineOpens?: boolean;
	friendlyName?: unknown;
	maxAgeMinutes?: unknown;
	oauth?: { client?: { id?: unknown; secret?: unknown; url?: unknown } };
	recipients?: unknown;
	sendSampleEvents?: boolean;
}

/** What the user set on the trigger, as the receiving path needs it. */
export interface TriggerParameters {
	isManualSetup: boolean;
	/** Manual setup only: the keys the user entered. */
	verificationKeys: string[];
	waitsForWorkflow: boolean;
	maxAgeSeconds: number;
	wants: (event: RawEvent) => boolean;
}

export function readParameters(context: IWebhookFunctions): TriggerParameters {
	const options = context.getNodeParameter('options', {}) as TriggerOptions;
	const isManualSetup = context.getNodeParameter('setup', 'automatic') === 'manual';
	return {
		isManualSetup,
		verificationKeys: isManualSetup
			? listKeys(context.getNodeParameter('verificationKeys', '') as unknown)
			: [],
		waitsForWorkflow: context.getNodeParameter('acknowledge', 'onReceived') === 'lastNode',
		// An expression may give text, or nothing that is a number.
		maxAgeSeconds: (Number(options.maxAgeMinutes) || DEFAULT_MAX_AGE_MINUTES) * 60,
		wants: createEventFilter({
			events: listWords(context.getNodeParameter('events', [])),
			categories: listWords(options.categories),
			customArgs: (options.customArgs?.args ?? [])
				.filter(({ name }) => name)
				.map(({ name, value }) => ({ name: String(name), value: String(value ?? '') })),
			recipients: listWords(options.recipients),
			excludeMachineOpens: options.excludeMachineOpens,
		}),
	};
}

/** What the user set on the trigger, as far as SendGrid is to know of it. */
export function readRegistrationParameters(context: IHookFunctions): RegistrationParameters {
	const options = context.getNodeParameter('options', {}) as TriggerOptions;
	const isManualSetup = context.getNodeParameter('setup', 'automatic') === 'manual';
	return {
		isManualSetup,
		verificationKeys: isManualSetup
			? listKeys(context.getNodeParameter('verificationKeys', '') as unknown)
			: [],
		events: listWords(context.getNodeParameter('events', [])),
		friendlyName: String(options.friendlyName ?? '').trim(),
		oauth: readOAuth(options),
		wantsSampleEvents: options.sendSampleEvents !== false,
	};
}

/** `undefined` if nothing is filled in. */
function readOAuth({ oauth }: TriggerOptions): OAuthSettings | undefined {
	const { id, secret, url } = oauth?.client ?? {};
	const settings = {
		oauth_client_id: String(id ?? '').trim(),
		oauth_client_secret: String(secret ?? '').trim(),
		oauth_token_url: String(url ?? '').trim(),
	};
	return Object.values(settings).some((value) => value !== '') ? settings : undefined;
}

/** Keys one per line, as PEM blocks, or as a list from an expression. */
export function listKeys(value: unknown): string[] {
	const text = Array.isArray(value) ? value.join('\n') : String(value ?? '');
	const pemBlock = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
	return [...(text.match(pemBlock) ?? []), ...text.replace(pemBlock, ' ').split(/[\s,;]+/)].filter(
		(key) => key !== '',
	);
}

/** Words separated by commas or line breaks, or a list from an expression. */
export function listWords(value: unknown): string[] {
	const words = Array.isArray(value) ? value.map(String) : String(value ?? '').split(/[,\n]/);
	return words.map((word) => word.trim()).filter((word) => word !== '');
}
