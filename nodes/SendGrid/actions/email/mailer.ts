import type { Client } from '@sendgrid/client';
import { MailService } from '@sendgrid/mail';
import { NodeApiError, sleep, type IExecuteFunctions } from 'n8n-workflow';
import { mayHaveActed, sendGridRequest, type SendGridResponse } from '../../api/sendGridRequest';
import { toMailData, type Message, type Personalization } from './mail';
import { Pace } from './pace';
import type { CallSettings } from './settingFields';

/** What SendGrid says of a mail it accepted. */
export interface Receipt {
	statusCode: number;
	/** All recipients of the request share it; the events about them carry it as `messageId`. */
	messageId?: string;
}

/** SendGrid's own mail builder, with n8n's HTTP helper in place of its HTTP client. */
export class Mailer {
	/** Slows down for all mail when SendGrid's rate limit is reached. */
	readonly pace: Pace;
	private readonly service = new MailService();

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly settings: CallSettings = { sendAgain: false, parallelRequests: 1 },
	) {
		this.pace = new Pace(settings.parallelRequests, { now: Date.now, sleep });
		// Of the library's request only the body counts: it also passes the mail's own headers on as
		// headers of the HTTP request, which they are not.
		const client: Pick<Client, 'request'> = {
			request: async ({ body }) => [(await this.post(body as object)) as never, {}],
		};
		this.service.setClient(client as Client);
	}

	/**
	 * @throws NodeApiError if SendGrid did not accept the mail; `context.mayHaveBeenSent` is true if
	 * nobody can tell whether it did
	 */
	async send(message: Message, personalizations: Personalization[]): Promise<Receipt> {
		const data = await toMailData(message, personalizations);
		const [{ statusCode, headers }] = await this.service.send(data).catch((error: unknown) => {
			if (error instanceof NodeApiError) error.context.mayHaveBeenSent = mayHaveActed(error);
			throw error;
		});
		return { statusCode, messageId: (headers as Record<string, string>)['x-message-id'] };
	}

	/** Asks for an id under which scheduled mail can be paused and cancelled. */
	async createBatchId(): Promise<string> {
		const { body } = await sendGridRequest<{ batch_id: string }>(this.context, {
			method: 'POST',
			path: '/v3/mail/batch',
			// An id that nobody uses does no harm.
			repeatAfterServerError: true,
			onRateLimit: (wait) => this.pace.slowDown(wait),
		});
		return body.batch_id;
	}

	private async post(body: object): Promise<SendGridResponse<unknown>> {
		return await sendGridRequest(this.context, {
			method: 'POST',
			path: '/v3/mail/send',
			body,
			repeatAfterServerError: this.settings.sendAgain,
			onRateLimit: (wait) => this.pace.slowDown(wait),
		});
	}
}
