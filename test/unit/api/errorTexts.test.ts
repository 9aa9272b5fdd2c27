import fc from 'fast-check';
import {
	describeError,
	parseErrorDetails,
	type SendGridError,
} from '../../../nodes/SendGrid/api/errorTexts';

const base = { method: 'GET', path: '/v3/templates', baseUrl: 'https://api.sendgrid.com' };

const answered = (status: number, message: string, more: Partial<SendGridError> = {}) =>
	describeError({ ...base, status, details: [{ message }], ...more });

const unanswered = (code: string | undefined, more: Partial<SendGridError> = {}) =>
	describeError({ ...base, code, reason: 'what n8n says', details: [], ...more });

const mailSend = { method: 'POST', path: '/v3/mail/send' };

describe('the words for an error', () => {
	it.each<[string, { message: string; description: string }, RegExp, RegExp]>([
		[
			'a bad key',
			answered(401, 'authorization required'),
			/^Paste a valid API key into the credential: SendGrid at https:\/\/api\.sendgrid\.com does not accept this one$/,
			/open Settings > API Keys.*key of an EU subuser needs the region EU/,
		],
		[
			'no credits left',
			answered(401, 'Maximum credits exceeded', mailSend),
			/^Upgrade your SendGrid plan, or wait.*: it has no sending credits left$/,
			/Settings > Account Details/,
		],
		[
			'a missing permission',
			answered(403, 'access forbidden'),
			/^Use a SendGrid API key with the permission templates\.read: this one lacks it$/,
			/API Keys.*Full Access, or Custom Access with Template Engine/,
		],
		[
			'a missing permission for a path without a documented scope',
			answered(403, 'access forbidden', { path: '/v3/verified_senders' }),
			/^Use a SendGrid API key with Full Access: this one has no permission for GET \/v3\/verified_senders$/,
			/API Keys.*Full Access/,
		],
		[
			'a sender that is not verified',
			answered(
				403,
				'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.',
				mailSend,
			),
			/^Verify the "from" address in SendGrid: it is not a verified sender identity$/,
			/Settings > Sender Authentication/,
		],
		[
			'something that is not there',
			answered(404, 'not found', { path: '/v3/templates/d-1' }),
			/^See whether this still exists: .*does not know \/v3\/templates\/d-1$/,
			/deleted.*another account or subuser/,
		],
		[
			'a mail that is too large',
			answered(413, 'content too large', mailSend),
			/^Send less in one call: the request is too large for SendGrid$/,
			/30 MB in all, attachments included/,
		],
		[
			'a rate limit',
			answered(429, 'too many requests', { rateLimitReset: '2026-11-20T10:00:00.000Z' }),
			/^Try again later: SendGrid's rate limit is used up until 2026-11-20T10:00:00\.000Z$/,
			/fewer calls/,
		],
		[
			'a failure at SendGrid',
			answered(503, 'service unavailable'),
			/^Try again later: SendGrid failed to handle the call \(status 503\)$/,
			/status\.sendgrid\.com/,
		],
		[
			'a failure at SendGrid that may have come after the mail had gone',
			answered(500, 'internal server error', mailSend),
			/^Look in SendGrid under Activity before you send this mail again: SendGrid failed to handle/,
			/may have been sent all the same/,
		],
		[
			'a redirect',
			answered(301, '', { details: [] }),
			/^Check the base URL in the credential: .*answered with a redirect/,
			/before \/v3/,
		],
		[
			'a wrong field',
			answered(400, 'Does not contain a valid address.', {
				...mailSend,
				details: [
					{
						message: 'Does not contain a valid address.',
						field: 'from.email',
						help: 'https://x.y/z',
					},
					{ message: 'Must be a string.', field: 'subject' },
				],
			}),
			/^Correct what SendGrid refuses: Does not contain a valid address\. \(field from\.email\); Must be a string\. \(field subject\)$/,
			/^Then try again\. \(POST \/v3\/mail\/send was answered with status 400\)$/,
		],
		[
			'a page of something else',
			answered(200, '', { details: [] }),
			/^Check the base URL in the credential: what answers at https:\/\/api\.sendgrid\.com is not SendGrid's API$/,
			/before \/v3/,
		],
		[
			'an answer that is not from SendGrid',
			answered(418, '', { details: [] }),
			/^See what stands between n8n and SendGrid: .*refused the call \(status 418\)/,
			/GET \/v3\/templates/,
		],
		[
			'a refused connection',
			unanswered('ECONNREFUSED'),
			/^Check the network of this n8n: nothing answers at https:\/\/api\.sendgrid\.com/,
			/firewall, proxy.*base URL.*what n8n says/,
		],
		[
			'an unknown host',
			unanswered('ENOTFOUND'),
			/name in https:\/\/api\.sendgrid\.com cannot be looked up/,
			/base URL/,
		],
		[
			'a time-out',
			unanswered('ETIMEDOUT'),
			/^Try again later: .*did not answer in time/,
			/firewall/,
		],
		[
			'a time-out of a mail',
			unanswered('ECONNABORTED', mailSend),
			/^Look in SendGrid under Activity .*did not answer in time/,
			/may have been sent all the same/,
		],
		[
			'a connection that broke while a mail was on its way',
			unanswered('ECONNRESET', mailSend),
			/broke before SendGrid answered/,
			/may have been sent all the same/,
		],
		[
			'a call that n8n does not allow',
			unanswered(undefined),
			/failed before SendGrid answered/,
			/got no answer: what n8n says/,
		],
	])('%s', (_case, { message, description }, what, remedy) => {
		expect(message).toMatch(what);
		expect(description).toMatch(remedy);
	});

	it.each([
		...[200, 301, 400, 401, 403, 404, 413, 418, 429, 500].flatMap((status) =>
			[base, { ...base, ...mailSend }].flatMap((call) => [
				describeError({ ...call, status, details: [] }),
				describeError({ ...call, status, details: [{ message: 'wrong', field: 'from' }] }),
			]),
		),
		...[
			'ECONNREFUSED',
			'ENOTFOUND',
			'EHOSTUNREACH',
			'EPROTO',
			'ETIMEDOUT',
			'ECONNRESET',
			'ERR_CANCELED',
			undefined,
		].flatMap((code) => [unanswered(code), unanswered(code, mailSend)]),
	])('begin with what to do, before a toast cuts them off: $message', ({ message }) => {
		expect(message).toMatch(
			/^(?:Check|Correct|Look|Paste|See|Send|Try|Upgrade|Use|Verify) [^:]{5,75}: ./,
		);
	});

	it('name the subuser that a forbidden call was made for', () => {
		const subuser = answered(403, 'access forbidden', { onBehalfOf: 'acme' });
		expect(subuser.description).toContain('on behalf of "acme"');
		expect(answered(403, 'access forbidden').description).not.toContain('on behalf of');
	});

	it('always hold what SendGrid said, and the call', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 300, max: 599 }),
				fc.string({ minLength: 1 }),
				fc.string({ minLength: 1 }),
				(status, message, field) => {
					const text = answered(status, message, { details: [{ message, field }] });
					expect(text.message + text.description).toContain(`${message} (field ${field})`);
					expect(text.description).toContain(
						`GET /v3/templates was answered with status ${status}`,
					);
				},
			),
			{ seed: 20261120 },
		);
	});
});

describe("SendGrid's words in an answer", () => {
	it.each([
		[
			{ errors: [{ message: 'a', field: 'b', help: 'c' }] },
			[{ message: 'a', field: 'b', help: 'c' }],
		],
		[{ errors: [{ message: 'a', field: null, help: null }] }, [{ message: 'a' }]],
		[{ errors: [{ message: 'a' }, { message: 'b' }] }, [{ message: 'a' }, { message: 'b' }]],
		[{ errors: ['a', 'b'] }, [{ message: 'a' }, { message: 'b' }]],
		[{ error: 'a' }, [{ message: 'a' }]],
		[{ message: 'a' }, [{ message: 'a' }]],
		[{ error: { message: 'a' } }, [{ message: 'a' }]],
		['<html>Bad gateway</html>', []],
		['', []],
		[null, []],
		[{}, []],
		[{ errors: [null, 7, '', {}, { message: 7 }] }, []],
	])('%j', (body, expected) => {
		expect(parseErrorDetails(body)).toEqual(expected);
	});

	it('are looked for in anything without failing', () => {
		fc.assert(
			fc.property(fc.anything(), (body) => {
				expect(Array.isArray(parseErrorDetails(body))).toBe(true);
			}),
			{ seed: 20261120 },
		);
	});
});
