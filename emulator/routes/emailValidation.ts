import { sameAddress } from '../account';
import { ApiError } from '../apiError';
import { route } from '../router';
import type { Call, Reply, Route } from '../router';

/** Domains that people mistype, and what they mean. */
const TYPOS: Readonly<Record<string, string>> = { 'gmial.com': 'gmail.com' };

/** Whether an address takes mail, by its form and the part before the `@`. */
export const emailValidationRoutes: readonly Route[] = [
	route('POST', '/v3/validations/email', ['validations.email.create'], validate),
];

function validate({ account, body }: Call): Reply {
	const { email, source } = body;
	if (typeof email !== 'string' || email === '') {
		throw new ApiError(400, [{ field: 'email', message: 'email is required' }]);
	}
	const at = email.lastIndexOf('@');
	const [local, host] = [email.slice(0, Math.max(at, 0)), email.slice(at + 1)];
	const hasSyntax = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email);
	const hasServer = hasSyntax && !/\.(?:invalid|test)$/.test(host);
	const bounced = account.suppressions.bounces.some((entry) => sameAddress(entry.email, email));
	const isRole = /^(?:admin|hr|info|postmaster)$/i.test(local);
	const suggestion = TYPOS[host];
	const verdict = !hasServer || bounced ? 'Invalid' : isRole || suggestion ? 'Risky' : 'Valid';
	return {
		status: 200,
		body: {
			result: {
				email,
				verdict,
				score: { Valid: 0.95, Risky: 0.5, Invalid: 0 }[verdict],
				local,
				host,
				...(suggestion !== undefined && { suggestion }),
				checks: {
					domain: {
						has_valid_address_syntax: hasSyntax,
						has_mx_or_a_record: hasServer,
						is_suspected_disposable_address: false,
					},
					local_part: { is_suspected_role_address: isRole },
					additional: { has_known_bounces: bounced, has_suspected_bounces: false },
				},
				...(typeof source === 'string' && { source }),
				ip_address: '127.0.0.1',
			},
		},
	};
}
