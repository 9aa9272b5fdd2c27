import type {
	IExecuteFunctions,
	IHookFunctions,
	INodeParameters,
	IWebhookFunctions,
} from 'n8n-workflow';
import type { OAuthSettings } from '../api/eventWebhooks';
import { repeatKeys, type RepeatRule } from '../events/dedupeKey';
import { createEventFilter } from '../events/filter';
import type { RawEvent } from '../events/rawEvent';
import { DEFAULT_MAX_AGE_MINUTES } from './properties';
import type { RegistrationParameters } from './registration/registrationParameters';

interface TriggerOptions {
	categories?: unknown;
	customArgs?: { args?: Array<{ name?: string; value?: unknown }> };
	excludeMachineOpens?: boolean;
	friendlyName?: unknown;
	links?: unknown;
	maxAgeMinutes?: unknown;
	oauth?: { client?: { id?: unknown; secret?: unknown; url?: unknown } };
	otherEvents?: boolean;
	recipients?: unknown;
	recognizeRepeatsBy?: RepeatRule;
	reportProblems?: boolean;
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
	/** The keys of an event: with one of them known, it is a repeat. */
	keysOf: (event: RawEvent) => string[];
	reportsProblems: boolean;
}

/** What the user set on the trigger, as it is needed for what comes out. */
export interface EmittingParameters {
	waitsForWorkflow: boolean;
	isSimplified: boolean;
	keysOf: (event: RawEvent) => string[];
	/** Those that say which outputs there are. */
	outputs: INodeParameters;
}

export function readEmittingParameters(context: IExecuteFunctions): EmittingParameters {
	const options = context.getNodeParameter('options', 0, {}) as TriggerOptions;
	return {
		waitsForWorkflow: context.getNodeParameter('acknowledge', 0, 'onReceived') === 'lastNode',
		isSimplified: context.getNodeParameter('simplify', 0, true) !== false,
		keysOf: keysBy(options),
		outputs: {
			output: context.getNodeParameter('output', 0, 'single') as string,
			events: context.getNodeParameter('events', 0, []) as string[],
			options: options as INodeParameters,
		},
	};
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
			// There they have no output to come out on.
			excludeOtherTypes:
				context.getNodeParameter('output', 'single') === 'perEvent' && !options.otherEvents,
			categories: listWords(options.categories),
			customArgs: (options.customArgs?.args ?? [])
				.filter(({ name }) => name)
				.map(({ name, value }) => ({ name: String(name), value: String(value ?? '') })),
			recipients: listWords(options.recipients),
			links: listWords(options.links),
			excludeMachineOpens: options.excludeMachineOpens,
		}),
		keysOf: keysBy(options),
		reportsProblems: options.reportProblems === true,
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

function keysBy({ recognizeRepeatsBy = 'eventId' }: TriggerOptions) {
	return (event: RawEvent) => repeatKeys(event, recognizeRepeatsBy);
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
