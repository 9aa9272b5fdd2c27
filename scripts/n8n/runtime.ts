/** What scripts/main.ts has obtained for an end-to-end run. */
export interface Runtime {
	/** A Node 24 binary. */
	node: string;
	/** n8n's start script, by release. */
	n8n: Record<string, string>;
	/** The folder in which Node keeps compiled code. */
	compiled: string;
	/** The program of a browser of the Chromium family; absent if there is none. */
	browser?: string;
	/** The folder of PostgreSQL's programs; absent if there are none. */
	postgres?: string;
	/** The program redis-server; absent if there is none. */
	redis?: string;
	/** The programs nginx and caddy; absent if there are none. */
	nginx?: string;
	caddy?: string;
	/** The package as npm would publish it. */
	tarball: string;
}

/** @throws when the process was not started through scripts/main.ts */
function readRuntime(): Runtime {
	const value = process.env.N8N_NODES_SENDGRID_EVENTS_RUNTIME;
	if (!value) {
		throw new Error(
			'A real n8n is needed here. Start end-to-end tests with "npm run test:e2e -- <file>" and ' +
				'other scripts with "node scripts/bootstrap.mjs run <file.ts>": these obtain one.',
		);
	}
	return JSON.parse(value) as Runtime;
}

export const runtime = readRuntime();

/** The n8n releases at hand, newest first. */
export const n8nVersions = Object.keys(runtime.n8n);
