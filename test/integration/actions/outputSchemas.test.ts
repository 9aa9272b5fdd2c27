import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { INodeParameters } from 'n8n-workflow';
import { DEFAULT_API_KEY, sampleEvent, SendGridEmulator } from '../../../emulator';
import { RESOURCES } from '../../../nodes/SendGrid/actions/resources';
import { schemaOf } from '../../../scripts/docs/outputSchemas';
import { outputOf } from '../support/runSendGridEmail';

/**
 * Writes the files anew instead of failing; format them with "npm run lint:fix" then:
 *
 *   OUTPUT_SCHEMAS=write npm run test:integration -- outputSchemas
 */
const WRITES = process.env.OUTPUT_SCHEMAS === 'write';

const FOLDER = path.resolve(__dirname, '../../../nodes/SendGrid/__schema__/v1.0.0');

/** Email Validation takes no other key. */
const VALIDATION_KEY = 'SG.validation';
const ADDRESS = 'ann@example.com';
const LISTED = ['bounces', 'blocks', 'invalid_emails', 'spam_reports', 'unsubscribes'] as const;

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({
		apiKeys: [
			{ key: DEFAULT_API_KEY },
			{ key: VALIDATION_KEY, scopes: ['validations.email.create'] },
		],
	});
});
afterEach(async () => await sendGrid.stop());

const account = () => sendGrid.account();
const byId = (id: string | number): INodeParameters => ({ __rl: true, mode: 'id', value: id });

/** A contact with all that SendGrid keeps of one, but for the custom fields, which are the user's. */
function contact() {
	const { contactBook } = account();
	const list = contactBook.addList('Newsletter');
	const fields = { first_name: 'Ann', last_name: 'Lee', phone_number: '1', country: 'IT' };
	const alternate_emails = ['ann.lee@example.com'];
	const added = contactBook.put(ADDRESS, { fields, alternate_emails, list_ids: [list.id] });
	return { list, id: added.contact.id };
}

function job(parameters: INodeParameters = {}): INodeParameters {
	contact();
	return { email: ADDRESS, contact: ADDRESS, contacts: ADDRESS, wait: true, ...parameters };
}

const listed = (): INodeParameters => ({ listId: byId(contact().list.id), name: 'Customers' });

function suppressed(parameters: INodeParameters = {}): INodeParameters {
	const why = { reason: '550 5.1.1', status: '5.1.1', ip: '192.0.2.1' };
	for (const list of LISTED) account().addSuppression(list, { email: ADDRESS, ...why });
	const group = account().addGroup({ name: 'News', description: 'Our news' });
	group.suppressed.set(ADDRESS, account().seconds());
	return { email: ADDRESS, ...parameters };
}

function webhook(parameters: INodeParameters = {}): INodeParameters {
	const { id } = account().addWebhook({
		url: 'http://127.0.0.1:9/sendgrid',
		friendly_name: 'CRM',
		account_status_change: true,
		oauth_client_id: 'sendgrid',
		oauth_token_url: 'https://auth.example.com/token',
	});
	return { webhookId: byId(id), ...parameters };
}

function batch(): INodeParameters {
	account().batchIds.add('batch');
	account().scheduledSends.set('batch', 'pause');
	return { batchId: 'batch' };
}

const template = (): INodeParameters => ({
	templateId: byId(account().addTemplate({ name: 'Receipt' }).id),
});

function message(): INodeParameters {
	const ofMessage = { sg_message_id: 'm.1', email: ADDRESS, timestamp: account().seconds() };
	for (const name of ['open', 'click', 'bounce'] as const) {
		account().emailActivity.record(sampleEvent(name, ofMessage));
	}
	return { messageId: 'm' };
}

/** What is there when an operation runs, and its parameters. */
const SCENES: Readonly<Record<string, () => INodeParameters>> = {
	'contact/upsert': job,
	'contact/get': job,
	'contact/getAll': job,
	'contact/search': () => job({ query: `email = '${ADDRESS}'` }),
	'contact/getJob': () => {
		const { contactBook } = account();
		return { jobId: contactBook.startJob('upsert', () => ({ requested_count: 1 })).id };
	},
	'contact/delete': job,
	'contact/deleteAll': () => job({ confirmation: 'delete all contacts' }),
	'list/getAll': listed,
	'list/get': () => ({ ...listed(), contactSample: true }),
	'list/create': () => ({ name: 'Newsletter' }),
	'list/update': listed,
	'list/delete': () => ({ ...listed(), deleteContacts: true }),
	'list/addContacts': () => ({ ...listed(), ...job() }),
	'list/removeContacts': () => ({ ...listed(), contacts: ADDRESS }),
	'suppression/check': suppressed,
	'suppression/getAll': suppressed,
	'suppression/add': () => ({
		...suppressed({ list: 'groupUnsubscribes' }),
		groupId: byId(account().groups[0]!.id),
	}),
	'suppression/remove': () => ({
		...suppressed({ list: 'groupUnsubscribes' }),
		groupId: byId(account().groups[0]!.id),
	}),
	'eventWebhook/getAll': webhook,
	'eventWebhook/get': webhook,
	'eventWebhook/create': () => ({ url: 'https://crm.example.com/sendgrid', events: ['open'] }),
	'eventWebhook/update': () => webhook({ updateFields: { enabled: true } }),
	'eventWebhook/sendTest': webhook,
	'eventWebhook/rotateKey': webhook,
	'eventWebhook/delete': webhook,
	'scheduledSend/get': batch,
	'scheduledSend/getAll': batch,
	'scheduledSend/pause': batch,
	'scheduledSend/cancel': batch,
	'scheduledSend/resume': batch,
	'scheduledSend/validateBatchId': batch,
	'template/getAll': template,
	'template/get': template,
	'stats/get': () => ({ startDate: new Date().toISOString() }),
	'emailActivity/getAll': message,
	'emailActivity/get': message,
	'emailValidation/validate': () => ({ email: 'admin@gmial.com', source: 'signup' }),
	'unsubscribeGroup/getAll': suppressed,
	'unsubscribeGroup/create': () => ({ name: 'News', description: 'Our news' }),
	'verifiedSender/getAll': () => {
		account().addVerifiedSender({ from_email: ADDRESS, from_name: 'Ann' });
		return {};
	},
};

/** The operations of Email are described in scripts/docs/outputSchemas.ts. */
const operations = RESOURCES.filter(({ option }) => option.value !== 'email').flatMap(
	({ option: { value: resource }, operations: of }) =>
		of.map(({ option }) => ({ resource: resource as string, operation: option.value as string })),
);

describe('what n8n shows of the output before a run', () => {
	it.each(operations)('of $resource $operation is what comes out', async (chosen) => {
		const { resource, operation } = chosen;
		const scene = SCENES[`${resource}/${operation}`];
		if (!scene) throw new Error(`Say in SCENES how to run ${resource}/${operation}`);
		const apiKey = resource === 'emailValidation' ? VALIDATION_KEY : DEFAULT_API_KEY;
		const items = await outputOf(sendGrid, { ...chosen, ...scene() }, { apiKey });
		expect(items.length).toBeGreaterThan(0);

		const schema = { ...schemaOf(items), version: 1 };
		const file = path.join(FOLDER, resource, `${operation}.json`);
		if (WRITES) {
			mkdirSync(path.dirname(file), { recursive: true });
			writeFileSync(file, JSON.stringify(schema));
		}
		expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(schema);
	});
});
