import type { Message, Personalization } from '../../../../nodes/SendGrid/actions/email/mail';

/** A valid message, for tests that break or add one thing. */
export function aMessage(changes: Partial<Message> = {}): Message {
	return {
		from: { email: 'ann@example.com' },
		replyTo: [],
		text: 'Hello',
		html: '',
		moreContent: [],
		templateId: '',
		attachments: [],
		categories: [],
		ipPool: '',
		mailSettings: {},
		trackingSettings: {},
		...changes,
	};
}

/** A valid personalization, likewise. */
export function aPersonalization(changes: Partial<Personalization> = {}): Personalization {
	return {
		to: [{ email: 'bob@example.com' }],
		cc: [],
		bcc: [],
		subject: 'Hi',
		headers: {},
		customArgs: {},
		templateData: {},
		substitutions: {},
		...changes,
	};
}

/** A file of so many bytes. */
export function anAttachment(bytes = 3, changes: Partial<Message['attachments'][number]> = {}) {
	const content = Buffer.alloc(bytes, 'x').toString('base64');
	return {
		filename: 'note.txt',
		type: 'text/plain',
		source: content,
		base64Length: content.length,
		load: async () => content,
		...changes,
	};
}
