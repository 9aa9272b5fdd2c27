import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { holdAnswer } from '../../../nodes/SendGrid/trigger/holdAnswer';

let server: Server;

/** A server that answers 201, and what it does before is up to `callback`. */
async function answerOf(callback: Parameters<typeof holdAnswer>[1]) {
	server = createServer((_request, response: ServerResponse) => {
		const withStatus = { status: (code: number) => Object.assign(response, { statusCode: code }) };
		holdAnswer(Object.assign(response, withStatus) as never, callback);
		response.statusCode = 201;
		response.setHeader('content-length', 4);
		response.end('body');
	}).listen(0);
	await once(server, 'listening');
	const response = await fetch(`http://localhost:${(server.address() as AddressInfo).port}`);
	return { status: response.status, body: await response.text() };
}

const ANSWER = { status: 201, body: 'body' };

afterEach(() => server.close());

test('tells the status and the body before the answer goes out', async () => {
	const told: unknown[] = [];
	expect(await answerOf((status, body) => void told.push(status, body))).toEqual(ANSWER);
	expect(told).toEqual([201, 'body']);
});

test('answers when what has yet to be done is done', async () => {
	const order: string[] = [];
	const work = async () => {
		await new Promise(setImmediate);
		order.push('done');
	};
	const answer = answerOf(work).then((result) => {
		order.push('answered');
		return result;
	});
	expect(await answer).toEqual(ANSWER);
	expect(order).toEqual(['done', 'answered']);
});

test('answers all the same when that fails', async () => {
	const fail = async () => {
		await new Promise(setImmediate);
		throw new Error('failed');
	};
	expect(await answerOf(fail)).toEqual(ANSWER);
});

test('answers another status, without the body, when it turns out otherwise', async () => {
	const turnOut = async () => {
		await new Promise(setImmediate);
		return 202;
	};
	expect(await answerOf(turnOut)).toEqual({ status: 202, body: '' });
});
