import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { normalizeEvent } from '../../../../nodes/SendGrid/events/normalize';
import { SendGridEmulator } from '../../../../emulator';
import { outputOf } from '../../support/runSendGridEmail';

/** A webhook that takes everything. */
async function startReceiver(): Promise<{ url: string; server: Server }> {
	const server = createServer((request, response) => {
		request.resume().on('end', () => response.end());
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

it.each(['send', 'sendMany'])(
	'what a mail carries comes back with its events (%s)',
	async (operation) => {
		const sendGrid = await SendGridEmulator.start();
		const { url, server } = await startReceiver();
		try {
			const flags = { processed: true, delivered: true, open: true, click: true };
			sendGrid.addWebhook({ url, ...flags });
			const items = [
				{ email: 'ann@example.com', id: 41 },
				// SendGrid would lose a mail to this name as it is.
				{ email: 'bob@example.com', name: '"Doe, Bob; Jr."', id: 42 },
			];
			const output = await outputOf(
				sendGrid,
				{
					operation,
					from: 'shop@example.com',
					to: '={{ $json.name ?? "" }} <{{ $json.email }}>',
					subject: 'Hi',
					html: '<a href="https://example.com">Hello</a>',
					categories: 'welcome, shop',
					customArgs: { values: [{ name: 'contactId', value: '={{ $json.id }}' }] },
				},
				{ items },
			);
			await sendGrid.idle();

			const events = sendGrid.attempts.flatMap(({ events: posted }) =>
				posted.map((event) => normalizeEvent({ ...event })),
			);
			for (const [index, { email, id }] of items.entries()) {
				const own = events.filter((event) => event.email === email);
				expect(own.map(({ event }) => event)).toEqual(['processed', 'delivered', 'open', 'click']);
				for (const event of own) {
					expect(event).toMatchObject({
						messageId: output[index]!.messageId,
						customArgs: { contactId: String(id) },
						categories: ['welcome', 'shop'],
					});
				}
			}
		} finally {
			server.close();
			await sendGrid.stop();
		}
	},
);
