import type { IncomingHttpHeaders } from 'node:http';

/** A request as the stand-in received it. */
export interface RecordedRequest {
	method: string;
	/** The path as it was sent, percent-encoding included, without the query. */
	path: string;
	query: URLSearchParams;
	headers: IncomingHttpHeaders;
	/** The parsed JSON; the text if it is not JSON; undefined if there was none. */
	body: unknown;
	/** The size of the body in bytes. */
	bytes: number;
	/** Requests under way when this one arrived, itself included. */
	concurrent: number;
	/** The status answered; undefined while under way, or if the connection was broken. */
	status?: number;
}
