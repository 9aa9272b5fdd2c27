import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { name as packageName } from '../../package.json';
import { freePort } from './freePort';
import { runtime } from './runtime';

export interface N8nOptions {
	/** A release in `runtime.n8n`. */
	version: string;
	/** Keeps the instance's data; without it, a temporary folder that `stop` removes. */
	userFolder?: string;
	/** Without it, a free one. */
	port?: number;
	/** Base of the URLs given to SendGrid; without it, the port on localhost. */
	webhookUrl?: string;
	/** Without it, n8n's default: SQLite in the user folder. */
	postgres?: { host: string; port: number; database: string; user: string; password: string };
	/** Turns on queue mode: executions run in the workers of `startSibling`. */
	redis?: { host: string; port: number };
	/** Leaves the package out, for n8n to install it by itself. */
	withoutPackage?: boolean;
	/**
	 * Leaves out the pages of n8n's editor, and the list of node types made for them, on which n8n spends
	 * a third of its start. All that a program asks of n8n is there.
	 */
	withoutEditor?: boolean;
	/** A program that is given n8n's command line and becomes it, as a container's entrypoint. */
	entrypoint?: string[];
	/** More settings of n8n, by their environment variables; `undefined` takes one of ours away. */
	env?: Record<string, string | undefined>;
	/** Keeps Ctrl+C in the terminal from n8n, for a program that stops it in an order of its own. */
	ownProcessGroup?: boolean;
}

type Role = 'start' | 'webhook' | 'worker';

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 60_000;

/** What n8n needs of our environment. All else stays out, a user's own n8n settings above all. */
const INHERITED = [
	...['PATH', 'Path', 'HOME', 'USERPROFILE', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'TZ'],
	...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'],
];

/** One process of a real n8n with the packed package installed. */
export class N8nInstance {
	private process?: ChildProcess;

	private output = '';

	private readonly siblings: N8nInstance[] = [];

	private constructor(
		private readonly options: N8nOptions,
		readonly userFolder: string,
		readonly port: number,
		private readonly role: Role,
		private readonly env: Record<string, string>,
	) {}

	/**
	 * Installs the package, starts n8n's main process and waits until it takes requests.
	 * @throws with the end of n8n's log when it does not get there
	 */
	static async start(options: N8nOptions): Promise<N8nInstance> {
		const userFolder = options.userFolder ?? (await mkdtemp(path.join(tmpdir(), 'n8n-')));
		const port = options.port ?? (await freePort());
		if (!options.withoutPackage) await installPackage(userFolder);
		const env = await environment(options, userFolder, port);
		const instance = new N8nInstance(options, userFolder, port, 'start', env);
		try {
			await instance.launch();
		} catch (error) {
			await instance.stop();
			throw error;
		}
		return instance;
	}

	/**
	 * Starts another process of the same installation: same data, same settings, ports of its own.
	 * It stops with the main process.
	 *
	 * @param port a free one unless given
	 * @param env settings in which it differs; `undefined` takes one of the main process away
	 */
	async startSibling(
		role: 'webhook' | 'worker',
		{ port, env }: Pick<N8nOptions, 'port' | 'env'> = {},
	): Promise<N8nInstance> {
		port ??= await freePort();
		const settings = withoutUndefined({
			...this.env,
			...(await portSettings(port)),
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(port),
			// As on a machine of its own: a worker that starts takes what this log says was under way for
			// crashed.
			N8N_EVENTBUS_LOGWRITER_LOGBASENAME: `events-${port}`,
			...env,
		});
		const sibling = new N8nInstance(this.options, this.userFolder, port, role, settings);
		this.siblings.push(sibling);
		await sibling.launch();
		return sibling;
	}

	/** The operating system's id of the process, to measure what it uses. */
	get processId(): number | undefined {
		return this.process?.pid;
	}

	get url(): string {
		return `http://localhost:${this.port}`;
	}

	/** Everything n8n has printed, over restarts too. */
	get log(): string {
		return this.output;
	}

	/** @throws when n8n's log holds one of these texts; the message does not repeat it */
	assertLogFreeOf(...secrets: string[]): void {
		const found = secrets.findIndex((secret) => this.output.includes(secret));
		if (found >= 0) throw new Error(`n8n's log contains secret number ${found + 1} of those given`);
	}

	/** The production URL of a webhook node, at this process. */
	webhookUrl(webhookId: string, webhookPath: string): string {
		return `${this.url}/webhook/${webhookId}/${webhookPath}`;
	}

	/** Ends n8n as it ends in service, siblings first, and removes its temporary folder. */
	async stop(): Promise<void> {
		await Promise.all(this.siblings.map(async (sibling) => await sibling.end('SIGTERM')));
		await this.end('SIGTERM');
		if (this.role === 'start' && this.options.userFolder === undefined) {
			await rm(this.userFolder, { recursive: true, force: true, maxRetries: 5 });
		}
	}

	/** Ends n8n as a power failure does; its data stays for `restart`. */
	async kill(): Promise<void> {
		await this.end('SIGKILL');
	}

	/** Starts n8n again with the same data and ports, after ending it if it still runs. */
	async restart(): Promise<void> {
		await this.end('SIGTERM');
		await this.launch();
	}

	private get isRunning(): boolean {
		return this.process?.exitCode === null && this.process.signalCode === null;
	}

	private async launch(): Promise<void> {
		const script = runtime.n8n[this.options.version];
		if (!script) throw new Error(`n8n ${this.options.version} is not among those installed`);
		const outputBefore = this.output.length;
		const commandLine = [...(this.options.entrypoint ?? []), runtime.node, script, this.role];
		const child = spawn(commandLine[0]!, commandLine.slice(1), {
			env: this.env,
			cwd: this.userFolder,
			stdio: ['ignore', 'pipe', 'pipe'],
			detached: this.options.ownProcessGroup,
		});
		this.process = child;
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
		}
		const deadline = Date.now() + START_TIMEOUT_MS;
		while (!(await this.isReady(this.output.slice(outputBefore)))) {
			const state = this.isRunning ? 'is not ready' : 'ended while starting';
			if (!this.isRunning || Date.now() > deadline) {
				await this.end('SIGKILL');
				const tail = this.output.slice(outputBefore).split('\n').slice(-40).join('\n');
				throw new Error(`n8n ${this.options.version} (${this.role}) ${state}:\n${tail}`);
			}
			await sleep(100);
		}
	}

	/** @param output what this run of the process has printed */
	private async isReady(output: string): Promise<boolean> {
		// 1.x reports ready before active workflows have their webhooks back: this line comes after.
		if (this.role === 'start' && !output.includes('Editor is now accessible via')) return false;
		try {
			return (await fetch(`${this.url}/healthz/readiness`)).ok;
		} catch {
			return false;
		}
	}

	private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
		if (!this.process || !this.isRunning) return;
		const closed = once(this.process, 'close');
		this.process.kill(signal);
		const stuck = setTimeout(() => this.process?.kill('SIGKILL'), STOP_TIMEOUT_MS);
		await closed;
		clearTimeout(stuck);
	}
}

async function installPackage(userFolder: string): Promise<void> {
	const folder = path.join(userFolder, '.n8n', 'nodes', 'node_modules', packageName);
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	// Run in its folder with a bare name: GNU tar takes "C:" in a path for a remote host.
	await promisify(execFile)(
		'tar',
		['-xzf', path.basename(runtime.tarball), '-C', folder, '--strip-components=1'],
		{ cwd: path.dirname(runtime.tarball) },
	);
}

async function environment(
	{ webhookUrl, postgres, redis, withoutEditor, env }: N8nOptions,
	userFolder: string,
	port: number,
): Promise<Record<string, string>> {
	const inherited = INHERITED.flatMap((name) => {
		const value = process.env[name];
		return value === undefined ? [] : [[name, value] as const];
	});
	const settings: Record<string, string | undefined> = {
		...Object.fromEntries(inherited),
		...(await portSettings(port)),
		// What one n8n has compiled the next one need not.
		NODE_COMPILE_CACHE: runtime.compiled,
		N8N_USER_FOLDER: userFolder,
		N8N_ENCRYPTION_KEY: randomBytes(24).toString('hex'),
		// Reachable from this machine only: the owner's password may be a well-known one.
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		WEBHOOK_URL: webhookUrl ?? `http://localhost:${port}/`,
		// Cookies over plain HTTP.
		N8N_SECURE_COOKIE: 'false',
		// n8n's calls to services of its maker.
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
		N8N_PERSONALIZATION_ENABLED: 'false',
		N8N_HIRING_BANNER_ENABLED: 'false',
		N8N_DYNAMIC_BANNERS_ENABLED: 'false',
		...(withoutEditor && { N8N_DISABLE_UI: 'true' }),
		...(postgres && {
			DB_TYPE: 'postgresdb',
			DB_POSTGRESDB_HOST: postgres.host,
			DB_POSTGRESDB_PORT: String(postgres.port),
			DB_POSTGRESDB_DATABASE: postgres.database,
			DB_POSTGRESDB_USER: postgres.user,
			DB_POSTGRESDB_PASSWORD: postgres.password,
		}),
		...(redis && {
			EXECUTIONS_MODE: 'queue',
			QUEUE_BULL_REDIS_HOST: redis.host,
			QUEUE_BULL_REDIS_PORT: String(redis.port),
		}),
		...env,
	};
	return withoutUndefined(settings);
}

function withoutUndefined(settings: Record<string, string | undefined>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== undefined),
	);
}

/** The two ports n8n listens on: its own, and its task broker's. */
async function portSettings(port: number): Promise<Record<string, string>> {
	return { N8N_PORT: String(port), N8N_RUNNERS_BROKER_PORT: String(await freePort()) };
}
