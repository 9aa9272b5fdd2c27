import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const GATE = path.resolve('deploy/n8n/webhook-gate.cjs');

/**
 * A server that, as n8n does, answers everything with 200, says apart from that when it is ready, and
 * goes on for a while when it is told to stop.
 */
const SERVER = `
	let isReady = false;
	let underWay = () => {};
	const server = require('node:http').createServer((request, response) => {
		if (request.url === '/ready') isReady = true;
		if (request.url === '/not-ready') isReady = false;
		response.statusCode = request.url === '/healthz/readiness' && !isReady ? 503 : 200;
		if (request.url !== '/under-way') return request.pipe(response);
		underWay = () => request.pipe(response);
		process.stdout.write('under way');
	});
	server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
	process.once('SIGTERM', () => setImmediate(() => underWay()));
`;

let server: ChildProcess;
let url: string;
let agent: Agent;

/** What the server prints next. */
async function printed(): Promise<string> {
	return String(((await once(server.stdout!, 'data')) as [Buffer])[0]);
}

beforeEach(async () => {
	server = spawn(process.execPath, ['--require', GATE, '--eval', SERVER]);
	url = `http://127.0.0.1:${await printed()}`;
	agent = new Agent({ keepAlive: true, maxSockets: 1 });
});

afterEach(() => {
	agent.destroy();
	server.kill('SIGKILL');
});

/** Posts over the connection that is open, if there is one. */
async function post(route: string) {
	const sent = request(url + route, { method: 'POST', agent });
	sent.end('[{"event":"open"}]');
	const [response] = await once(sent, 'response');
	return { status: response.statusCode as number, body: await text(response) };
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

test('when n8n is told to stop, webhooks get 503 over open connections, and there are no new ones', async () => {
	await post('/ready');
	await post('/webhook/id/events');
	const answered = post('/under-way');
	await printed();

	server.kill('SIGTERM');
	expect(await answered).toEqual(PASSED);

	expect(await post('/rest/login')).toEqual(PASSED);
	expect((await post('/webhook/id/events')).status).toBe(503);
	await expect(post('/webhook/id/events')).rejects.toThrow('ECONNREFUSED');
});

test('an n8n that never was ready stops as it would without the gate', async () => {
	const ended = once(server, 'exit');
	await post('/webhook/id/events');
	server.kill('SIGINT');
	expect(await ended).toEqual([null, 'SIGINT']);
});

test("the entrypoint of n8n's image loads it, beside options of one's own", async () => {
	const entrypoint = path.resolve('deploy/n8n/entrypoint.sh');
	const folder = await mkdtemp(path.join(tmpdir(), 'n8n-'));
	const optionsWith = async (own: string) => {
		const { stdout } = await promisify(execFile)('sh', [entrypoint, 'printenv', 'NODE_OPTIONS'], {
			env: { ...process.env, N8N_USER_FOLDER: folder, NODE_OPTIONS: own },
		});
		return stdout.trim();
	};
	expect(await optionsWith('')).toBe(`--require ${GATE}`);
	expect(await optionsWith('--no-warnings')).toBe(`--require ${GATE} --no-warnings`);
	await rm(folder, { recursive: true });
});
