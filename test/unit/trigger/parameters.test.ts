import crypto from 'node:crypto';
import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import {
	listKeys,
	readParameters,
	readRegistrationParameters,
} from '../../../nodes/SendGrid/trigger/parameters';
import { createSigningKey } from '../../../emulator/signing';
import { sampleEvent } from '../../../emulator/sampleEvents';

/** Reads the parameters of a node on which these are set; n8n gives the fallback for the others. */
function read(parameters: Record<string, unknown>) {
	return readParameters({
		getNodeParameter: (name: string, fallback: unknown) =>
			name in parameters ? parameters[name] : fallback,
	} as unknown as IWebhookFunctions);
}

const withOptions = (options: Record<string, unknown>) =>
	read({ events: ['open', 'click'], options });

describe('a trigger as it is when it is new', () => {
	it('is set up automatically, answers at once and takes posts of up to 24 hours and a half', () => {
		expect(read({})).toMatchObject({
			isManualSetup: false,
			verificationKeys: [],
			waitsForWorkflow: false,
			maxAgeSeconds: (24 * 60 + 30) * 60,
		});
	});

	it('wants what was chosen, whatever the category, args and recipient', () => {
		const { wants } = withOptions({});
		expect(wants(sampleEvent('open', { sg_machine_open: true }))).toBe(true);
		expect(wants(sampleEvent('bounce'))).toBe(false);
	});
});

describe('setup', () => {
	it('by hand reads the keys, automatic setup does not', () => {
		const verificationKeys = 'key-1\nkey-2';
		expect(read({ setup: 'manual', verificationKeys })).toMatchObject({
			isManualSetup: true,
			verificationKeys: ['key-1', 'key-2'],
		});
		expect(read({ setup: 'automatic', verificationKeys })).toMatchObject({
			isManualSetup: false,
			verificationKeys: [],
		});
	});

	it('by hand without keys has none', () => {
		expect(read({ setup: 'manual' }).verificationKeys).toEqual([]);
	});
});

it('waits for the workflow when it is to acknowledge with the last node', () => {
	expect(read({ acknowledge: 'lastNode' }).waitsForWorkflow).toBe(true);
	expect(read({ acknowledge: 'onReceived' }).waitsForWorkflow).toBe(false);
});

describe('the maximum age', () => {
	it.each([
		['minutes', 10, 600],
		['minutes as text, from an expression', '10', 600],
		['nothing', undefined, 88_200],
		['empty text', '', 88_200],
		['zero', 0, 88_200],
		['what is no number', 'soon', 88_200],
		['null', null, 88_200],
	])('of %s is in seconds', (_name, maxAgeMinutes, seconds) => {
		expect(withOptions({ maxAgeMinutes }).maxAgeSeconds).toBe(seconds);
	});
});

describe('the filters', () => {
	const wantsSome = (options: Record<string, unknown>) => {
		const { wants } = withOptions(options);
		return (changes: Record<string, unknown>) => wants(sampleEvent('open', changes));
	};

	it.each([
		['text', ' welcome ,invoice,, '],
		['lines', 'welcome\ninvoice\n'],
		['a list, from an expression', ['welcome', 'invoice']],
	])('take categories as %s', (_name, categories) => {
		const wants = wantsSome({ categories });
		expect(wants({ category: 'welcome' })).toBe(true);
		expect(wants({ category: ['invoice'] })).toBe(true);
		expect(wants({ category: 'other' })).toBe(false);
	});

	it('take recipients as text', () => {
		const wants = wantsSome({ recipients: 'ann@example.com, example.org' });
		expect(wants({ email: 'ann@example.com' })).toBe(true);
		expect(wants({ email: 'bob@example.org' })).toBe(true);
		expect(wants({ email: 'bob@example.com' })).toBe(false);
	});

	it('take links as text', () => {
		const wants = wantsSome({ links: '/pricing, /signup' });
		expect(wants({ event: 'click', url: 'https://example.com/signup' })).toBe(true);
		expect(wants({ event: 'click', url: 'https://example.com/about' })).toBe(false);
	});

	it('take custom args by value, or by name when no value is given', () => {
		const wants = wantsSome({
			customArgs: { args: [{ name: 'tenant', value: 42 }, { name: 'plan' }] },
		});
		expect(wants({ tenant: '42', plan: 'gold' })).toBe(true);
		expect(wants({ tenant: '43', plan: 'gold' })).toBe(false);
		expect(wants({ tenant: '42' })).toBe(false);
	});

	it('leave out rows of custom args that were not filled in', () => {
		const wants = wantsSome({ customArgs: { args: [{ name: '', value: 'x' }, {}] } });
		expect(wants({})).toBe(true);
	});

	it('exclude machine opens on request', () => {
		expect(wantsSome({ excludeMachineOpens: true })({ sg_machine_open: true })).toBe(false);
		expect(wantsSome({ excludeMachineOpens: false })({ sg_machine_open: true })).toBe(true);
	});
});

describe('verification keys', () => {
	const keys = [createSigningKey().publicKey, createSigningKey().publicKey];
	const pems = keys.map((key) =>
		crypto
			.createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
			.export({ type: 'spki', format: 'pem' })
			.toString()
			.trim(),
	);

	it.each([
		['one', keys[0], [keys[0]]],
		['one per line', keys.join('\n'), keys],
		['one per line of Windows', `${keys.join('\r\n')}\r\n`, keys],
		['with commas', keys.join(', '), keys],
		['with semicolons', keys.join(';'), keys],
		['a list, from an expression', keys, keys],
		['PEM', pems.join('\n'), pems],
		['PEM in a list', pems, pems],
		['PEM and base64 mixed', `${keys[0]}\n${pems[1]}`, [pems[1], keys[0]]],
		['nothing', '', []],
		['blanks', ' \n ', []],
		['null', null, []],
		['undefined', undefined, []],
	])('may be entered as %s', (_name, value, expected) => {
		expect(listKeys(value)).toEqual(expected);
	});
});

describe('what SendGrid is to know', () => {
	const readFor = (parameters: Record<string, unknown>) =>
		readRegistrationParameters({
			getNodeParameter: (name: string, fallback: unknown) =>
				name in parameters ? parameters[name] : fallback,
		} as unknown as IHookFunctions);

	it('is little when the trigger is new', () => {
		expect(readFor({ events: ['open'] })).toEqual({
			isManualSetup: false,
			verificationKeys: [],
			events: ['open'],
			friendlyName: '',
			oauth: undefined,
			wantsSampleEvents: true,
		});
	});

	it('is the name and the OAuth settings, without spaces around them', () => {
		const client = { id: ' sendgrid ', secret: 'secret', url: 'https://auth.example.com/token\n' };
		const options = { friendlyName: ' Opens ', oauth: { client }, sendSampleEvents: false };
		expect(readFor({ options })).toMatchObject({
			friendlyName: 'Opens',
			oauth: {
				oauth_client_id: 'sendgrid',
				oauth_client_secret: 'secret',
				oauth_token_url: 'https://auth.example.com/token',
			},
			wantsSampleEvents: false,
		});
	});

	it.each([{}, { client: {} }, { client: { id: ' ', secret: '' } }])(
		'is no OAuth with nothing filled in: %j',
		(oauth) => {
			expect(readFor({ options: { oauth } }).oauth).toBeUndefined();
		},
	);
});

describe('event types that this package does not know', () => {
	const teleported = { event: 'teleported' };

	it('are wanted where all events come out together', () => {
		expect(withOptions({}).wants(teleported)).toBe(true);
	});

	it('are wanted with one output per event type if there is one for them', () => {
		const perEvent = (options: object) => read({ events: ['open'], output: 'perEvent', options });
		expect(perEvent({}).wants(teleported)).toBe(false);
		expect(perEvent({ otherEvents: true }).wants(teleported)).toBe(true);
	});
});

it('recognizes repeats by the id alone, or by the content as well', () => {
	const event = sampleEvent('open', { sg_event_id: 'id' });
	expect(withOptions({}).keysOf(event)).toEqual(['id']);
	const { keysOf } = withOptions({ recognizeRepeatsBy: 'eventIdOrContent' });
	expect(keysOf(event)).toEqual(['id', expect.stringMatching(/^content:/)]);
});

it('reports problems only when asked to', () => {
	expect(withOptions({}).reportsProblems).toBe(false);
	expect(withOptions({ reportProblems: true }).reportsProblems).toBe(true);
});
