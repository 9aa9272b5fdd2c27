import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import packageJson from '../../../package.json';
import { fencedBlocks, inlineCode, PAGES, PROJECT, readText } from '../../support/documentation';

const DEPLOY = path.join(PROJECT, 'deploy');

/** What is wrong with the arguments of a program, or nothing. */
type Check = (args: string[]) => string | undefined;

const exists = (...parts: string[]) => existsSync(path.join(PROJECT, ...parts));
const sourceOf = (file: string) => readFileSync(path.join(PROJECT, file), 'utf8');

/** The options that a script of the project reads, by what stands in its source. */
function unknownOptions(args: string[], ...files: string[]): string[] {
	const source = files.map(sourceOf).join('\n');
	const isKnown = (name: string) =>
		[`'--${name}'`, `'${name}':`, `\t${name}: {`].some((form) => source.includes(form));
	return args.filter((arg) => arg.startsWith('--') && !isKnown(arg.slice(2)));
}

/** The scripts behind `npm run`, where options are read. */
const SOURCES: Record<string, string[]> = {
	start: ['scripts/start.ts', 'scripts/lib/programs.ts'],
	test: ['scripts/test.ts', 'scripts/lib/programs.ts'],
	'test:chaos': ['test/chaos/main.ts'],
	'test:queue': ['test/chaos/main.ts'],
};

/** Names that may follow without dashes, by script. */
const WORDS: Record<string, (word: string) => boolean> = {
	bench: (suite) => sourceOf('test/bench/run.ts').includes(`\t${suite},`),
	'test:chaos': (suite) => sourceOf('test/chaos/main.ts').includes(`'${suite}'`),
	'test:unit': (file) => exists(file),
	'test:e2e': (file) => file === '<file>' || exists(file),
};

function npm([command = '', ...rest]: string[]): string | undefined {
	if (['ci', 'pack', 'version'].includes(command)) return undefined;
	if (command === 'install') {
		const packed = `./${packageJson.name}-*.tgz`;
		return rest.includes(packed) ? undefined : `installs something else than ${packed}`;
	}
	const [script = '', ...args] = command === 'run' ? rest : [command, ...rest];
	if (!(script in packageJson.scripts)) return `there is no script ${script}`;
	if (args.length === 0) return undefined;
	if (args.shift() !== '--') return 'arguments of a script stand after --';
	const values = args.filter((_, at) => args[at - 1] === '--only').flatMap((arg) => arg.split(','));
	const source = (SOURCES[script] ?? []).map(sourceOf).join('\n');
	const unknown = [
		...unknownOptions(args, ...(SOURCES[script] ?? [])),
		...values.filter((value) => !new RegExp(`^\\t\\W?${value}\\b`, 'm').test(source)),
		...args
			.filter((word, at) => !word.startsWith('--') && !args[at - 1]?.startsWith('--'))
			.filter((word) => !WORDS[script]?.(word)),
	];
	return unknown.length > 0 ? `not understood: ${unknown.join()}` : undefined;
}

/** Options as docs.docker.com documents them. Docker itself does not run in these tests. */
const COMPOSE_OPTIONS: Record<string, string[]> = {
	build: [],
	exec: ['-T'],
	logs: [],
	stop: [],
	up: ['--build', '--detach'],
};

function composeServices(): string[][] {
	return ['compose.yaml', 'compose.queue.yaml'].map((file) =>
		Object.keys(
			(parse(readText(`deploy/${file}`), { merge: true }) as { services: object }).services,
		),
	);
}

function docker([command = '', ...args]: string[]): string | undefined {
	if (command === 'stats' || command === 'push') return undefined;
	if (command === 'build') return dockerBuild(args);
	if (command !== 'compose') return `docker ${command} is not looked at here`;
	const [subcommand, ...rest] = args;
	if (subcommand === undefined) return undefined;
	const options = COMPOSE_OPTIONS[subcommand];
	if (!options) return `docker compose ${subcommand} is not looked at here`;
	const unknown = rest.filter((arg) => arg.startsWith('-') && !options.includes(arg));
	const names = rest.filter((arg) => !arg.startsWith('-'));
	if (subcommand === 'exec') {
		const [service = '', program, ...more] = rest.slice(rest.indexOf('-T') + 1);
		if (!composeServices().some((services) => services.includes(service))) {
			return `there is no service ${service}`;
		}
		if (program === undefined) return undefined;
		return PROGRAMS[program] ? PROGRAMS[program](more) : `what is ${program}?`;
	}
	if (unknown.length > 0) return `not documented: ${unknown.join()}`;
	const isThere = composeServices().some((services) =>
		names.every((name) => services.includes(name)),
	);
	return isThere ? undefined : `no file has the services ${names.join()}`;
}

function dockerBuild(args: string[]): string | undefined {
	const context = args.at(-1)!;
	if (!exists(context, 'Dockerfile')) return `there is no Dockerfile in ${context}`;
	const tag = args[args.indexOf('--tag') + 1]!;
	const { images } = parse(readText('deploy/kustomization.yaml')) as {
		images: Array<{ newName: string; newTag: string }>;
	};
	const wanted = images.map(({ newName, newTag }) => `${newName}:${newTag}`);
	return wanted.includes(tag) ? undefined : `kustomization.yaml wants ${wanted.join()}`;
}

/** The resources of deploy/kubernetes as `kind/name`, as kubectl takes them. */
function resources(): string[] {
	return readdirSync(path.join(DEPLOY, 'kubernetes')).flatMap((file) =>
		parseAllDocuments(readText(`deploy/kubernetes/${file}`)).map((document) => {
			const { kind, metadata } = document.toJS() as { kind: string; metadata: { name: string } };
			return `${kind.toLowerCase()}/${metadata.name}`;
		}),
	);
}

/** Options as kubernetes.io documents them. There is no cluster in these tests. */
function kubectl([command = '', ...args]: string[]): string | undefined {
	const valueOf = (option: string) => args[args.indexOf(option) + 1];
	if (command === 'apply') {
		const folder = valueOf('--kustomize')!;
		return exists(folder, 'kustomization.yaml') ? undefined : `no kustomization in ${folder}`;
	}
	if (!['exec', 'scale'].includes(command)) return `kubectl ${command} is not looked at here`;
	const { namespace } = parse(readText('deploy/kustomization.yaml')) as { namespace: string };
	if (valueOf('--namespace') !== namespace) return `the namespace is ${namespace}`;
	const missing = args.filter((arg) => arg.includes('/') && !resources().includes(arg));
	return missing.length > 0 ? `there is no ${missing.join()}` : undefined;
}

const none: Check = () => undefined;

/** What the pages have people type. A program that is not here fails the test. */
const PROGRAMS: Record<string, Check> = {
	npm,
	docker,
	kubectl,
	npx: ([tool, script = '', ...args]) => {
		if (tool !== 'tsx' || !exists(script)) return `there is no ${script}`;
		const unknown = unknownOptions(args, script);
		return unknown.length > 0 ? `not understood: ${unknown.join()}` : undefined;
	},
	node: ([script = '', command = '', file = '']) => {
		if (!exists(script) || !exists(file)) return `there is no ${script} or no ${file}`;
		return sourceOf('scripts/main.ts').includes(`\t${command}:`) ? undefined : `no ${command}`;
	},
	git: ([command, ...args]) => {
		if (command !== 'clone') return undefined;
		return packageJson.repository.url === `git+${args[0]}` ? undefined : 'another repository';
	},
	psql: (args) => {
		const file = args[args.indexOf('-f') + 1]!;
		return exists('examples/sql', file) ? undefined : `there is no ${file}`;
	},
	// Run by the tests in a real n8n and a real PostgreSQL.
	n8n: ([command]) => (command === 'start' ? undefined : 'unknown'),
	pg_dump: none,
	pg_restore: none,
	'redis-cli': none,
	// Of others, as they document it.
	cloudflared: none,
	ngrok: none,
	curl: none,
	// Run below.
	cd: none,
	cp: none,
	openssl: none,
	touch: none,
	chmod: none,
};

/** A line of a shell to its commands, each as words. What would set a variable is left out. */
function commandsOf(line: string): string[][] {
	return line
		.replace(/ {2,}#.*$/, '')
		.split(/ && /)
		.map((command) =>
			(command.match(/(?:"[^"]*"|\S)+/g) ?? []).filter((word) => !/^[<>]/.test(word)),
		)
		.map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))));
}

const isCommand = (code: string) => Object.hasOwn(PROGRAMS, code.split(' ')[0]!) && / /.test(code);

describe.each(PAGES)('%s', (page) => {
	const lines = [
		...fencedBlocks(readText(page), 'sh').flatMap((block) => block.trim().split('\n')),
		...inlineCode(readText(page)).filter(isCommand),
	];

	it('has people type only what there is', () => {
		const problems = lines.flatMap((line) =>
			commandsOf(line).flatMap(([program = '', ...args]) => {
				const check = PROGRAMS[program];
				const problem = check ? check(args) : `what is ${program}?`;
				return problem === undefined ? [] : [`${line}: ${problem}`];
			}),
		);
		expect(problems).toEqual([]);
	});
});

describe('the check of commands', () => {
	it.each([
		'npm run tests',
		'npm test -- --onyl unit',
		'npm test -- --only units',
		'npm run bench -- everything',
		'npm run test:chaos -- soaked',
		'npm run test:chaos -- --seeds 7',
		'npx tsx emulator/main.ts',
		'npx tsx emulator/cli.ts --ports 8025',
		'docker compose stop webhook-3',
		'docker compose up --detached',
		'docker compose exec -T mysql pg_dump',
		'docker build --tag n8n:1 deploy/n8n',
		'kubectl apply --kustomize kubernetes',
		'kubectl scale --namespace n8n --replicas 0 deployment/worker',
		'kubectl scale --namespace default --replicas 0 deployment/n8n-worker',
		'psql "$DATABASE_URL" -f events.sql',
		'git clone https://github.com/example/n8n-nodes-sendgrid-events.git',
	])('finds what is wrong with "%s"', (line) => {
		const [[program = '', ...args] = []] = commandsOf(line);
		expect(PROGRAMS[program]!(args)).toBeDefined();
	});
});

describe('the commands that prepare deploy/', () => {
	const [block = ''] = fencedBlocks(readText('docs/production.md'), 'sh');
	const steps = block.split('\n').filter((line) => line !== '' && !line.startsWith('docker '));

	it('leave what both files of Compose want', async () => {
		const folder = mkdtempSync(path.join(tmpdir(), 'deploy-'));
		try {
			await cp(DEPLOY, path.join(folder, 'deploy'), { recursive: true });
			await promisify(execFile)('sh', ['-ec', steps.join('\n')], { cwd: folder });
			const made = path.join(folder, 'deploy');
			const settings = readFileSync(path.join(made, '.env'), 'utf8');
			const [, file = ''] = /^COMPOSE_FILE=(.+)$/m.exec(settings)!;
			const [, profile = ''] = /^COMPOSE_PROFILES=(.+)$/m.exec(settings)!;
			for (const name of [file, 'compose.queue.yaml']) {
				const { secrets, services } = parse(readFileSync(path.join(made, name), 'utf8'), {
					merge: true,
				}) as Record<'secrets' | 'services', Record<string, { file: string; profiles?: string[] }>>;
				const missing = Object.values(secrets).filter(
					(secret) => !existsSync(path.join(made, secret.file)),
				);
				expect(missing).toEqual([]);
				expect(Object.values(services).flatMap(({ profiles = [] }) => profiles)).toContain(profile);
			}
			const key = readFileSync(path.join(made, 'secrets/encryption_key'), 'utf8');
			expect(key).toMatch(/^[0-9a-f]{64}\n$/);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});
