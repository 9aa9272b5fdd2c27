import type { IWebhookFunctions } from 'n8n-workflow';

type Request = ReturnType<IWebhookFunctions['getRequestObject']>;

/**
 * Whether n8n is about to stop, which shows in its server taking no new connections. Posts still come
 * over those that are open, and n8n begins executions for them, and cuts off what is not done when it
 * ends. n8n means to close its server first of all, but up to 2.41 it does not: there this shows only
 * where `deploy/n8n/webhook-gate.cjs` does it.
 */
export function isStopping({ socket }: Request): boolean {
	// Node.js gives the socket of a request the server that has accepted it.
	const { server } = (socket ?? {}) as { server?: { listening?: boolean } };
	return server?.listening === false;
}
