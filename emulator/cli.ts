import { parseArgs } from 'node:util';
import type { PostAttempt } from './posting';
import { DEFAULT_API_KEY, SendGridEmulator } from './sendGridEmulator';

const USAGE = `A SendGrid on this machine: takes mail, sends none, and posts signed events about it.

  npx tsx emulator/cli.ts [options]

  --port <number>         where the API listens (default 8025)
  --api-key <key>         the key to accept (default ${DEFAULT_API_KEY})
  --max-webhooks <number> Event Webhooks an account may have (default 5)
  --latency <ms>          how long every answer takes at least (default 0)
  --help                  this text
`;

/** Seconds between repetitions of a post, growing as SendGrid's do, for a day in all. */
const RETRY_DELAYS_S = [2, 5, 15, 60, 300, 900, 3600, 3 * 3600, 8 * 3600, 12 * 3600];

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '8025' },
			'api-key': { type: 'string', default: DEFAULT_API_KEY },
			'max-webhooks': { type: 'string', default: '5' },
			latency: { type: 'string', default: '0' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return print(USAGE);
	const sendGrid = await SendGridEmulator.start({
		port: Number(values.port),
		apiKeys: [{ key: values['api-key'] }],
		maxWebhooks: Number(values['max-webhooks']),
		latencyMs: Number(values.latency),
		retryDelaysMs: RETRY_DELAYS_S.map((seconds) => seconds * 1000),
	});
	fillAccount(sendGrid);
	sendGrid.onMail(({ body, messageId }) => {
		const recipients = body.personalizations.flatMap(({ to, cc = [], bcc = [] }) =>
			[...to, ...cc, ...bcc].map(({ email }) => email),
		);
		const shown = recipients.slice(0, 3).join(', ');
		const others = recipients.length > 3 ? ` and ${recipients.length - 3} more` : '';
		const subject = body.subject ?? body.personalizations[0]?.subject ?? body.template_id;
		print(`mail   ${messageId}  ${body.from.email} -> ${shown}${others}  "${subject}"`);
	});
	sendGrid.onAttempt((attempt) => print(describe(attempt)));
	print(`SendGrid stand-in: ${sendGrid.url}\nAPI key: ${values['api-key']}`);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void sendGrid.stop());
	}
}

/** Something to pick from in every list that the nodes offer. */
function fillAccount(sendGrid: SendGridEmulator): void {
	const account = sendGrid.account();
	account.addVerifiedSender({ from_email: 'hello@example.com', from_name: 'Example' });
	account.addTemplate(
		{ name: 'Welcome' },
		{
			subject: 'Welcome, {{name}}',
			html_content: '<p>Hello {{name}}</p>',
			plain_content: 'Hello {{name}}',
			test_data: '{"name":"Ann"}',
		},
	);
	account.addTemplate(
		{ name: 'Receipt' },
		{
			subject: 'Your receipt',
			html_content:
				'<p>Thank you!</p><ul>{{#each items}}<li>{{title}}: {{price}}</li>{{/each}}</ul><p>Total: {{total}}</p>',
			plain_content: 'Thank you!\n{{#each items}}{{title}}: {{price}}\n{{/each}}Total: {{total}}',
			test_data: '{"items":[{"title":"Lamp","price":"$ 20"}],"total":"$ 20"}',
		},
	);
	account.addGroup({ name: 'Newsletter', description: 'Our monthly newsletter' });
	account.contactBook.addCustomField('plan');
	const customers = account.contactBook.addList('Customers');
	account.contactBook.put('ann@example.com', { list_ids: [customers.id] });
	account.ipPools.push('marketing', 'transactional');
}

function describe({ events, url, attempt, status, error, durationMs }: PostAttempt): string {
	const counts = new Map<string, number>();
	for (const { event } of events) {
		counts.set(String(event), (counts.get(String(event)) ?? 0) + 1);
	}
	const what = [...counts].map(([event, count]) => `${count} ${event}`).join(', ');
	const again = attempt > 1 ? ` (attempt ${attempt})` : '';
	return `events ${what} -> ${url}  ${status ?? error} in ${Math.round(durationMs)} ms${again}`;
}

function print(line: string): void {
	process.stdout.write(`${line}\n`);
}

main().catch((error: Error) => {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
});
