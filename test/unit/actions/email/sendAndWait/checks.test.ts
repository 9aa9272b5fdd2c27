import { unreceived } from '../../../../../nodes/SendGrid/actions/email/sendAndWait/checks';
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
