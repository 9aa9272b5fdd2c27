import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/n8n/freePort';
import { runtime } from '../../scripts/n8n/runtime';

const START_TIMEOUT_MS = 20_000;

/** What queue mode needs besides n8n and is not on this machine, in words for its user. */
export function missingPrograms(): string[] {
	const missing: string[] = [];
	if (!runtime.postgres) missing.push('PostgreSQL (on Debian: apt-get install postgresql)');
	if (spawnSync('redis-server', ['--version']).status !== 0) {
		missing.push('Redis (on Debian: apt-get install redis-server)');
	}
	return missing;
}

/**
 * A Redis of its own in a temporary folder, on a free port of this machine. It writes each change to
 * its append-only file, as one should set up the Redis of n8n's queue.
 */
export class RedisServer {
	private process?: ChildProcess;

	private constructor(
		private readonly folder: string,
		readonly port: number,
	) {}

	static async start(): Promise<RedisServer> {
		const folder = await mkdtemp(path.join(tmpdir(), 'redis-'));
		const server = new RedisServer(folder, await freePort());
		await server.launch();
		return server;
	}

	/** Ends Redis as a crash does, and starts it again with what it had written. */
	async crash(): Promise<void> {
		await this.end('SIGKILL');
		await this.launch();
	}

	async stop(): Promise<void> {
		await this.end('SIGTERM');
		await rm(this.folder, { recursive: true, force: true });
	}

	private async launch(): Promise<void> {
		const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
		this.process = spawn(
			'redis-server',
			['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, ...settings],
			{ stdio: 'ignore' },
		);
		for (const deadline = Date.now() + START_TIMEOUT_MS; !(await this.answers()); await sleep(50)) {
			if (Date.now() > deadline) throw new Error('Redis did not start');
		}
	}

	private async answers(): Promise<boolean> {
		const socket = connect(this.port, '127.0.0.1');
		try {
			await once(socket, 'connect');
			return true;
		} catch {
			return false;
		} finally {
			socket.destroy();
		}
	}

	private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
		if (this.process?.exitCode !== null || this.process.signalCode !== null) return;
		const ended = once(this.process, 'exit');
		this.process.kill(signal);
		await ended;
	}
}
