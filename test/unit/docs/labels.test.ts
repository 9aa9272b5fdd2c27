import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';
import { SendGridEventsApi } from '../../../credentials/SendGridEventsApi.credentials';
import { RESOURCES } from '../../../nodes/SendGrid/actions/resources';
import { SendGridEmail } from '../../../nodes/SendGrid/SendGridEmail.node';
import { SendGridEmailTrigger } from '../../../nodes/SendGrid/SendGridEmailTrigger.node';
import {
	N8N_LABELS,
	OLD_N8N_LABELS,
	PAGES,
	PROJECT,
	readText,
	withoutFences,
} from '../../support/documentation';

/** What SendGrid's documentation calls the parts of its pages. No test can look at those. */
const SENDGRID_LABELS = [
	'30 Days Additional Email Activity History',
	'API Keys',
	'Account Details',
	'Activity',
	'Authenticate Your Domain',
	'Create & View',
	'Create API Key',
	'Create new webhook',
	'Custom Access',
	'Enable Signed Event Webhook',
	'Event Notification',
	'Event Webhooks',
	'Full Access',
	'Mail Send',
	'Mail Settings',
	'Post URL',
	'Restricted Access',
	'Save',
	'Scheduled Sends',
	'Security features',
	'Sender Authentication',
	'Settings',
	'Subuser Management',
	'Switch User',
	'Test Integration',
	'Tracking',
	'Verification Key',
	'Verify a Single Sender',
	// Lines in the table of permissions.
	'Email Activity',
	'Email Address Validation',
	'IP Management',
	'Marketing',
	'Stats',
	'Suppressions',
	'Template Engine',
];

/** What n8n makes of the names below: proposals, triggers in its list, a button; outputs of the trigger. */
const named = new Set<string>([
	...['SendGrid Events account', 'Postgres account', 'On open', 'Connect to SendGrid Events'],
	...['Other', 'Problems'],
]);

/** A label, also without the unit that some have in parentheses. */
function add(label: string): void {
	named.add(label).add(label.replace(/ \([^)]*\)$/, ''));
}

function collect(properties: readonly INodeProperties[]): void {
	for (const { displayName, options = [], placeholder, typeOptions, modes = [] } of properties) {
		for (const label of [displayName, placeholder, typeOptions?.multipleValueButtonText]) {
			if (label) add(label);
		}
		for (const { displayName: mode } of modes) named.add(mode);
		for (const option of options) {
			if ('values' in option) {
				add((option as INodePropertyCollection).displayName);
				collect((option as INodePropertyCollection).values);
			} else if ('type' in option) {
				collect([option as INodeProperties]);
			} else {
				const { name, action } = option as INodePropertyOptions;
				for (const label of [name, action]) if (label) add(label);
			}
		}
	}
}

const nodes = [new SendGridEmail().description, new SendGridEmailTrigger().description];
for (const { displayName, properties } of nodes) {
	named.add(displayName);
	collect(properties);
}
const credential = new SendGridEventsApi();
named.add(credential.displayName);
collect(credential.properties);
for (const { option, operations } of RESOURCES) {
	for (const operation of operations) named.add(`${option.name}: ${operation.option.name}`);
}

/** Files of examples, whose titles the pages name as well. */
const examples = readdirSync(path.join(PROJECT, 'examples'));

const known = new Set([...named, ...SENDGRID_LABELS, ...N8N_LABELS, ...OLD_N8N_LABELS]);

/** `Settings > Tracking` names two; `Setup: Manual` a field and what to choose there. */
function isKnown(label: string): boolean {
	return (
		known.has(label) ||
		label.split(' > ').every((part) => known.has(part)) ||
		label.split(': ').every((part) => known.has(part)) ||
		examples.some((file) => file.startsWith(label.toLowerCase().replaceAll(' ', '-')))
	);
}

/**
 * What a page has in bold or in italics and in capitals. Where a line begins in bold, that says what
 * the line is about.
 */
function labelsOf(markdown: string): string[] {
	const text = withoutFences(markdown).replace(/`[^`\n]*`/g, '`');
	const bold = text.matchAll(/(?<!^ *(?:[-|>]|\d+\.)? ?)\*\*([^*\n]+)\*\*/gm);
	const italic = text.matchAll(/(?<![\w*])_([A-Z][^_\n]*)_(?!\w)/g);
	return [...bold, ...italic].map(([, label]) => label!).filter((label) => /^[A-Z]/.test(label));
}

/** Pages for users; the others speak to those who change the code. */
const pages = PAGES.filter((page) => !['CONTRIBUTING.md', 'CHANGELOG.md'].includes(page));

describe.each(pages)('%s', (page) => {
	it('names fields, choices and buttons as they are called', () => {
		expect(labelsOf(readText(page)).filter((label) => !isKnown(label))).toEqual([]);
	});
});

it.each([
	'_Friendly Names_',
	'Choose **Setup: Automatical** there',
	'| a | **Sending Option > Footer** |',
])('finds that %s is called otherwise', (text) => {
	expect(labelsOf(text).filter((label) => !isKnown(label))).toHaveLength(1);
});
