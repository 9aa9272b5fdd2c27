import { contactResource } from './contact/contactResource';
import { emailActivityResource } from './emailActivity/emailActivityResource';
import { emailResource } from './email/emailResource';
import { emailValidationResource } from './emailValidation/emailValidationResource';
import { eventWebhookResource } from './eventWebhook/eventWebhookResource';
import { listResource } from './list/listResource';
import type { Resource } from './operation';
import { scheduledSendResource } from './scheduledSend/scheduledSendResource';
import { statsResource } from './stats/statsResource';
import { suppressionResource } from './suppression/suppressionResource';
import { templateResource } from './template/templateResource';
import { unsubscribeGroupResource } from './unsubscribeGroup/unsubscribeGroupResource';
import { verifiedSenderResource } from './verifiedSender/verifiedSenderResource';

/** What SendGrid Email can do, in the order of its Resource list. */
export const RESOURCES: Resource[] = [
	emailResource,
	contactResource,
	listResource,
	suppressionResource,
	eventWebhookResource,
	scheduledSendResource,
	templateResource,
	statsResource,
	emailActivityResource,
	emailValidationResource,
	unsubscribeGroupResource,
	verifiedSenderResource,
];
