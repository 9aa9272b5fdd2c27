import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Where ports are taken from. Each of jest's workers, which run side by side, has a range of its own:
 * a port is free for seconds until the program listens that it was found for. The ranges lie below
 * the ports that systems give to outgoing connections.
 */
const FIRST_PORT = 12_000;
const PORTS_OF_A_WORKER = 2_000;
const WORKERS = 10;

const worker = Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS;
let next = Math.floor(Math.random() * PORTS_OF_A_WORKER);

/**
 * @param wanted a port to try first
 * @returns `wanted` if nothing listens there, else a free port of loopback that it has not returned yet
 */
export async function freePort(wanted?: number): Promise<number> {
	if (wanted && (await isFree(wanted))) return wanted;
	for (let tries = 0; tries < PORTS_OF_A_WORKER; tries++) {
		const port = FIRST_PORT + worker * PORTS_OF_A_WORKER + next;
		next = (next + 1) % PORTS_OF_A_WORKER;
		if (await isFree(port)) return port;
	}
	throw new Error(`${PORTS_OF_A_WORKER} ports were tried, and none is free`);
}

async function isFree(port: number): Promise<boolean> {
	const server = createServer();
	server.listen(port, '127.0.0.1');
	try {
		await once(server, 'listening');
	} catch {
		return false;
	}
	server.close();
	await once(server, 'close');
	return true;
}
