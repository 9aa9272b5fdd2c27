import type { IWebhookFunctions } from 'n8n-workflow';

type Request = ReturnType<IWebhookFunctions['getRequestObject']>;

/**
 * Whether n8n is about to stop. The first thing it does then is to close its server to new
 * connections. Posts still come over those that are open, and an execution that one of them starts
 * may be cut off: n8n waits for the executions that are under way, but ends while others begin.
 */
export function isStopping({ socket }: Request): boolean {
	// Node.js gives the socket of a request the server that has accepted it.
	const { server } = (socket ?? {}) as { server?: { listening?: boolean } };
	return server?.listening === false;
}
