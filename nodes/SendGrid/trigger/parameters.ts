import type { IWebhookFunctions } from 'n8n-workflow';
import { createEventFilter } from '../events/filter';
import type { RawEvent } from '../events/rawEvent';
import { DEFAULT_MAX_AGE_MINUTES } from './properties';

interface TriggerOptions {
	categories?: unknown;
	customArgs?: { args?: Array<{ name?: string; value?: unknown }> };
	excludeMachineOpens?: boolean;
	maxAgeMinutes?: unknown;
	recipients?: unknown;
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
