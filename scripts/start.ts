/**
 * Shows the nodes at work in a real n8n, against a stand-in for SendGrid or, with SENDGRID_API_KEY
 * and WEBHOOK_URL set, against SendGrid itself.
 *
 *   npm start               until Ctrl+C
 *   npm start -- --once     sends mails, waits for their events, prints these and ends
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './n8n/freePort';
import { N8nClient, type Owner } from './n8n/N8nClient';
import { N8nInstance } from './n8n/N8nInstance';
import { n8nVersions } from './n8n/runtime';
import { CREDENTIAL_TYPE } from './n8n/workflow';
import { Feed } from './demo/feed';
import { startStandIn, useAccount, type SendGridSide } from './demo/sendGridSide';
import { BUTTON, mailEvents, sendMail } from './demo/workflows';

const { SENDGRID_API_KEY, WEBHOOK_URL, N8N_PORT = '5678' } = process.env;
const LOG_FILE = path.join('.cache', 'demo-n8n.log');

const once = process.argv.includes('--once');
const interrupted = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.on(signal, () => {
		if (!interrupted.signal.aborted) console.log('\nStopping ...');
		interrupted.abort();
	});
}

// The terminal may be closed; what is written to it then must not keep us from ending n8n.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

async function main(): Promise<void> {
	const side = SENDGRID_API_KEY ? await realSendGrid() : await startStandIn();
	try {
		const n8n = await startN8n();
		try {
			await demonstrate(n8n, side);
		} finally {
			await n8n.stop();
			await mkdir(path.dirname(LOG_FILE), { recursive: true });
			await writeFile(LOG_FILE, n8n.log);
			console.log(`n8n's log is in ${LOG_FILE}.`);
		}
	} finally {
		await side.stop();
	}
}

async function realSendGrid(): Promise<SendGridSide> {
	if (!WEBHOOK_URL) {
		throw new Error(
			'SENDGRID_API_KEY is set but WEBHOOK_URL is not, and SendGrid must reach this n8n to post ' +
				`its events. Open a tunnel to port ${N8N_PORT} and set WEBHOOK_URL to its https address, ` +
				'or unset SENDGRID_API_KEY to use the stand-in on this machine.',
		);
	}
	return await useAccount(process.env);
}

async function startN8n(): Promise<N8nInstance> {
	const version = n8nVersions[0]!;
	const wanted = Number(N8N_PORT);
	const port = await freePort(wanted);
	if (SENDGRID_API_KEY && port !== wanted) {
		throw new Error(
			`Port ${wanted}, to which WEBHOOK_URL should lead, is in use. End what uses it, or set N8N_PORT to another.`,
		);
	}
	console.log(`Starting n8n ${version} ...`);
	return await N8nInstance.start({
		version,
		port,
		webhookUrl: SENDGRID_API_KEY && WEBHOOK_URL,
		// On Ctrl+C the workflow is unpublished first, which removes its webhook from SendGrid.
		ownProcessGroup: true,
	});
}

async function demonstrate(n8n: N8nInstance, side: SendGridSide): Promise<void> {
	// Made up anew: a tunnel shows n8n to everyone.
	const owner = {
		email: 'demo@example.com',
		password: `A1${randomBytes(9).toString('base64url')}`,
	};
	const client = await N8nClient.setUpOwner(n8n.url, owner);
	const credential = await client.createCredential('SendGrid', CREDENTIAL_TYPE, side.credential);
	const events = await client.createWorkflow(mailEvents(credential));
	const mail = await client.createWorkflow(sendMail(credential, side));
	try {
		await client.activate(events.id);
		introduce(n8n, owner, side);
		const feed = new Feed(client, mail.id, events.id, (line) => console.log(line));
		await client.runWorkflow(mail.id, BUTTON);
		await (once ? untilComplete(feed, side) : untilInterrupted(feed));
	} finally {
		await client.deactivate(events.id);
		await sleep(side.removalMs);
	}
}

function introduce(n8n: N8nInstance, { email, password }: Owner, side: SendGridSide): void {
	console.log(`
n8n       ${n8n.url}
login     ${email}
password  ${password}
SendGrid  ${side.description}

"Mail events" is published: each event of a mail starts it, on a wire for each type.
"Send mail" sends the mails; press "Execute workflow" in it to send them again.
${once ? '' : 'Ctrl+C ends all of it, and nothing of it is kept.\n'}`);
}

async function untilInterrupted(feed: Feed): Promise<void> {
	while (!interrupted.signal.aborted) {
		for (const failure of await feed.look()) console.error(`  failed: ${failure}`);
		await sleep(1000);
	}
}

/** @throws when an execution fails, or events are still missing after the side's patience */
async function untilComplete(feed: Feed, { mails, patienceMs }: SendGridSide): Promise<void> {
	const deadline = Date.now() + patienceMs;
	for (;;) {
		const failures = await feed.look();
		if (failures.length > 0) throw new Error(`A workflow failed: ${failures.join('; ')}`);
		const missing = feed.missing(mails);
		if (missing.length === 0) break;
		if (interrupted.signal.aborted) throw new Error('Interrupted.');
		if (Date.now() > deadline) {
			throw new Error(
				`These events did not arrive in ${patienceMs / 1000} s: ${missing.join(', ')}`,
			);
		}
		await sleep(500);
	}
	console.log(`\nThe items of SendGrid Email Trigger:\n${JSON.stringify(feed.events, null, 2)}`);
	console.log(`\n${feed.sent.length} mails sent, ${feed.events.length} events received.`);
}

main().catch((error: unknown) => {
	console.error(`\n${error instanceof Error ? error.message : String(error)}`);
	process.exitCode = 1;
});
