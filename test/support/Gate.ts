import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/n8n/freePort';
import { runtime } from '../../scripts/n8n/runtime';
import {
	DEPLOY_FOLDER,
	readComposeFile,
	type ComposeFileName,
	type ComposeService,
} from './composeFile';

export const GATE_PROGRAMS = ['nginx', 'caddy'] as const;

export type GateProgram = (typeof GATE_PROGRAMS)[number];

const START_TIMEOUT_MS = 20_000;

/** The ports of the gate's own servers in the files that ship. */
const PLAIN_PORT = '8080';
const TLS_PORT = '443';
const OWN_PORTS = ['80', TLS_PORT, PLAIN_PORT, '8081', '8082', '8083'];

/** Caddy's port for plain http beside https. */
const CADDY_HTTP_PORT = '80';

export interface GateOptions {
	/** The first that is there, unless given. */
	program?: GateProgram;
	/** Whose gate it is. */
	composeFile: ComposeFileName;
	/** Where the processes of n8n listen on this machine, by the names they have in the file. */
	processes: Readonly<Record<string, { port: number }>>;
	/** With https, under the name localhost; without, plain http. */
	https?: boolean;
	/** Where it listens; a free port unless given. */
	port?: number;
}

/** How a gate in front of several webhook processes picks one. The files that ship say `byTrigger`. */
export type Spread = 'byTrigger' | 'inTurn';

/** What is changed in the files for posts of one trigger to go to the webhook processes in turn. */
const IN_TURN: Record<GateProgram, [string, string]> = {
	nginx: ['hash $request_uri consistent;', ''],
	caddy: ['lb_policy uri_hash', 'lb_policy round_robin'],
};

/**
 * The gate in front of n8n, as `deploy/` has it: the real nginx or Caddy, run with the files that
 * ship. What is changed in them is what a container would bring: where the other processes are, which
 * ports are free, and in which folder the files lie.
 */
export class Gate {
	private process?: ChildProcess;
	private log = '';
	private spread: Spread = 'byTrigger';

	private constructor(
		readonly program: GateProgram,
		private readonly options: GateOptions,
		/** Stands for the root of the container's file system. */
		private readonly root: string,
		/** By port in the files, the one on this machine. */
		private readonly ports: Readonly<Record<string, number>>,
	) {}

	static async start(options: GateOptions): Promise<Gate> {
		const root = await mkdtemp(path.join(tmpdir(), 'gate-'));
		const ports: Record<string, number> = {};
		for (const port of OWN_PORTS) ports[port] = await freePort();
		if (options.port !== undefined) ports[options.https ? TLS_PORT : PLAIN_PORT] = options.port;
		const program = options.program ?? GATE_PROGRAMS.find((name) => runtime[name]);
		if (!program) throw new Error(`One of ${GATE_PROGRAMS.join(', ')} is needed and was not found`);
		const gate = new Gate(program, options, root, ports);
		try {
			await gate.launch();
		} catch (error) {
			await gate.stop();
			throw error;
		}
		return gate;
	}

	get url(): string {
		return this.options.https
			? `https://localhost:${this.ports[TLS_PORT]}`
			: `http://127.0.0.1:${this.ports[PLAIN_PORT]}`;
	}

	/** Where the gate listens for plain http when it has https. */
	get plainUrl(): string {
		return `http://localhost:${this.ports[CADDY_HTTP_PORT]}`;
	}

	/** The certificate that whoever calls the gate by https has to trust. */
	async certificate(): Promise<string> {
		return await readFile(
			this.program === 'nginx'
				? path.join(this.root, 'run/secrets/tls_certificate')
				: path.join(this.root, 'data/caddy/pki/authorities/local/root.crt'),
			'utf8',
		);
	}

	/** Starts the gate again with another way to pick a webhook process. */
	async pick(spread: Spread): Promise<void> {
		if (spread === this.spread) return;
		this.spread = spread;
		await this.end();
		await this.launch();
	}

	async stop(): Promise<void> {
		await this.end();
		await rm(this.root, { recursive: true, force: true });
	}

	private async end(): Promise<void> {
		if (this.process?.exitCode !== null || this.process.signalCode !== null) return;
		const ended = once(this.process, 'exit');
		// Both end at once, without waiting for connections that are open.
		this.process.kill('SIGTERM');
		await ended;
	}

	private async launch(): Promise<void> {
		await (this.program === 'nginx' ? this.launchNginx() : this.launchCaddy());
	}

	private async launchNginx(): Promise<void> {
		const service = await this.service();
		await this.makeCertificate();
		for (const [source, target] of mountsOf(service)) {
			// Plain http does without the server that listens on 443, as behind an Ingress.
			if (target.endsWith('/https.conf') && !this.options.https) continue;
			const text = await readFile(path.join(DEPLOY_FOLDER, source), 'utf8');
			// What nginx's image does with templates when it starts.
			const isTemplate = target.startsWith('/etc/nginx/templates/');
			const variables = { ...this.environmentOf(service), NGINX_LOCAL_RESOLVERS: '127.0.0.1' };
			const place = target.replace(/^\/etc\/nginx\/templates\/(.+)\.template$/, CONF_D);
			await this.write(place, this.onThisMachine(isTemplate ? fillIn(text, variables) : text));
		}
		// As in nginx's image, but for the folders and what a test does not need.
		await this.write(
			'/etc/nginx/nginx.conf',
			`daemon off;
			worker_processes 1;
			${process.getuid?.() === 0 ? 'user root;' : ''}
			pid ${this.root}/nginx.pid;
			error_log stderr warn;
			events {}
			http {
				access_log off;
				client_body_temp_path ${this.root}/body;
				proxy_temp_path ${this.root}/proxy;
				fastcgi_temp_path ${this.root}/fastcgi;
				uwsgi_temp_path ${this.root}/uwsgi;
				scgi_temp_path ${this.root}/scgi;
				include ${this.root}/etc/nginx/conf.d/*.conf;
			}`,
		);
		const configuration = path.join(this.root, '/etc/nginx/nginx.conf');
		await this.run(['-p', this.root, '-c', configuration, '-e', 'stderr']);
	}

	private async launchCaddy(): Promise<void> {
		const service = await this.service();
		const [[source]] = mountsOf(service) as [[string, string]];
		const text = await readFile(path.join(DEPLOY_FOLDER, source), 'utf8');
		const file = await this.write('/etc/caddy/Caddyfile', this.onThisMachine(text));
		const home = { XDG_DATA_HOME: path.join(this.root, 'data'), HOME: this.root };
		const environment = { ...this.environmentOf(service), GATE_ADDRESS: this.url, ...home };
		await this.run(['run', '--adapter', 'caddyfile', '--config', file], environment);
	}

	private async run(args: string[], environment: Record<string, string> = {}): Promise<void> {
		const program = runtime[this.program];
		if (!program) throw new Error(`${this.program} is needed here and was not found`);
		this.process = spawn(program, args, {
			env: { PATH: process.env.PATH, ...environment },
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		this.process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.log += text));
		const port = Number(new URL(this.url).port);
		for (
			const deadline = Date.now() + START_TIMEOUT_MS;
			!(await answers(port, this.options.https));
			await sleep(50)
		) {
			if (Date.now() < deadline && this.process.exitCode === null) continue;
			throw new Error(`${this.program} did not start:\n${this.log}`);
		}
	}

	private async service(): Promise<ComposeService> {
		const variables = { N8N_DOMAIN: 'localhost' };
		const { services } = await readComposeFile(this.options.composeFile, variables);
		return services[this.program]!;
	}

	/** The service's variables, with the addresses that its neighbours have on this machine. */
	private environmentOf({ environment }: ComposeService): Record<string, string> {
		return Object.fromEntries(
			Object.entries(environment).map(([name, value]) => {
				const [host = ''] = String(value).split(':');
				const process = this.options.processes[host];
				return [name, process ? `127.0.0.1:${process.port}` : String(value)];
			}),
		);
	}

	/** A file of the gate with the folders and ports of this machine. */
	private onThisMachine(text: string): string {
		const at = (port: string) => String(this.ports[port]);
		const [asShipped, inTurn] = IN_TURN[this.program];
		return text
			.replaceAll(asShipped, () => (this.spread === 'inTurn' ? inTurn : asShipped))
			.replace(/(?<= )\/(?=etc\/nginx\/gate\/|run\/secrets\/)/g, `${this.root}/`)
			.replace(/(?<=listen )(\d+)(?=[ ;])/g, (port: string) => `127.0.0.1:${at(port)}`)
			.replace(/(?<=127\.0\.0\.1:|http:\/\/:)(80[0-9]{2})\b/g, at)
			.replace('admin off', `admin off\n\thttp_port ${at(CADDY_HTTP_PORT)}`);
	}

	private async write(place: string, text: string): Promise<string> {
		const file = path.join(this.root, place);
		await mkdir(path.dirname(file), { recursive: true });
		await writeFile(file, text);
		return file;
	}

	private async makeCertificate(): Promise<void> {
		const folder = path.join(this.root, 'run/secrets');
		await mkdir(folder, { recursive: true });
		const [key, certificate] = ['tls_key', 'tls_certificate'].map((name) =>
			path.join(folder, name),
		) as [string, string];
		const files = ['-keyout', key, '-out', certificate];
		const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
		await promisify(execFile)('openssl', [
			...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
			...files,
			...subject,
		]);
	}
}

const CONF_D = '/etc/nginx/conf.d/$1';

/** Files of `deploy/` and where in the container they are. Volumes of data have no dot in front. */
function mountsOf({ volumes = [] }: ComposeService): Array<[source: string, target: string]> {
	return volumes
		.filter((volume) => volume.startsWith('./'))
		.map((volume) => volume.split(':') as [string, string]);
}

/** `${NAME}` for the names given; nginx's own variables stay. */
function fillIn(text: string, variables: Record<string, string>): string {
	return text.replace(/\$\{(\w+)\}/g, (all, name: string) => variables[name] ?? all);
}

/** Whether connections are accepted; by https, whether there is a certificate too, which Caddy makes. */
async function answers(port: number, https = false): Promise<boolean> {
	const address = { port, host: '127.0.0.1' };
	const socket = https
		? tlsConnect({ ...address, servername: 'localhost', rejectUnauthorized: false })
		: connect(address);
	try {
		await once(socket, https ? 'secureConnect' : 'connect');
		return true;
	} catch {
		return false;
	} finally {
		socket.destroy();
	}
}
