import { randomBytes, randomUUID } from 'node:crypto';
import { ContactBook } from './contactBook';
import { EmailActivity } from './emailActivity';
import { EVENT_TYPES, type WebhookFlag } from './eventTypes';
import type { SigningKey } from './signing';
import { Statistics } from './statistics';

export const WEBHOOK_FLAGS: readonly WebhookFlag[] = Object.values(EVENT_TYPES).map(
	({ flag }) => flag,
);

/** Settings of an Event Webhook that its owner chooses. */
export interface WebhookSettings extends Record<WebhookFlag, boolean> {
	url: string;
	enabled: boolean;
	friendly_name: string;
	oauth_client_id: string;
	oauth_client_secret: string;
	oauth_token_url: string;
}

/** An Event Webhook of an account. */
export interface Webhook extends WebhookSettings {
	readonly id: string;
	/** ISO 8601 without milliseconds; `null` for a webhook from before SendGrid had several. */
	created_date: string | null;
	updated_date: string;
	/** There while signing is on. */
	signingKey?: SigningKey;
	/** Beyond what the billing plan allows: cannot be changed any more. */
	locked: boolean;
}

/** The lists under `/v3/suppression`; `unsubscribes` is the global one. */
export type SuppressionList =
	'bounces' | 'blocks' | 'invalid_emails' | 'spam_reports' | 'unsubscribes';

/** An address on a suppression list; which members it has depends on the list. */
export interface Suppression {
	email: string;
	/** Unix seconds. */
	created: number;
	reason?: string;
	status?: string;
	ip?: string;
}

/** An unsubscribe group and who left it: address to Unix seconds. */
export interface UnsubscribeGroup {
	id: number;
	name: string;
	description: string;
	is_default: boolean;
	readonly suppressed: Map<string, number>;
}

export interface TemplateVersion {
	id: string;
	template_id: string;
	active: 0 | 1;
	name: string;
	subject: string;
	html_content: string;
	plain_content: string;
	generate_plain_content: boolean;
	editor: 'code' | 'design';
	test_data: string;
	updated_at: string;
}

export interface Template {
	id: string;
	name: string;
	generation: 'legacy' | 'dynamic';
	updated_at: string;
	versions: TemplateVersion[];
}

export interface VerifiedSender {
	id: number;
	nickname: string;
	from_email: string;
	from_name: string;
	reply_to: string;
	reply_to_name: string;
	address: string;
	address2: string;
	state: string;
	city: string;
	zip: string;
	country: string;
	verified: boolean;
	locked: boolean;
}

/** What the owner of a webhook gets without asking for more. */
const WEBHOOK_DEFAULTS: WebhookSettings = {
	...(Object.fromEntries(WEBHOOK_FLAGS.map((flag) => [flag, false])) as Record<
		WebhookFlag,
		boolean
	>),
	url: '',
	enabled: false,
	friendly_name: '',
	oauth_client_id: '',
	oauth_client_secret: '',
	oauth_token_url: '',
};

/** Everything SendGrid keeps for one account or subuser. The `add…` methods fill it for a test. */
export class Account {
	readonly webhooks: Webhook[] = [];
	readonly suppressions: Readonly<Record<SuppressionList, Suppression[]>> = {
		bounces: [],
		blocks: [],
		invalid_emails: [],
		spam_reports: [],
		unsubscribes: [],
	};
	readonly groups: UnsubscribeGroup[] = [];
	readonly templates: Template[] = [];
	readonly verifiedSenders: VerifiedSender[] = [];
	readonly ipPools: string[] = [];
	readonly batchIds = new Set<string>();
	/** Batch id to what was decided about it. */
	readonly scheduledSends = new Map<string, 'pause' | 'cancel'>();
	readonly statistics = new Statistics();
	readonly emailActivity = new EmailActivity();
	readonly contactBook = new ContactBook(() => this.isoDate());

	/**
	 * @param name the subuser's name, or `''` for the account that owns the API keys
	 * @param now the clock, in milliseconds
	 */
	constructor(
		readonly name: string,
		readonly now: () => number,
	) {}

	/** Unix seconds. */
	seconds(): number {
		return Math.floor(this.now() / 1000);
	}

	addWebhook(settings: Partial<Omit<Webhook, 'id'>> & { url: string }): Webhook {
		const date = this.isoDate();
		const webhook: Webhook = {
			...WEBHOOK_DEFAULTS,
			created_date: date,
			updated_date: date,
			locked: false,
			...settings,
			id: randomUUID(),
		};
		this.webhooks.push(webhook);
		return webhook;
	}

	/** Puts an address on a list, once; an address that is there already stays as it is. */
	addSuppression(
		list: SuppressionList,
		suppression: Partial<Suppression> & { email: string },
	): void {
		const entries = this.suppressions[list];
		if (entries.some(({ email }) => sameAddress(email, suppression.email))) return;
		entries.push({ created: this.seconds(), ...suppression });
	}

	addGroup(
		group: Partial<Omit<UnsubscribeGroup, 'suppressed'>> & { name: string },
	): UnsubscribeGroup {
		const added: UnsubscribeGroup = {
			id: 1 + Math.max(100, ...this.groups.map(({ id }) => id)),
			description: '',
			is_default: false,
			...group,
			suppressed: new Map(),
		};
		this.groups.push(added);
		return added;
	}

	/**
	 * Adds a template with one active version; dynamic unless said otherwise. What it shows needs no
	 * data, unless the version says so.
	 */
	addTemplate(
		template: Partial<Omit<Template, 'versions'>> & { name: string },
		version: Partial<TemplateVersion> = {},
	): Template {
		const generation = template.generation ?? 'dynamic';
		const id = generation === 'dynamic' ? `d-${randomBytes(16).toString('hex')}` : randomUUID();
		const updated_at = this.isoDate().slice(0, 19).replace('T', ' ');
		const added: Template = { id, generation, updated_at, ...template, versions: [] };
		added.versions.push({
			id: randomUUID(),
			template_id: added.id,
			active: 1,
			name: 'Version 1',
			subject: template.name,
			html_content: '<p>Hello {{insert name "default=there"}}</p>',
			plain_content: 'Hello {{insert name "default=there"}}',
			generate_plain_content: true,
			editor: 'code',
			test_data: '{}',
			updated_at,
			...version,
		});
		this.templates.push(added);
		return added;
	}

	addVerifiedSender(sender: Partial<VerifiedSender> & { from_email: string }): VerifiedSender {
		const added: VerifiedSender = {
			id: 1 + Math.max(1000, ...this.verifiedSenders.map(({ id }) => id)),
			nickname: sender.from_email,
			from_name: '',
			reply_to: sender.from_email,
			reply_to_name: '',
			address: '1234 Fake St.',
			address2: '',
			state: 'CA',
			city: 'San Francisco',
			zip: '94105',
			country: 'United States',
			verified: true,
			locked: false,
			...sender,
		};
		this.verifiedSenders.push(added);
		return added;
	}

	/** Now, as SendGrid writes dates: ISO 8601 in UTC, in whole seconds. */
	isoDate(): string {
		return `${new Date(this.now()).toISOString().slice(0, 19)}Z`;
	}
}

/** SendGrid compares recipients without regard to case. */
export function sameAddress(a: string, b: string): boolean {
	return a.toLowerCase() === b.toLowerCase();
}
