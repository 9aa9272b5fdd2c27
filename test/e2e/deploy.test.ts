import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { name as packageName } from '../../package.json';
import { N8nClient } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions, runtime } from '../../scripts/n8n/runtime';
import { EMAIL_TYPE, TRIGGER_TYPE } from '../../scripts/n8n/workflow';
import { DEPLOY_FOLDER } from '../support/composeFile';
import { Deployment } from '../support/Deployment';
import { Gate } from '../support/Gate';
import { missingPrograms } from '../support/services';

const N8N_FOLDER = path.join(DEPLOY_FOLDER, 'n8n');

const folders: string[] = [];

async function folder(name: string): Promise<string> {
	folders.push(await mkdtemp(path.join(tmpdir(), `${name}-`)));
	return folders.at(-1)!;
}

/** Does what `deploy/n8n/Dockerfile` does, in a folder of this machine. @returns the entrypoint */
async function makeImage(): Promise<string[]> {
	const image = await folder('image');
	const tarball = path.basename(runtime.tarball);
	await copyFile(runtime.tarball, path.join(image, tarball));
	const dockerfile = await readFile(path.join(N8N_FOLDER, 'Dockerfile'), 'utf8');
	const [, install] = /^RUN (.+)$/m.exec(dockerfile)!;
	await promisify(execFile)('sh', ['-c', install!], {
		cwd: image,
		env: { ...process.env, PACKAGE: `./${tarball}` },
	});
	for (const [, copied] of dockerfile.matchAll(/^COPY (?:--chmod=755 )?([\w-]+\.\w+) /gm)) {
		await copyFile(path.join(N8N_FOLDER, copied!), path.join(image, copied!));
	}
	return ['sh', path.join(image, 'entrypoint.sh')];
}

/** A volume in which the editor has installed another release of the package. */
async function makeVolume(): Promise<string> {
	const volume = await folder('volume');
	const installed = path.join(volume, '.n8n/nodes/node_modules', packageName);
	await mkdir(installed, { recursive: true });
	await writeFile(path.join(installed, 'package.json'), '{ "n8n": { "nodes": [] } }');
	return volume;
}

const testIfPossible = missingPrograms().length > 0 ? test.skip : test;

describe('deploy/compose.yaml and the image of deploy/n8n', () => {
	const cleanUp: Array<() => Promise<unknown>> = [];

	afterEach(async () => {
		for (const step of cleanUp.reverse()) await step();
		for (const made of folders) await rm(made, { recursive: true, force: true });
	});

	testIfPossible('start in their order, and serve n8n with the nodes behind the gate', async () => {
		const entrypoint = await makeImage();
		const deployment = await Deployment.start('compose.yaml');
		cleanUp.push(() => deployment.stop());
		const gate = await Gate.start(deployment.gate);
		cleanUp.push(() => gate.stop());
		const post = async () => await fetch(`${gate.url}/webhook/any/events`, { method: 'POST' });

		await deployment.readyFor('n8n');
		expect(await deployment.isHealthy('n8n')).toBe(false);
		expect((await post()).status).toBe(503);

		const { port, env } = deployment.n8n('n8n');
		const n8n = await N8nInstance.start({
			version: n8nVersions[0]!,
			port,
			env,
			entrypoint,
			withoutPackage: true,
			userFolder: await makeVolume(),
		});
		cleanUp.push(() => n8n.stop());

		expect(await deployment.isHealthy('n8n')).toBe(true);
		// n8n knows no such webhook: so it is n8n that answers.
		expect((await post()).status).toBe(404);
		const client = await N8nClient.setUpOwner(gate.url);
		const types = (await client.nodeTypes()).map(({ name }) => name);
		expect(types).toEqual(expect.arrayContaining([TRIGGER_TYPE, EMAIL_TYPE]));
		const settings = await client.request<{ urlBaseWebhook: string }>('GET', '/settings');
		expect(settings.urlBaseWebhook).toBe(`${gate.url}/`);
	});
});
