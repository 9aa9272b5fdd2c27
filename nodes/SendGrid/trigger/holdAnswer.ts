import type { IWebhookFunctions } from 'n8n-workflow';

type Response = ReturnType<IWebhookFunctions['getResponseObject']>;

/**
 * Calls back when n8n answers, with the status and the body it decided on, and holds the answer back
 * for what the callback has yet to do, whether that ends well or not. If it resolves to another
 * status, that is answered, without a body. Whether the sender is still there to read the answer does
 * not matter: a workflow that outlasts the sender's patience must neither run twice at once nor be
 * forgotten. So this waits for the call of `end`, not for the connection.
 */
export function holdAnswer(
	response: Response,
	callback: (statusCode: number, body: string) => Promise<number | void> | undefined,
): void {
	const end = response.end;
	response.end = function (this: Response, ...args: unknown[]) {
		response.end = end;
		const answer = () => Reflect.apply(end, this, args) as Response;
		const pending = callback(response.statusCode, textOf(args[0]));
		if (pending === undefined) return answer();
		void pending.then((statusCode) => {
			if (typeof statusCode !== 'number') return answer();
			for (const name of ['content-length', 'content-type', 'etag']) response.removeHeader(name);
			return Reflect.apply(end, response.status(statusCode), []) as Response;
		}, answer);
		return this;
	} as Response['end'];
}

/** The body in a call of `end`, which may have a callback in its place. */
function textOf(chunk: unknown): string {
	return typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : '';
}
