import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/*
 * n8n-core reads its settings when it is first imported, and writes them into the user's folder.
 * Imported before n8n-core, this gives each test file a folder of its own.
 */
const userFolder = mkdtempSync(path.join(tmpdir(), 'n8n-nodes-sendgrid-events-'));
process.env.N8N_USER_FOLDER = userFolder;
process.env.N8N_ENCRYPTION_KEY = 'key-of-the-integration-tests';
process.env.N8N_LOG_LEVEL = 'silent';

afterAll(() => {
	rmSync(userFolder, { recursive: true, force: true });
});
