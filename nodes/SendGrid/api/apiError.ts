import { NodeApiError, type INode } from 'n8n-workflow';
import { parseErrorDetails, type ErrorText, type SendGridErrorDetail } from './errorTexts';
import { meaningOf, type NetworkFailure } from './networkFailures';

/** What an error of the API is made of. */
export interface ApiErrorParts extends Partial<ErrorText> {
	message: string;
	/** Absent if there was no answer. */
	status?: number;
	/** Node's error code, for example `ECONNREFUSED`; absent if there was an answer. */
	code?: string;
	/** What Node said of it; absent if there was an answer. */
	reason?: string;
	/** What SendGrid said. */
	details: SendGridErrorDetail[];
}

/**
 * Builds n8n's error from plain text only: the HTTP client's own error carries the request with
 * its Authorization header, and n8n keeps what it is given in the execution's data.
 */
export function apiError(
	node: INode,
	{ message, description, status, code, reason, details }: ApiErrorParts,
): NodeApiError {
	const error = new NodeApiError(node, {}, { message, description, httpCode: status?.toString() });
	// n8n replaces a message that holds the name of a network failure, such as ECONNRESET.
	error.message = message;
	error.context.data = { errors: details, code, reason };
	return error;
}

/** The HTTP status behind an error of the API; `undefined` if there was no answer. */
export function errorStatus(error: unknown): number | undefined {
	const status = error instanceof NodeApiError ? Number(error.httpCode) : NaN;
	return status > 0 ? status : undefined;
}

/** What SendGrid itself said in an error of the API. */
export function sendGridErrors(error: unknown): SendGridErrorDetail[] {
	return error instanceof NodeApiError ? parseErrorDetails(error.context.data) : [];
}

/**
 * Whether SendGrid may have done what was asked although the call failed: after a 5xx, or after a
 * connection that broke or fell silent, nobody knows.
 */
export function mayHaveActed(error: unknown): boolean {
	if (!(error instanceof NodeApiError)) return false;
	const status = errorStatus(error);
	if (status !== undefined) return status >= 500;
	return meaningOf((error.context.data ?? {}) as NetworkFailure).mayHaveActed;
}
