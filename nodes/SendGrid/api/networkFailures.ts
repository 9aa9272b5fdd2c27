/** A call that ended without an answer. */
export interface NetworkFailure {
	/** Node's code, for example `ECONNREFUSED`; absent if n8n itself refused to make the call. */
	code?: string;
	/** What Node said, for example `connect ETIMEDOUT 192.0.2.1:443`. */
	reason?: string;
}

/** What a failure means for the call. */
export interface FailureMeaning {
	/** Whether SendGrid may have done what was asked. */
	mayHaveActed: boolean;
	/** Whether it may work a moment later. Whether it does harm is another question. */
	passes: boolean;
	kind: FailureKind;
}

type FailureKind =
	| 'refused'
	| 'unknownName'
	| 'noRoute'
	| 'certificate'
	| 'timeout'
	| 'broken'
	| 'stopped'
	| 'other';

type Rule = FailureMeaning;

const NEVER_CONNECTED = { mayHaveActed: false, passes: true } as const;
const UNCERTAIN = { mayHaveActed: true, passes: true } as const;

/**
 * Every code that is known to come up, and the one place that says what it means.
 *
 * A host that cannot be found or reached, or that refuses the connection, was never sent anything.
 * A connection that broke or fell silent may have carried the whole call.
 */
const RULES: Readonly<Record<string, Rule>> = {
	ECONNREFUSED: { ...NEVER_CONNECTED, kind: 'refused' },
	EAI_AGAIN: { ...NEVER_CONNECTED, kind: 'unknownName' },
	// Nobody has this name: trying again does not help.
	ENOTFOUND: { mayHaveActed: false, passes: false, kind: 'unknownName' },
	EHOSTUNREACH: { ...NEVER_CONNECTED, kind: 'noRoute' },
	ENETUNREACH: { ...NEVER_CONNECTED, kind: 'noRoute' },
	EHOSTDOWN: { ...NEVER_CONNECTED, kind: 'noRoute' },
	ENETDOWN: { ...NEVER_CONNECTED, kind: 'noRoute' },
	ECONNRESET: { ...UNCERTAIN, kind: 'broken' },
	EPIPE: { ...UNCERTAIN, kind: 'broken' },
	ECONNABORTED: { ...UNCERTAIN, kind: 'timeout' },
	ETIMEDOUT: { ...UNCERTAIN, kind: 'timeout' },
	ESOCKETTIMEDOUT: { ...UNCERTAIN, kind: 'timeout' },
	// n8n breaks the connection when the execution is stopped.
	ERR_CANCELED: { mayHaveActed: true, passes: false, kind: 'stopped' },
};

/** No call is sent before the certificate was found good, and it stays bad. */
const CERTIFICATE: Rule = { mayHaveActed: false, passes: false, kind: 'certificate' };

/**
 * Codes of TLS: those that OpenSSL gives for a certificate, and Node's own `ERR_TLS_…`,
 * `ERR_SSL_…` and `EPROTO` for a handshake that failed.
 *
 * @see https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const TLS_CODE =
	/^(?:ERR_(?:TLS|SSL)_\w+|EPROTO|(?:CERT|CRL)_\w+|ERROR_IN_(?:CERT|CRL)_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/;

/** Of codes that are not listed nobody knows anything, so they are taken for the worse. */
const UNKNOWN: Rule = { mayHaveActed: true, passes: false, kind: 'other' };

/** Node begins its message with what it was doing; while connecting, nothing was sent yet. */
const WHILE_CONNECTING = /^connect |before secure TLS connection was established/;
/** Even of a host that could be reached at first, the way there can be lost later. */
const WHILE_TALKING = /^(?:read|write) /;

/** What a failure without an answer means. */
export function meaningOf({ code = '', reason = '' }: NetworkFailure): FailureMeaning {
	if (TLS_CODE.test(code)) return CERTIFICATE;
	const rule = Object.hasOwn(RULES, code) ? RULES[code]! : UNKNOWN;
	if (rule.passes && WHILE_CONNECTING.test(reason)) return { ...rule, mayHaveActed: false };
	if (rule.passes && WHILE_TALKING.test(reason)) return { ...rule, mayHaveActed: true };
	return rule;
}

/** What a failure is called, for the user: the end of a sentence. */
export function failureText(failure: NetworkFailure, baseUrl: string): string {
	switch (meaningOf(failure).kind) {
		case 'refused':
			return `nothing answers at ${baseUrl} (connection refused)`;
		case 'unknownName':
			return `the name in ${baseUrl} cannot be looked up`;
		case 'noRoute':
			return `there is no way from it to ${baseUrl}`;
		case 'certificate':
			return `no secure connection to ${baseUrl} is possible`;
		case 'timeout':
			return `${baseUrl} did not answer in time`;
		case 'stopped':
			return 'the execution was stopped before SendGrid answered';
		case 'broken':
			return `the connection to ${baseUrl} broke before SendGrid answered`;
		case 'other':
			return `the call to ${baseUrl} failed before SendGrid answered`;
	}
}
