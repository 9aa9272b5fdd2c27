import type { RecordedRequest } from './request';

/**
 * Which requests a fault is for: `'POST /v3/mail/send'` (method and path, exact), an expression
 * tested against that text, or a function of the request.
 */
export type RequestMatch = string | RegExp | ((request: RecordedRequest) => boolean);

/** What goes wrong with a request. Without `status` and `connection` it is only slow. */
export interface Fault {
	/** Waits this long before anything else happens. */
	delayMs?: number;
	/** Answers with this status. */
	status?: number;
	/** The answer, or what makes it from the request; SendGrid's usual error of the status if absent. */
	body?: unknown;
	headers?: Record<string, string>;
	/** `break` closes the socket without an answer, `hang` keeps it open and never answers. */
	connection?: 'break' | 'hang';
	/** Does what was asked first, so that only the answer is lost. Default: nothing is done. */
	afterWork?: boolean;
}

/** The faults that wait for their request. */
export class Faults {
	private readonly waiting: Array<{ match: RequestMatch; fault: Fault; left: number }> = [];

	add(match: RequestMatch, fault: Fault, times: number): void {
		this.waiting.push({ match, fault, left: times });
	}

	/** The fault for this request, used up by this call; the one added first goes first. */
	take(request: RecordedRequest): Fault | undefined {
		const index = this.waiting.findIndex(({ match }) => matches(match, request));
		const found = this.waiting[index];
		if (!found) return undefined;
		found.left -= 1;
		if (found.left <= 0) this.waiting.splice(index, 1);
		return found.fault;
	}
}

function matches(match: RequestMatch, request: RecordedRequest): boolean {
	if (typeof match === 'function') return match(request);
	const line = `${request.method} ${request.path}`;
	return typeof match === 'string' ? match === line : match.test(line);
}
