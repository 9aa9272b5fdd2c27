import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * @param wanted a port to try first
 * @returns `wanted` if nothing listens there, else a free port of loopback
 */
export async function freePort(wanted = 0): Promise<number> {
	const server = createServer();
	server.listen(wanted, '127.0.0.1');
	try {
		await once(server, 'listening');
	} catch (error) {
		if (wanted !== 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE') return freePort();
		throw error;
	}
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, 'close');
	return port;
}
