import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { IDataObject } from 'n8n-workflow';
import type {
	Credential,
	N8nClient,
	Workflow,
	WorkflowDefinition,
} from '../../scripts/n8n/N8nClient';
import type { PostgresDatabase, PostgresServer } from './PostgresServer';

const FOLDER = path.resolve(__dirname, '../../examples');

/** The tables and functions that the examples with a database need. */
const EVENT_LOG_SQL = path.join(FOLDER, 'sql', 'event-log.sql');

/** The table in which events wait to be worked off. */
const EVENT_QUEUE_SQL = path.join(FOLDER, 'sql', 'event-queue.sql');

/**
 * The names under which the examples ask for credentials: those n8n proposes for a first
 * credential, so that the import finds it by itself.
 */
const SENDGRID_CREDENTIAL = 'SendGrid Events account';
const POSTGRES_CREDENTIAL = 'Postgres account';

/** By node, the parameters that the example's note says to change. */
export type Changes = Record<string, IDataObject>;

/** An example as its file is, but for what its user has to fill in. */
export async function readExample(
	name: string,
	changes: Changes = {},
): Promise<WorkflowDefinition> {
	const file = await readFile(path.join(FOLDER, `${name}.json`), 'utf8');
	const definition = JSON.parse(file) as WorkflowDefinition;
	for (const [nodeName, parameters] of Object.entries(changes)) {
		const node = definition.nodes.find((candidate) => candidate.name === nodeName);
		if (!node) throw new Error(`The example ${name} has no node "${nodeName}"`);
		Object.assign(node.parameters, parameters);
	}
	return definition;
}

/** Imports an example as a user does. */
export async function importExample(
	client: N8nClient,
	name: string,
	changes?: Changes,
): Promise<Workflow> {
	const { id } = await client.createWorkflow(await readExample(name, changes));
	// n8n finds the credentials when the workflow is saved; n8n 1 only when it is saved again.
	return await client.updateWorkflow(id, {});
}

export async function createSendGridCredential(
	client: N8nClient,
	data: { apiKey: string; baseUrl: string },
): Promise<Credential> {
	const custom = { region: 'custom', ...data };
	return await client.createCredential(SENDGRID_CREDENTIAL, 'sendGridEventsApi', custom);
}

export async function createPostgresCredential(
	client: N8nClient,
	database: PostgresDatabase,
): Promise<Credential> {
	const data = { ...database, ssl: 'disable', sshTunnel: false, maxConnections: 10 };
	return await client.createCredential(POSTGRES_CREDENTIAL, 'postgres', data);
}

/** A database with the tables of the event log, all empty. */
export async function createEventLog(
	server: PostgresServer,
	name: string,
): Promise<PostgresDatabase> {
	const database = await server.createDatabase(name);
	await server.runFile(database, EVENT_LOG_SQL);
	return database;
}

/** A database with the table in which events wait, empty. */
export async function createEventQueue(
	server: PostgresServer,
	name: string,
): Promise<PostgresDatabase> {
	const database = await server.createDatabase(name);
	await server.runFile(database, EVENT_QUEUE_SQL);
	return database;
}
