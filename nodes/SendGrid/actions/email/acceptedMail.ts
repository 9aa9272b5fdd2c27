import type { IDataObject } from 'n8n-workflow';
import { isoFromUnix } from '../../fields/moment';
import type { Message, Personalization } from './mail';
import type { Receipt } from './mailer';

/** The output of an item whose mail SendGrid accepted. */
export function acceptedMail(
	{ statusCode, messageId }: Receipt,
	{ batchId, sendAt }: Message,
	personalizations: Personalization[],
): IDataObject {
	return {
		accepted: true,
		...(messageId !== undefined && { messageId }),
		to: personalizations.flatMap(({ to }) => to.map(({ email }) => email)),
		statusCode,
		...(sendAt !== undefined && { sendAt: isoFromUnix(sendAt) }),
		...(batchId !== undefined && { batchId }),
	};
}
