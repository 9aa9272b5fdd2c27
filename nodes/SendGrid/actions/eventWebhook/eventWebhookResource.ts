import type { Resource } from '../operation';
import { deleteWebhook } from './delete';
import { get } from './get';
import { getAll } from './getAll';
import { rotateKey } from './rotateKey';
import { sendTest } from './sendTest';

/** SendGrid's own settings of where it posts events: to look at and to tidy up. */
export const eventWebhookResource: Resource = {
	option: {
		name: 'Event Webhook',
		value: 'eventWebhook',
		description: 'See, test and tidy up where SendGrid posts its events',
	},
	operations: [getAll, get, sendTest, rotateKey, deleteWebhook],
};
