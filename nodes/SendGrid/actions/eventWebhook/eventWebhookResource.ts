import type { Resource } from '../operation';
import { create } from './create';
import { deleteWebhook } from './delete';
import { get } from './get';
import { getAll } from './getAll';
import { rotateKey } from './rotateKey';
import { sendTest } from './sendTest';
import { update } from './update';

/** SendGrid's own settings of where it posts events: to look at and to tidy up. */
export const eventWebhookResource: Resource = {
	option: {
		name: 'Event Webhook',
		value: 'eventWebhook',
		description: 'Where SendGrid posts its events: list, change, test and delete webhooks',
	},
	defaultOperation: getAll,
	operations: [getAll, get, create, update, sendTest, rotateKey, deleteWebhook],
};
