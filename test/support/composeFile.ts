import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';

export const DEPLOY_FOLDER = path.resolve(__dirname, '../../deploy');

/** The setting that n8n's image brings along, see `deploy/n8n/entrypoint.sh`. */
export const WEBHOOK_GATE = {
	NODE_OPTIONS: `--require ${path.join(DEPLOY_FOLDER, 'n8n/webhook-gate.cjs')}`,
};

export type ComposeFileName = 'compose.yaml' | 'compose.queue.yaml';

/** A service, as far as the files of `deploy/` use what Compose knows. */
export interface ComposeService {
	image: string;
	build?: string;
	profiles?: string[];
	command?: string[];
	environment: Record<string, string | number>;
	secrets?: string[];
	ports?: string[];
	volumes?: string[];
	depends_on?: Record<string, { condition: string }>;
	healthcheck?: { test: string[] };
	restart: string;
	stop_grace_period?: string;
}

export interface ComposeFile {
	services: Record<string, ComposeService>;
	volumes: Record<string, null>;
	secrets: Record<string, { file: string }>;
}

/**
 * Reads a file of `deploy/` as Compose does: anchors and merge keys followed, variables filled in.
 *
 * @param variables what stands in `.env`
 * @throws when a variable is missing that the file wants
 */
export async function readComposeFile(
	name: ComposeFileName,
	variables: Record<string, string>,
): Promise<ComposeFile> {
	const text = await readFile(path.join(DEPLOY_FOLDER, name), 'utf8');
	return parse(fillIn(text, variables), { merge: true }) as ComposeFile;
}

/** `${NAME:?}` has to be there, `${NAME:-this}` falls back to what follows. */
function fillIn(text: string, variables: Record<string, string>): string {
	return text.replace(/\$\{(\w+)(:\?|:-([^}]*))\}/g, (_, name: string, kind: string, otherwise) => {
		const value = variables[name] || (kind === ':?' ? undefined : (otherwise as string));
		if (value === undefined) throw new Error(`${name} is wanted and not set`);
		return value;
	});
}
