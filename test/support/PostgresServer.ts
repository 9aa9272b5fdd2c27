import { execFile, type ExecFileOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/n8n/freePort';
import { runtime } from '../../scripts/n8n/runtime';

const run = promisify(execFile);

const USER = 'n8n';

/** What a client, such as n8n's PostgreSQL credential, needs to connect. */
export interface PostgresDatabase {
	host: string;
	port: number;
	database: string;
	user: string;
	password: string;
}

/** A PostgreSQL server of its own in a temporary folder, on a free port of this machine. */
export class PostgresServer {
	private constructor(
		private readonly programs: string,
		private readonly folder: string,
		private readonly port: number,
		/** PostgreSQL refuses to run as root. */
		private readonly owner: Pick<ExecFileOptions, 'uid' | 'gid'>,
	) {}

	static async start(): Promise<PostgresServer> {
		const programs = runtime.postgres;
		if (!programs) throw new Error('PostgreSQL is needed here and was not found');
		const owner = await serverUser();
		const folder = await mkdtemp(path.join(tmpdir(), 'postgres-'));
		if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid!);
		const server = new PostgresServer(programs, folder, await freePort(), owner);
		try {
			const settings = ['--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
			await server.program('initdb', `--username=${USER}`, ...settings, server.data);
			await server.launch();
		} catch (error) {
			await rm(folder, { recursive: true, force: true });
			throw error;
		}
		return server;
	}

	/** Makes an empty database. */
	async createDatabase(name: string): Promise<PostgresDatabase> {
		await this.psql('postgres', ['-c', `CREATE DATABASE ${name}`]);
		// Every password is right: the server trusts whoever reaches its port on loopback.
		return { host: '127.0.0.1', port: this.port, database: name, user: USER, password: 'any' };
	}

	/** Runs a file of SQL statements, stopping at the first error. */
	async runFile(database: PostgresDatabase, file: string): Promise<void> {
		await this.psql(database.database, ['-f', path.resolve(file)]);
	}

	/** Runs SQL statements. @returns what psql prints */
	async execute(database: PostgresDatabase, sql: string): Promise<string> {
		return await this.psql(database.database, [], sql);
	}

	/** @param sql one query @returns its rows, values as JSON has them */
	async query<Row = Record<string, unknown>>(
		database: PostgresDatabase,
		sql: string,
	): Promise<Row[]> {
		const statement = `WITH answer AS (${sql}) SELECT coalesce(json_agg(answer), '[]') FROM answer`;
		return JSON.parse(await this.psql(database.database, ['-At'], statement)) as Row[];
	}

	/**
	 * Runs lines of a shell as people type them, with PostgreSQL's programs and this server at hand.
	 *
	 * @param folder where they are typed
	 */
	async shell(lines: string, folder: string, database: PostgresDatabase): Promise<void> {
		const DATABASE_URL = `postgres://${USER}@127.0.0.1:${this.port}/${database.database}`;
		const PATH = `${this.programs}:${process.env.PATH}`;
		const server = { PGHOST: '127.0.0.1', PGPORT: String(this.port), DATABASE_URL };
		await run('sh', ['-ec', lines], { cwd: folder, env: { ...process.env, PATH, ...server } });
	}

	/** Ends the server at once, as a crash does, and starts it again with the same data. */
	async crash(): Promise<void> {
		await this.program('pg_ctl', 'stop', '-D', this.data, '-m', 'immediate');
		await this.launch();
	}

	/** Ends the server and removes its data. */
	async stop(): Promise<void> {
		await this.program('pg_ctl', 'stop', '-D', this.data, '-m', 'immediate');
		await rm(this.folder, { recursive: true, force: true });
	}

	private get data(): string {
		return path.join(this.folder, 'data');
	}

	private async launch(): Promise<void> {
		const log = path.join(this.folder, 'log');
		// Without fsync only a crash of the whole machine could lose data.
		const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
		try {
			await this.program('pg_ctl', 'start', '-w', '-D', this.data, '-l', log, '-o', options);
		} catch (error) {
			const lines = existsSync(log) ? await readFile(log, 'utf8') : '';
			throw new Error(`PostgreSQL did not start:\n${lines}`, { cause: error });
		}
	}

	/** @param input SQL, which may be longer than a command line */
	private async psql(database: string, args: string[], input = ''): Promise<string> {
		const connection = ['-h', '127.0.0.1', '-p', String(this.port), '-U', USER, '-d', database];
		const quiet = ['-X', '-q', '-v', 'ON_ERROR_STOP=1'];
		const psql = run(path.join(this.programs, 'psql'), [...connection, ...quiet, ...args], {
			maxBuffer: 256 * 1024 * 1024,
		});
		// Where psql ends early, its own words say why; that its input broke says nothing.
		psql.child.stdin!.on('error', () => undefined);
		psql.child.stdin!.end(input);
		return (await psql).stdout;
	}

	private async program(name: string, ...args: string[]): Promise<void> {
		// Debian's programs change to the folder they were started in, which may be closed to them.
		await run(path.join(this.programs, name), args, { ...this.owner, cwd: this.folder });
	}
}

async function serverUser(): Promise<Pick<ExecFileOptions, 'uid' | 'gid'>> {
	if (process.getuid?.() !== 0) return {};
	for (const user of ['postgres', 'nobody']) {
		try {
			const [uid, gid] = await Promise.all(
				['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
			);
			return { uid, gid };
		} catch {
			// No such user here: the next one.
		}
	}
	throw new Error('PostgreSQL does not run as root. Run the tests as another user.');
}
