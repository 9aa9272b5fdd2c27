/** An address with an optional name. */
export interface Address {
	email: string;
	name?: string;
}

/** One personalization of a mail: who gets it, and what differs for them. */
export interface Personalization {
	to: Address[];
	cc?: Address[];
	bcc?: Address[];
	from?: Address;
	subject?: string;
	headers?: Record<string, string>;
	substitutions?: Record<string, string>;
	dynamic_template_data?: Record<string, unknown>;
	custom_args?: Record<string, string>;
	send_at?: number;
}

interface Switch {
	enable?: boolean;
}

/** The body of `POST /v3/mail/send`, as far as it was found valid. */
export interface MailBody {
	personalizations: Personalization[];
	from: Address;
	reply_to?: Address;
	reply_to_list?: Address[];
	subject?: string;
	content?: Array<{ type: string; value: string }>;
	attachments?: Array<{
		content: string;
		filename: string;
		type?: string;
		disposition?: 'inline' | 'attachment';
		content_id?: string;
	}>;
	template_id?: string;
	sections?: Record<string, string>;
	headers?: Record<string, string>;
	categories?: string[];
	custom_args?: Record<string, string>;
	send_at?: number;
	batch_id?: string;
	asm?: { group_id: number; groups_to_display?: number[] };
	ip_pool_name?: string;
	mail_settings?: {
		bypass_list_management?: Switch;
		bypass_spam_management?: Switch;
		bypass_bounce_management?: Switch;
		bypass_unsubscribe_management?: Switch;
		footer?: Switch & { text?: string; html?: string };
		sandbox_mode?: Switch;
	};
	tracking_settings?: Record<string, Switch & Record<string, unknown>>;
}

/** A mail that was accepted with 202. */
export interface AcceptedMail {
	/** As answered in `X-Message-Id`. */
	messageId: string;
	body: MailBody;
	/** Unix milliseconds. */
	acceptedAt: number;
}
