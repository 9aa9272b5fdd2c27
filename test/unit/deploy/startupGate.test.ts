import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const GATE = path.resolve('deploy/startup-gate.cjs');

/** A server that, as n8n does, answers everything with 200, and says apart from that when it is ready. */
const SERVER = `
	let isReady = false;
	const server = require('node:http').createServer((request, response) => {
		if (request.url === '/ready') isReady = true;
		if (request.url === '/not-ready') isReady = false;
		response.statusCode = request.url === '/healthz/readiness' && !isReady ? 503 : 200;
		request.pipe(response);
	});
	server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

let server: ChildProcess;
let url: string;

beforeEach(async () => {
	server = spawn(process.execPath, ['--require', GATE, '--eval', SERVER]);
	const [port] = (await once(server.stdout!, 'data')) as [Buffer];
	url = `http://127.0.0.1:${String(port).trim()}`;
});

afterEach(() => server.kill());

async function post(route: string) {
	const response = await fetch(url + route, { method: 'POST', body: '[{"event":"open"}]' });
	return { status: response.status, body: await response.text() };
}

const PASSED = { status: 200, body: '[{"event":"open"}]' };

test('webhooks get 503 until n8n is ready, and pass from then on', async () => {
	expect((await post('/webhook/id/events')).status).toBe(503);
	expect((await post('/webhook-waiting/7/signature')).status).toBe(503);
	await post('/ready');
	expect(await post('/webhook/id/events')).toEqual(PASSED);
	await post('/not-ready');
	expect(await post('/webhook/id/events')).toEqual(PASSED);
});

test('everything else passes at any time', async () => {
	expect(await post('/rest/login')).toEqual(PASSED);
	expect(await post('/webhooks')).toEqual(PASSED);
});
