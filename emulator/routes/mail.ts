import { randomBytes } from 'node:crypto';
import { ApiError, commonError } from '../apiError';
import type { MailBody } from '../mail';
import { validateMail } from '../mailSchema';
import { route } from '../router';
import type { Call, Reply, Route } from '../router';

/** "The total size of your email, including attachments, must be less than 30MB": the strict sense. */
const MAX_MAIL_BYTES = 30_000_000;
const BATCH = ['mail.batch.create', 'mail.batch.read', 'mail.batch.update', 'mail.batch.delete'];

/** Sending mail, and the ids that group mail so that it can be cancelled. */
export const mailRoutes: readonly Route[] = [
	route('POST', '/v3/mail/send', ['mail.send'], send),
	route('POST', '/v3/mail/batch', BATCH, createBatch),
	route('GET', '/v3/mail/batch/:id', BATCH, readBatch),
];

function send({ request, account, services }: Call): Reply {
	// SendGrid has no sending on behalf of a subuser: that takes the subuser's own key.
	if (account.name !== '') throw commonError(403);
	if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw commonError(415);
	if (request.bytes >= MAX_MAIL_BYTES) throw commonError(413);
	const errors = validateMail(request.body, account);
	if (errors.length > 0) throw new ApiError(400, errors);
	const mail = request.body as MailBody;
	checkSender(mail, services.verifiedSenders);
	if (mail.mail_settings?.sandbox_mode?.enable) return { status: 200 };
	const { messageId } = services.acceptMail(mail);
	return { status: 202, headers: { 'X-Message-Id': messageId } };
}

function checkSender(mail: MailBody, verified: readonly string[] | undefined): void {
	if (!verified) return;
	const senders = [mail.from, ...mail.personalizations.flatMap(({ from }) => from ?? [])];
	const allowed = verified.map((sender) => sender.toLowerCase());
	const known = senders.every(({ email }) => {
		const address = email.toLowerCase();
		return allowed.includes(address) || allowed.includes(address.slice(address.lastIndexOf('@')));
	});
	if (known) return;
	throw new ApiError(403, [
		{
			message:
				'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity requirements',
			field: 'from',
			help: null,
		},
	]);
}

function createBatch({ account }: Call): Reply {
	const batchId = randomBytes(24).toString('base64url');
	account.batchIds.add(batchId);
	return { status: 201, body: { batch_id: batchId } };
}

function readBatch({ account, params }: Call): Reply {
	const batchId = params['id']!;
	if (!account.batchIds.has(batchId)) throw new ApiError(400, 'invalid batch id');
	return { status: 200, body: { batch_id: batchId } };
}
