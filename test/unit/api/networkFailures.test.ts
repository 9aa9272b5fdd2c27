import { apiError, mayHaveActed } from '../../../nodes/SendGrid/api/apiError';
import { describeError } from '../../../nodes/SendGrid/api/errorTexts';
import { failureText, meaningOf } from '../../../nodes/SendGrid/api/networkFailures';
import { nextAttempt } from '../../../nodes/SendGrid/api/retry';

const URL = 'https://api.sendgrid.com';
const SEND = { method: 'POST', path: '/v3/mail/send', baseUrl: URL, details: [] };

/** What a code means: whether SendGrid may have acted, and whether the call is made again. */
type Row = [
	code: string | undefined,
	acted: boolean,
	repeated: 'always' | 'ifHarmless' | 'never',
	words: RegExp,
];

const TLS_CODES = [
	'CERT_HAS_EXPIRED',
	'CERT_NOT_YET_VALID',
	'CERT_REVOKED',
	'CERT_SIGNATURE_FAILURE',
	'CERT_CHAIN_TOO_LONG',
	'CRL_HAS_EXPIRED',
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'HOSTNAME_MISMATCH',
	'INVALID_CA',
	'INVALID_PURPOSE',
	'PATH_LENGTH_EXCEEDED',
	'ERROR_IN_CERT_NOT_AFTER_FIELD',
	'ERR_TLS_CERT_ALTNAME_INVALID',
	'ERR_TLS_HANDSHAKE_TIMEOUT',
	'ERR_SSL_WRONG_VERSION_NUMBER',
	'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
	'EPROTO',
];

const ROWS: Row[] = [
	['ECONNREFUSED', false, 'always', /nothing answers at https:.+ \(connection refused\)/],
	['EAI_AGAIN', false, 'always', /name in https:.+ cannot be looked up/],
	['ENOTFOUND', false, 'never', /name in https:.+ cannot be looked up/],
	['EHOSTUNREACH', false, 'always', /this n8n: there is no way from it to https:/],
	['ENETUNREACH', false, 'always', /this n8n: there is no way from it to https:/],
	['EHOSTDOWN', false, 'always', /this n8n: there is no way from it to https:/],
	['ENETDOWN', false, 'always', /this n8n: there is no way from it to https:/],
	['ECONNRESET', true, 'ifHarmless', /connection to https:.+ broke/],
	['EPIPE', true, 'ifHarmless', /connection to https:.+ broke/],
	['ECONNABORTED', true, 'ifHarmless', /did not answer in time/],
	['ETIMEDOUT', true, 'ifHarmless', /did not answer in time/],
	['ESOCKETTIMEDOUT', true, 'ifHarmless', /did not answer in time/],
	['ERR_CANCELED', true, 'never', /execution was stopped/],
	['HPE_INVALID_CONSTANT', true, 'never', /failed before SendGrid answered/],
	['constructor', true, 'never', /failed before SendGrid answered/],
	[undefined, true, 'never', /failed before SendGrid answered/],
	...TLS_CODES.map((code): Row => [code, false, 'never', /no secure connection to https:/]),
];

const wait = (failure: { code?: string; reason?: string }, repeatAfterServerError: boolean) =>
	nextAttempt(failure, { attempts: 1, waited: 0 }, { repeatAfterServerError, patience: 60_000 }, 0);

describe.each(ROWS)('%s', (code, acted, repeated, words) => {
	it('is judged alike for retries, for "perhaps sent" and in the words', () => {
		expect(meaningOf({ code }).mayHaveActed).toBe(acted);
		expect([wait({ code }, true), wait({ code }, false)].map((each) => each !== undefined)).toEqual(
			{ always: [true, true], ifHarmless: [true, false], never: [false, false] }[repeated],
		);
		const { message, description } = describeError({ ...SEND, code });
		expect(message).toMatch(words);
		expect(description.includes('may have been sent')).toBe(acted);
		const error = apiError({ name: 'Send', type: 'send' } as never, { message, code, details: [] });
		expect(mayHaveActed(error)).toBe(acted);
	});
});

describe('what Node was doing counts for more than its code', () => {
	it.each([
		['ETIMEDOUT', 'connect ETIMEDOUT 192.0.2.1:443'],
		['ECONNRESET', 'connect ECONNRESET 192.0.2.1:443'],
		[
			'ECONNRESET',
			'Client network socket disconnected before secure TLS connection was established',
		],
	])('%s while connecting: nothing was sent, so the call is made again', (code, reason) => {
		expect(meaningOf({ code, reason }).mayHaveActed).toBe(false);
		expect(wait({ code, reason }, false)).toBeDefined();
		expect(describeError({ ...SEND, code, reason }).description).not.toContain(
			'may have been sent',
		);
	});

	it.each([
		['EHOSTUNREACH', 'read EHOSTUNREACH'],
		['ENETUNREACH', 'write ENETUNREACH'],
		['ENETDOWN', 'read ENETDOWN'],
	])('%s while talking: it may have been sent', (code, reason) => {
		expect(meaningOf({ code, reason }).mayHaveActed).toBe(true);
		expect(wait({ code, reason }, false)).toBeUndefined();
		expect(describeError({ ...SEND, code, reason }).description).toContain('may have been sent');
	});
});

it('advises on certificates where they are the reason', () => {
	expect(describeError({ ...SEND, code: 'CERT_HAS_EXPIRED' }).description).toContain(
		'NODE_EXTRA_CA_CERTS',
	);
	expect(failureText({ code: 'CERT_HAS_EXPIRED' }, URL)).toContain(URL);
});
