import { neededScope } from '../../../nodes/SendGrid/api/scopes';

describe('the permission behind a call', () => {
	it.each([
		['POST', '/v3/mail/send', ['mail.send']],
		['POST', '/v3/mail/batch', ['mail.batch.create']],
		['GET', '/v3/mail/batch/abc', ['mail.batch.read']],
		['PATCH', '/v3/user/scheduled_sends/abc', ['user.scheduled_sends.update']],
		['POST', '/v3/user/webhooks/event/test', ['user.webhooks.event.test.create']],
		['GET', '/v3/user/webhooks/event/settings/all', ['user.webhooks.event.settings.read']],
		[
			'PATCH',
			'/v3/user/webhooks/event/settings/signed/id',
			['user.webhooks.event.settings.update'],
		],
		['DELETE', '/v3/suppression/bounces', ['suppression.bounces.delete']],
		['GET', '/v3/suppression/unsubscribes', ['suppression.unsubscribes.read']],
		['GET', '/v3/asm/groups', ['asm.groups.read']],
		['POST', '/v3/asm/groups/7/suppressions', ['asm.groups.suppressions.create']],
		['GET', '/v3/asm/suppressions/ann@example.com', ['asm.groups.suppressions.read']],
		['POST', '/v3/asm/suppressions/global', ['asm.suppressions.global.create']],
		['GET', '/v3/templates/d-1', ['templates.read']],
		['GET', '/v3/stats', ['stats.read']],
		['GET', '/v3/marketing/lists', ['marketing.read', 'marketing_campaigns.read']],
		['PUT', '/v3/marketing/contacts', ['marketing_campaigns.update']],
		['GET', '/v3/categories/stats', ['categories.stats.read']],
	])('%s %s needs %j', (method, path, scopes) => {
		expect(neededScope(method, path)?.scopes).toEqual(scopes);
	});

	it.each(['POST', 'DELETE'])(
		'names update as well for %s of a webhook: older keys have only read and update',
		(method) => {
			expect(neededScope(method, '/v3/user/webhooks/event/settings')?.scopes).toContain(
				'user.webhooks.event.settings.update',
			);
		},
	);

	it('says where to click', () => {
		expect(neededScope('GET', '/v3/user/webhooks/event/settings/all')?.permission).toBe(
			'Mail Settings > Event Notification',
		);
	});

	it('claims nothing about paths without a documented scope', () => {
		expect(neededScope('GET', '/v3/verified_senders')).toBeUndefined();
	});
});
