import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface ChatRequest {
	messages: Array<{ role: string; content: string }>;
	tools: Array<{ function: { name: string } }>;
}

/**
 * A language model in OpenAI's API, of little wit: it calls the first tool that it is offered, and
 * then repeats what that gave.
 */
export class ChatModel {
	private constructor(
		private readonly server: Server,
		readonly url: string,
	) {}

	/** @param args what the tool is called with */
	static async start(args: object): Promise<ChatModel> {
		const server = createServer((request, response) => {
			void json(request).then((body) => {
				const { messages, tools } = body as ChatRequest;
				const result = messages.find(({ role }) => role === 'tool')?.content;
				const call = {
					id: 'call_1',
					type: 'function',
					function: { name: tools[0]?.function.name, arguments: JSON.stringify(args) },
				};
				const message =
					result === undefined
						? { role: 'assistant', content: null, tool_calls: [call] }
						: { role: 'assistant', content: result };
				response.writeHead(200, { 'content-type': 'application/json' }).end(
					JSON.stringify({
						id: 'chat',
						object: 'chat.completion',
						created: 0,
						model: 'none',
						choices: [
							{ index: 0, message, finish_reason: result === undefined ? 'tool_calls' : 'stop' },
						],
						usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
					}),
				);
			});
		});
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		return new ChatModel(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
	}
}
