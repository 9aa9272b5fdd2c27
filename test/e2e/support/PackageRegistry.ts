import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../../scripts/n8n/freePort';

const run = promisify(execFile);

interface Manifest {
	name: string;
	version: string;
}

/**
 * An npm registry on this machine with releases of the package, so that n8n itself can install it
 * as its users do. n8n asks for no registry but npm's, unless it has a licence: so it gets a
 * program `npm` that hands on to the real one, with the address of this registry.
 */
export class PackageRegistry {
	private readonly releases = new Map<string, { manifest: Manifest; tarball: Buffer }>();

	private readonly server = createServer((request, response) => {
		const [, , , version] = (request.url ?? '').split('/');
		if (version) return response.end(this.releases.get(version)?.tarball);
		return response
			.setHeader('content-type', 'application/json')
			.end(JSON.stringify(this.description()));
	});

	private constructor(
		private readonly folder: string,
		private readonly port: number,
	) {}

	static async start(): Promise<PackageRegistry> {
		const folder = await mkdtemp(path.join(tmpdir(), 'registry-'));
		const registry = new PackageRegistry(folder, await freePort());
		registry.server.listen(registry.port, '127.0.0.1');
		await once(registry.server, 'listening');
		const programs = path.join(folder, 'bin');
		await mkdir(programs);
		const npm = (await run('which', ['npm'])).stdout.trim();
		const script = `#!/bin/sh\nexec "${npm}" "$@" --registry=${registry.url} --cache="${folder}/cache"\n`;
		await writeFile(path.join(programs, 'npm'), script);
		await chmod(path.join(programs, 'npm'), 0o755);
		return registry;
	}

	/** Settings of an n8n that is to install from here. */
	get env(): Record<string, string> {
		return { PATH: `${path.join(this.folder, 'bin')}${path.delimiter}${process.env.PATH}` };
	}

	/**
	 * Adds a release.
	 *
	 * @param version instead of the version that the tarball has
	 * @returns its version
	 */
	async publish(tarball: string, version?: string): Promise<string> {
		const folder = path.join(this.folder, `release-${this.releases.size}`);
		await mkdir(folder);
		await cp(tarball, path.join(folder, 'given.tgz'));
		await run('tar', ['-xzf', 'given.tgz'], { cwd: folder });
		const manifestFile = path.join(folder, 'package', 'package.json');
		const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
		if (version) manifest.version = version;
		await writeFile(manifestFile, JSON.stringify(manifest));
		await run('tar', ['-czf', 'release.tgz', 'package'], { cwd: folder });
		const content = await readFile(path.join(folder, 'release.tgz'));
		this.releases.set(manifest.version, { manifest, tarball: content });
		return manifest.version;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, 'close');
		await rm(this.folder, { recursive: true, force: true });
	}

	private get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	/** The package as npm's registry describes it. */
	private description() {
		const releases = [...this.releases].map(([version, { manifest, tarball }]) => [
			version,
			{
				...manifest,
				dist: {
					tarball: `${this.url}/${manifest.name}/-/${version}`,
					integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
				},
			},
		]);
		const latest = [...this.releases.keys()].at(-1)!;
		const { name } = this.releases.get(latest)!.manifest;
		return { name, 'dist-tags': { latest }, versions: Object.fromEntries(releases) };
	}
}
