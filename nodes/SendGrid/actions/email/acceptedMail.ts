import type { IDataObject } from 'n8n-workflow';
import { isoFromUnix } from '../../fields/moment';
import type { Message, Personalization } from './mail';
import type { Receipt } from './mailer';

/** The output of an item whose mail SendGrid accepted. */
export function acceptedMail(
	{ statusCode, messageId }: Receipt,
	message: Message,
	personalizations: Personalization[],
): IDataObject {
	const { batchId } = message;
	const sendAt = personalizations[0]?.sendAt ?? message.sendAt;
	return {
		accepted: true,
		...(messageId !== undefined && { messageId }),
		to: personalizations.flatMap(({ to }) => to.map(({ email }) => email)),
		statusCode,
		...(isSandbox(message) && { sandbox: true }),
		...(sendAt !== undefined && { sendAt: isoFromUnix(sendAt) }),
		...(batchId !== undefined && { batchId }),
	};
}

/** Whether SendGrid only checks the mail. */
function isSandbox({ mailSettings }: Message): boolean {
	return 'sandboxMode' in mailSettings;
}
