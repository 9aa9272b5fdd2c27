import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IExecuteFunctions } from 'n8n-workflow';
import {
	checkReachable,
	unreceived,
} from '../../../../../nodes/SendGrid/actions/email/sendAndWait/checks';
import type { EventWebhook } from '../../../../../nodes/SendGrid/api/eventWebhooks';

const WAITING = 'https://n8n.example.com/base/webhook-waiting/42/node?signature=x';
const OURS = 'https://n8n.example.com/base/webhook/id/events';

const webhook = (changes: Partial<EventWebhook> = {}): EventWebhook => ({
	id: '1',
	url: OURS,
	enabled: true,
	click: true,
	spam_report: true,
	...changes,
});

describe('events that nobody receives', () => {
	it('are those that no webhook of this n8n has switched on', () => {
		const events = ['click', 'spamreport', 'bounce', 'open'];
		expect(unreceived([], events, WAITING)).toEqual(events);
		expect(unreceived([webhook()], events, WAITING)).toEqual(['bounce', 'open']);
		expect(unreceived([webhook(), webhook({ bounce: true })], events, WAITING)).toEqual(['open']);
	});

	it.each([
		['is switched off', { enabled: false }],
		['leads to another host', { url: 'https://other.example.com/base/webhook/id/events' }],
		['leads to another port', { url: 'https://n8n.example.com:8443/base/webhook/id/events' }],
		['leads to another path', { url: 'https://n8n.example.com/webhook/id/events' }],
		['leads to another node', { url: 'https://n8n.example.com/base/webhook/id' }],
		['is for a test', { url: 'https://n8n.example.com/base/webhook-test/id/events' }],
		['has no address', { url: 'nonsense' }],
	])('include those of a webhook that %s', (_, changes) => {
		expect(unreceived([webhook(changes)], ['click'], WAITING)).toEqual(['click']);
	});

	it('are none where n8n has its own names for the addresses', () => {
		const url = 'https://n8n.example.com/base/hooks/id/events';
		expect(unreceived([webhook({ url })], ['click'], WAITING)).toEqual([]);
	});
});

describe('whether n8n reaches itself', () => {
	const NODE = '3d5c0b6e-6f0a-4ad5-9c5b-a6a1c0a3e111';
	let answers: Record<string, [status: number, body: object]>;
	let server: Server;
	let url: string;

	beforeEach(async () => {
		server = createServer(({ url: path }, response) => {
			const [status, body] = answers[path!] ?? [502, {}];
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
		url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook-waiting/42/${NODE}`;
	});

	afterEach(() => server.close());

	/** Only what the check takes of n8n's context: its node and an HTTP helper. */
	const context = {
		getNode: () => ({ name: 'SendGrid Email' }),
		helpers: {
			httpRequest: async (options: { url: string }) => {
				const response = await fetch(options.url, { redirect: 'manual' });
				return { statusCode: response.status, body: await response.json() };
			},
		},
	} as unknown as IExecuteFunctions;

	const OWN = `/webhook-waiting/42/${NODE}`;
	const NO_EXECUTION = `/webhook-waiting/0/${NODE}`;
	const UNKNOWN: [number, object] = [404, { message: 'The execution "0" does not exist.' }];

	it('is known by its answer for the execution under way', async () => {
		answers = { [OWN]: [409, { message: 'The execution "42" is running already.' }] };
		await expect(checkReachable(context, url)).resolves.toBeUndefined();
	});

	it('is known by its answer for none, in a run by hand', async () => {
		answers = { [OWN]: [500, { message: 'resumeToken' }], [NO_EXECUTION]: UNKNOWN };
		await expect(checkReachable(context, url)).resolves.toBeUndefined();
	});

	it.each<[string, Record<string, [number, object]>]>([
		['a proxy fails', { [OWN]: [500, {}], [NO_EXECUTION]: [500, {}] }],
		['a proxy finds nothing', { [OWN]: [500, {}], [NO_EXECUTION]: [404, {}] }],
		['another n8n answers', { [OWN]: UNKNOWN, [NO_EXECUTION]: UNKNOWN }],
		['nothing of n8n answers', {}],
	])('is not, where %s', async (_, given) => {
		answers = given;
		await expect(checkReachable(context, url)).rejects.toThrow('Let n8n reach itself');
	});
});
