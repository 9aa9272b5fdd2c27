import { readdir, readFile } from 'node:fs/promises';
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

/** Tables and functions: those of the event log, on which the others build. */
const SQL_FOLDER = path.join(FOLDER, 'sql');
const EVENT_LOG_SQL = 'event-log.sql';
const EVENT_QUEUE_SQL = 'event-queue.sql';

/**
 * The names under which the examples ask for credentials: those n8n proposes for a first
 * credential, so that the import finds it by itself.
 */
const SENDGRID_CREDENTIAL = 'SendGrid Events account';
const POSTGRES_CREDENTIAL = 'Postgres account';
export const BASIC_AUTH_CREDENTIAL = 'Basic Auth account';

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
	await server.runFile(database, path.join(SQL_FOLDER, EVENT_LOG_SQL));
	return database;
}

/** A database with the table in which events wait, empty. */
export async function createEventQueue(
	server: PostgresServer,
	name: string,
): Promise<PostgresDatabase> {
	const database = await createEventLog(server, name);
	await server.runFile(database, path.join(SQL_FOLDER, EVENT_QUEUE_SQL));
	return database;
}

/** A database with the tables of all examples, all empty. */
export async function createExampleTables(
	server: PostgresServer,
	name: string,
): Promise<PostgresDatabase> {
	const database = await server.createDatabase(name);
	await runExampleSql(server, database);
	return database;
}

/** Runs the files of all examples. */
export async function runExampleSql(
	server: PostgresServer,
	database: PostgresDatabase,
): Promise<void> {
	const others = (await readdir(SQL_FOLDER)).filter((file) => file !== EVENT_LOG_SQL);
	for (const file of [EVENT_LOG_SQL, ...others]) {
		await server.runFile(database, path.join(SQL_FOLDER, file));
	}
}

/** Empties every table of a database. */
export async function emptyTables(
	server: PostgresServer,
	database: PostgresDatabase,
): Promise<void> {
	await server.execute(
		database,
		`DO $$ BEGIN
			EXECUTE (
				SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ')
				FROM pg_tables WHERE schemaname = 'public'
			);
		END $$`,
	);
}
