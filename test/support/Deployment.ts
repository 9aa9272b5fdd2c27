import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/n8n/freePort';
import { runtime } from '../../scripts/n8n/runtime';
import {
	readComposeFile,
	WEBHOOK_GATE,
	type ComposeFile,
	type ComposeFileName,
	type ComposeService,
} from './composeFile';
import { PostgresServer, type PostgresDatabase } from './PostgresServer';
import type { GateOptions } from './Gate';
import { RedisServer } from './services';

/** How long a service may take to be healthy, in milliseconds. */
const HEALTHY_WITHIN_MS = 60_000;

/** The image that `deploy/n8n` makes. */
const N8N_IMAGE = 'n8n-with-sendgrid-events';

/** Ports inside the containers, by image. */
const PORTS_INSIDE = { n8n: 5678, postgres: 5432, redis: 6379 };

/** Variables that name another service, and those that say its port where it is not the usual one. */
const NEIGHBOURS = {
	DB_POSTGRESDB_HOST: 'DB_POSTGRESDB_PORT',
	QUEUE_BULL_REDIS_HOST: 'QUEUE_BULL_REDIS_PORT',
};

/**
 * A Compose file of `deploy/` without Docker: its services as processes of this machine. The commands,
 * settings, order and health checks are those of the file; other than in containers are addresses,
 * ports and folders. PostgreSQL and Redis run when it has started; n8n and the gate are for the
 * caller to start, with what this says.
 */
export class Deployment {
	private redisIfAny?: RedisServer;
	/** n8n's own. */
	database!: PostgresDatabase;
	/** By service. */
	private readonly ports: Record<string, number> = {};

	private constructor(
		private readonly name: ComposeFileName,
		private readonly file: ComposeFile,
		private readonly gatePort: number,
		private readonly secretsFolder: string,
		readonly postgres: PostgresServer,
	) {}

	static async start(name: ComposeFileName): Promise<Deployment> {
		const gatePort = await freePort();
		const file = await readComposeFile(name, { N8N_DOMAIN: `127.0.0.1:${gatePort}` });
		const secretsFolder = await makeSecrets(Object.keys(file.secrets));
		const postgres = await PostgresServer.start();
		const deployment = new Deployment(name, file, gatePort, secretsFolder, postgres);
		try {
			await deployment.launch();
		} catch (error) {
			await deployment.stop();
			throw error;
		}
		return deployment;
	}

	private async launch(): Promise<void> {
		const { postgres, redis } = this.file.services;
		this.database = await this.postgres.createDatabase(String(postgres!.environment.POSTGRES_DB));
		this.ports.postgres = this.database.port;
		if (redis) {
			this.redisIfAny = await RedisServer.start(redis.command!.slice(1));
			this.ports.redis = this.redisIfAny.port;
		}
		for (const service of n8nServicesOf(this.file)) this.ports[service] = await freePort();
	}

	get redis(): RedisServer {
		if (!this.redisIfAny) throw new Error(`There is no Redis in ${this.name}`);
		return this.redisIfAny;
	}

	/** The services of n8n besides the main process, which is called `n8n`. */
	get siblings(): string[] {
		return n8nServicesOf(this.file).filter((service) => service !== 'n8n');
	}

	/**
	 * What a service of n8n is started as, where it listens, and its settings: `undefined` are those that
	 * it must not take over from the main process or from our own way to start n8n.
	 */
	n8n(service: string): {
		role: 'start' | 'webhook' | 'worker';
		port: number;
		env: Record<string, string | undefined>;
	} {
		const { command: [role = 'start'] = [], environment } = this.service(service);
		// The file says where the key is; one that is given outright would go before.
		const env: Record<string, string | undefined> = {
			...WEBHOOK_GATE,
			N8N_ENCRYPTION_KEY: undefined,
		};
		for (const name of Object.keys(this.service('n8n').environment)) env[name] = undefined;
		for (const [name, value] of Object.entries(environment)) {
			env[name] = String(value)
				.replace(/^\/run\/secrets(?=\/)/, this.secretsFolder)
				// The gate has plain http here.
				.replace(`https://127.0.0.1:${this.gatePort}`, `http://127.0.0.1:${this.gatePort}`);
		}
		for (const [host, port] of Object.entries(NEIGHBOURS)) {
			const neighbour = env[host];
			if (neighbour === undefined) continue;
			env[port] = String(this.portOf(neighbour));
			env[host] = '127.0.0.1';
		}
		return { role: role as 'start' | 'webhook' | 'worker', port: this.portOf(service), env };
	}

	/** What the gate of the file is started with. */
	get gate(): GateOptions {
		const processes = n8nServicesOf(this.file).map((name) => [name, { port: this.portOf(name) }]);
		return {
			composeFile: this.name,
			port: this.gatePort,
			processes: Object.fromEntries(processes) as GateOptions['processes'],
		};
	}

	/** Runs a service's health check. @returns whether it holds that the service is healthy */
	async isHealthy(service: string): Promise<boolean> {
		const [, command = '', ...args] = this.service(service).healthcheck!.test;
		const kind = n8nServicesOf(this.file).includes(service) ? 'n8n' : service;
		const inside = PORTS_INSIDE[kind as keyof typeof PORTS_INSIDE];
		const port = String(this.portOf(service));
		// Clients of PostgreSQL and Redis are told in their own ways where the server is.
		const where = command === 'redis-cli' ? ['-p', port] : [];
		const here = args.map((argument) => argument.replace(`:${inside}/`, `:${port}/`));
		try {
			await promisify(execFile)(programHere(command), [...where, ...here], {
				env: { ...process.env, PGPORT: port },
			});
			return true;
		} catch {
			return false;
		}
	}

	/** Waits as Compose does before it starts a service: until those are healthy that it depends on. */
	async readyFor(service: string): Promise<void> {
		for (const [name, { condition }] of Object.entries(this.service(service).depends_on ?? {})) {
			if (condition !== 'service_healthy') throw new Error(`${service}: unknown ${condition}`);
			const deadline = Date.now() + HEALTHY_WITHIN_MS;
			for (; !(await this.isHealthy(name)); await sleep(200)) {
				if (Date.now() > deadline)
					throw new Error(`${name}, which ${service} needs, is not healthy`);
			}
		}
	}

	/** What n8n's database takes on disk, without its log. */
	async databaseBytes(): Promise<number> {
		const sql = 'SELECT pg_database_size(current_database()) AS bytes';
		const [row] = await this.postgres.query<{ bytes: number }>(this.database, sql);
		return row!.bytes;
	}

	/** What the data of an execution takes in n8n's database, on average of those that are there. */
	async bytesPerExecution(): Promise<number> {
		const sql =
			'SELECT avg(pg_column_size(data) + pg_column_size("workflowData")) AS bytes FROM execution_data';
		const [row] = await this.postgres.query<{ bytes: number }>(this.database, sql);
		return row!.bytes;
	}

	async stop(): Promise<void> {
		await this.redisIfAny?.stop();
		await this.postgres.stop();
		await rm(this.secretsFolder, { recursive: true, force: true });
	}

	private service(name: string): ComposeService {
		const service = this.file.services[name];
		if (!service) throw new Error(`There is no service "${name}" in ${this.name}`);
		return service;
	}

	private portOf(name: string): number {
		const port = this.ports[name];
		if (port === undefined) throw new Error(`"${name}" in ${this.name} is no service with a port`);
		return port;
	}
}

function n8nServicesOf({ services }: ComposeFile): string[] {
	return Object.entries(services)
		.filter(([, { image }]) => image === N8N_IMAGE)
		.map(([name]) => name);
}

async function makeSecrets(names: readonly string[]): Promise<string> {
	const folder = await mkdtemp(path.join(tmpdir(), 'secrets-'));
	for (const name of names)
		await writeFile(path.join(folder, name), randomBytes(24).toString('hex'));
	return folder;
}

function programHere(command: string): string {
	if (command === 'node') return runtime.node;
	return command.startsWith('pg_') ? path.join(runtime.postgres!, command) : command;
}
