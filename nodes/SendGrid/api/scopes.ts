/** Which permission stands before a part of SendGrid's API. */
interface ScopeRule {
	/** Matched against the path after `/v3/`; the first rule that fits counts. */
	path: RegExp;
	/** The scope without its last part, the action. */
	scope: string;
	/** Its place under Settings > API Keys > Edit API Key > Custom Access. */
	permission: string;
	/** What the permission is to be had with, if most accounts lack that. */
	condition?: string;
	/** What to do in place of adding the permission to the key, in whole sentences. */
	remedy?: string;
}

const SCOPE_RULES: readonly ScopeRule[] = [
	{ path: /^mail\/batch/, scope: 'mail.batch', permission: 'Mail Send' },
	{
		path: /^user\/scheduled_sends/,
		scope: 'user.scheduled_sends',
		permission: 'Mail Send > Scheduled Sends',
	},
	{
		path: /^user\/webhooks\/event\/test/,
		scope: 'user.webhooks.event.test',
		permission: 'Mail Settings > Event Notification',
	},
	{
		path: /^user\/webhooks\/event\/settings/,
		scope: 'user.webhooks.event.settings',
		permission: 'Mail Settings > Event Notification',
	},
	{ path: /^suppression\/bounces/, scope: 'suppression.bounces', permission: 'Suppressions' },
	{ path: /^suppression\/blocks/, scope: 'suppression.blocks', permission: 'Suppressions' },
	{
		path: /^suppression\/invalid_emails/,
		scope: 'suppression.invalid_emails',
		permission: 'Suppressions',
	},
	{
		path: /^suppression\/spam_reports/,
		scope: 'suppression.spam_reports',
		permission: 'Suppressions',
	},
	{
		path: /^suppression\/unsubscribes/,
		scope: 'suppression.unsubscribes',
		permission: 'Suppressions',
	},
	{
		path: /^asm\/suppressions\/global/,
		scope: 'asm.suppressions.global',
		permission: 'Suppressions',
	},
	{
		path: /^asm\/(?:groups\/[^/]+\/)?suppressions/,
		scope: 'asm.groups.suppressions',
		permission: 'Suppressions',
	},
	{ path: /^asm\/groups/, scope: 'asm.groups', permission: 'Suppressions' },
	{ path: /^templates/, scope: 'templates', permission: 'Template Engine' },
	{ path: /^categories\/stats/, scope: 'categories.stats', permission: 'Stats' },
	{ path: /^stats/, scope: 'stats', permission: 'Stats' },
	{
		path: /^messages/,
		scope: 'messages',
		permission: 'Email Activity',
		condition: "get SendGrid's add-on for email activity",
		remedy:
			'Buy the add-on "30 Days Additional Email Activity History" in SendGrid, unless the account has it. Then open Settings > API Keys, edit the key and give it Full Access, or Custom Access with Email Activity: a key from before the add-on lacks it.',
	},
	{
		path: /^validations\/email/,
		scope: 'validations.email',
		permission: 'Email Address Validation',
		remedy:
			'Make a key of its own kind: in SendGrid, open Settings > API Keys, click Create API Key and choose Email Address Validation. Full Access does not include it, and only Pro and Premier plans offer it. In n8n, put it into a credential of its own.',
	},
	{ path: /^marketing\//, scope: 'marketing_campaigns', permission: 'Marketing' },
	{ path: /^ips\/pools/, scope: 'ips.pools', permission: 'IP Management' },
];

const ACTIONS: Readonly<Record<string, string>> = {
	GET: 'read',
	POST: 'create',
	PUT: 'update',
	PATCH: 'update',
	DELETE: 'delete',
};

/** The permission that a call needs. */
export interface NeededScope {
	/** One of these is enough. */
	scopes: string[];
	/** Its place under Settings > API Keys > Edit API Key > Custom Access. */
	permission: string;
	/** What the permission is to be had with, if most accounts lack that. */
	condition?: string;
	/** What to do in place of adding the permission to the key, in whole sentences. */
	remedy?: string;
}

/**
 * Names the permission behind a call, for the message of a 403; `undefined` where SendGrid
 * documents no scope.
 *
 * @param path starts with `/v3/`
 * @see https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions
 */
export function neededScope(method: string, path: string): NeededScope | undefined {
	const withoutVersion = path.replace(/^\/v3\//, '');
	// The one scope without an action.
	if (withoutVersion === 'mail/send') return { scopes: ['mail.send'], permission: 'Mail Send' };

	const rule = SCOPE_RULES.find((candidate) => candidate.path.test(withoutVersion));
	if (rule === undefined) return undefined;
	const scopes = [`${rule.scope}.${ACTIONS[method] ?? 'read'}`];
	// Keys from before accounts could have several webhooks know only read and update here.
	if (rule.scope === 'user.webhooks.event.settings' && /^(?:POST|DELETE)$/.test(method)) {
		scopes.push(`${rule.scope}.update`);
	}
	if (rule.scope === 'marketing_campaigns' && method === 'GET') scopes.unshift('marketing.read');
	const { permission, condition, remedy } = rule;
	return { scopes, permission, condition, remedy };
}
