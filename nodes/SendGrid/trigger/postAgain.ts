import type { IWebhookFunctions } from 'n8n-workflow';
import type { Post } from '../events/receivePost';

type Request = ReturnType<IWebhookFunctions['getRequestObject']>;

/** What describes the way of the post here, and not the post. */
const HEADERS_OF_THE_WAY = [
	...['connection', 'content-encoding', 'content-length', 'expect', 'host', 'keep-alive'],
	...['te', 'trailer', 'transfer-encoding', 'upgrade'],
];

/**
 * Posts once more to this n8n what it has received: n8n starts one execution per request, and this
 * is the way to another one. It goes to the address and port at which the post came in.
 *
 * @returns whether it was taken; it is not, too, where a proxy or a rule for outgoing requests stands
 *   in the way
 */
export async function postAgain(
	context: IWebhookFunctions,
	{ headers, rawBody }: Post,
): Promise<boolean> {
	const { originalUrl, socket } = context.getRequestObject();
	const kept = Object.entries(headers).filter(([name]) => !HEADERS_OF_THE_WAY.includes(name));
	try {
		const { statusCode } = (await context.helpers.httpRequest({
			method: 'POST',
			url: originOf(socket) + originalUrl,
			headers: Object.fromEntries(kept),
			body: rawBody,
			encoding: 'text',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			// The certificate of n8n, if it has one of its own, is for its public name.
			skipSslCertificateValidation: true,
		})) as { statusCode: number };
		return statusCode >= 200 && statusCode < 300;
	} catch {
		return false;
	}
}

function originOf(socket: Request['socket'] & { encrypted?: boolean }): string {
	const address = socket.localAddress?.replace('::ffff:', '') ?? 'localhost';
	const host = address.includes(':') ? `[${address}]` : address;
	return `${socket.encrypted ? 'https' : 'http'}://${host}:${socket.localPort}`;
}
