/** One entry of `errors` in SendGrid's answers; which members it has depends on the endpoint. */
export interface ApiErrorEntry {
	message: string;
	field?: string | null;
	help?: string | null;
	id?: string;
	url?: string;
}

/** Thrown by a route to answer with an error status. */
export class ApiError extends Error {
	readonly errors: readonly ApiErrorEntry[];

	constructor(
		readonly status: number,
		errors: string | readonly ApiErrorEntry[],
		readonly headers: Readonly<Record<string, string>> = {},
	) {
		const entries = typeof errors === 'string' ? [{ field: null, message: errors }] : errors;
		super(entries.map(({ message }) => message).join('; '));
		this.errors = entries;
	}
}

/** The texts SendGrid documents for errors that any endpoint can answer with. */
const COMMON_MESSAGES: Readonly<Record<number, string>> = {
	400: 'invalid request',
	401: 'authorization required',
	403: 'access forbidden',
	404: 'not found',
	405: 'method not allowed',
	413: 'content too large',
	415: 'Content-Type should be application/json.',
	429: 'too many requests',
	500: 'internal server error',
};

/** SendGrid's usual body for a status. */
export function commonErrorBody(status: number): { errors: ApiErrorEntry[] } {
	return { errors: [{ field: null, message: COMMON_MESSAGES[status] ?? 'error' }] };
}

/** An error with the usual text of its status. */
export function commonError(status: number, headers?: Record<string, string>): ApiError {
	return new ApiError(status, commonErrorBody(status).errors, headers);
}
