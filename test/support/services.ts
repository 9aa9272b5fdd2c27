import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/n8n/freePort';
import { runtime } from '../../scripts/n8n/runtime';
import { GATE_PROGRAMS } from './Gate';

const START_TIMEOUT_MS = 20_000;

/** What a gate needs and is not on this machine, in words for its user: one program is enough. */
export function missingGate(): string[] {
	if (GATE_PROGRAMS.some((program) => runtime[program])) return [];
	return ['nginx or Caddy (on Debian: apt-get install nginx)'];
}

/** What `deploy/compose.yaml` needs besides n8n and is not on this machine. */
export function missingPrograms(): string[] {
	const postgres = 'PostgreSQL (on Debian: apt-get install postgresql)';
	return [...(runtime.postgres ? [] : [postgres]), ...missingGate()];
}

/** What queue mode needs besides n8n and is not on this machine. */
export function missingQueuePrograms(): string[] {
	const redis = 'Redis (on Debian: apt-get install redis-server)';
	const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
	return [...missingPrograms(), ...(hasRedis ? [] : [redis])];
}

/** Each change is on disk before Redis answers. */
const APPEND_ALWAYS: readonly string[] = [
	...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
];

/** A Redis of its own in a temporary folder, on a free port of this machine. */
export class RedisServer {
	private process?: ChildProcess;

	private constructor(
		private readonly folder: string,
		readonly port: number,
		private readonly settings: readonly string[],
	) {}

	/** @param settings arguments of redis-server */
	static async start(settings = APPEND_ALWAYS): Promise<RedisServer> {
		const folder = await mkdtemp(path.join(tmpdir(), 'redis-'));
		const server = new RedisServer(folder, await freePort(), settings);
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
		this.process = spawn(
			'redis-server',
			['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, ...this.settings],
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
