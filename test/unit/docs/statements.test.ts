import { readdirSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { sampleEvent, type PostedEvent } from '../../../emulator';
import { LIMITS } from '../../../nodes/SendGrid/actions/email/limits';
import { DEFAULT_PATIENCE } from '../../../nodes/SendGrid/api/retry';
import { neededScope } from '../../../nodes/SendGrid/api/scopes';
import { DEFAULT_LEDGER_LIMITS } from '../../../nodes/SendGrid/events/ledger';
import { normalizeEvent } from '../../../nodes/SendGrid/events/normalize';
import { MAX_CLOCK_SKEW_SECONDS } from '../../../nodes/SendGrid/events/receivePost';
import { DEFAULT_MAX_AGE_MINUTES } from '../../../nodes/SendGrid/trigger/properties';
import { FORMER_KEY_LIFETIME_MS } from '../../../nodes/SendGrid/trigger/registration/storedRegistration';
import { PROJECT, readText } from '../../support/documentation';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const count = (value: number) => value.toLocaleString('en');

const sources = readdirSync(path.join(PROJECT, 'nodes'), { recursive: true, encoding: 'utf8' })
	.filter((file) => file.endsWith('.ts'))
	.map((file) => readText(path.join('nodes', file)))
	.join('\n');

/** A constant that its file keeps to itself; of several values the first. @throws unless there is one */
function constant(name: string): number {
	const definition = new RegExp(`^const ${name} = (?:\\[|\\{ \\w+: )?([\\d_* ]+)[,;\\]]`, 'gm');
	const found = [...sources.matchAll(definition)];
	if (found.length !== 1) throw new Error(`${name} is defined ${found.length} times`);
	return vm.runInNewContext(found[0]![1]!) as number;
}

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** What pages say in figures, made from what the nodes do. */
const FIGURES: Array<[page: string, text: string]> = [
	['guarantees', `for at least ${DEFAULT_LEDGER_LIMITS.maxAgeMs / HOUR_MS} hours`],
	['guarantees', `until ${count(DEFAULT_LEDGER_LIMITS.maxKeys)} newer ones have come`],
	['guarantees', `it remembers about the last ${count(constant('MAX_VALUES'))}.`],
	['guarantees', `The database keeps ${count(constant('MAX_ROOM'))} more places`],
	[
		'guarantees',
		`at least ${count(Math.floor((constant('MAX_VALUES') + constant('MAX_ROOM')) / 3000) * 1000)} events`,
	],
	['guarantees', `For ${WORDS[MAX_CLOCK_SKEW_SECONDS / 60]} minutes after a start`],
	[
		'guarantees',
		`up to ${count(constant('MAX_EVENTS_PER_BATCH'))} events and ${constant('MAX_SIZE_OF_BATCH') / 1e6} MB`,
	],
	['guarantees', `For ${WORDS[constant('APART_MS') / MINUTE_MS]} minutes after a failure`],
	['guarantees', `takes posts for ${DEFAULT_MAX_AGE_MINUTES / 60 - 0.5} and a half hours`],
	[
		'guarantees',
		DEFAULT_LEDGER_LIMITS.maxInFlightMs === HOUR_MS ? 'without a time-out it takes an hour' : '',
	],
	[
		'performance',
		`at least ${constant('MIN_GATHERING_MS') / 1000} and at most ${constant('MAX_GATHERING_MS') / 1000} seconds`,
	],
	['performance', `The row in the database holds ${count(constant('MAX_VALUES'))} keys`],
	[
		'automatic-or-manual-setup',
		`the former one is accepted for ${FORMER_KEY_LIFETIME_MS / HOUR_MS} hours`,
	],
	['automatic-or-manual-setup', `after ${constant('REMOVAL_DELAYS_MS') / 1000} seconds`],
	[
		'troubleshooting',
		`${WORDS[constant('MAX_ATTEMPTS')]} tries, ${WORDS[DEFAULT_PATIENCE / MINUTE_MS]} minutes of waiting at most`,
	],
	['troubleshooting', `signed more than ${MAX_CLOCK_SKEW_SECONDS / 60} minutes in the future`],
	['migrating-from-the-sendgrid-node', `up to ${LIMITS.categories}`],
	['migrating-from-the-sendgrid-node', `Up to ${LIMITS.recipients} recipients in a call`],
	['send-and-wait', `of the ${count(LIMITS.customArgsBytes)} that a mail has for custom args`],
	[
		'contacts',
		`calls of ${count(constant('MAX_CONTACTS'))} contacts or ${constant('MAX_BYTES') / 1e6} MB`,
	],
	['contacts', `the ${constant('NEWEST')} newest contacts`],
	['email-activity', `SendGrid gives ${constant('MOST_AT_ONCE')} messages at most`],
];

test.each(FIGURES)('docs/%s.md says "%s"', (page, text) => {
	expect(text).not.toBe('');
	expect(readText(`docs/${page}.md`)).toContain(text);
});

test.each([
	['POST', '/v3/user/webhooks/event/settings'],
	['POST', '/v3/user/webhooks/event/test'],
	['POST', '/v3/mail/batch'],
	['POST', '/v3/user/scheduled_sends'],
	['GET', '/v3/templates'],
	['GET', '/v3/asm/groups'],
	['POST', '/v3/asm/groups/1/suppressions'],
	['GET', '/v3/asm/suppressions/global/ann@example.com'],
	['GET', '/v3/suppression/bounces'],
	['GET', '/v3/ips/pools'],
	['GET', '/v3/marketing/contacts'],
	['PUT', '/v3/marketing/contacts'],
	['GET', '/v3/stats'],
	['GET', '/v3/categories/stats'],
	['GET', '/v3/messages'],
	['POST', '/v3/validations/email'],
])('docs/sendgrid-setup.md has the permission for %s %s', (method, call) => {
	const { scopes, permission } = neededScope(method, call)!;
	const rows = readText('docs/sendgrid-setup.md')
		.replaceAll('**', '')
		.split('\n')
		.filter((line) => line.startsWith('|') && line.includes(permission));
	const [beginning, action] = [/^\w+/, /\w+$/].map((part) => part.exec(scopes[0]!)![0]);
	const named = rows
		.join()
		.match(/`[\w.]+`/g)!
		.map((scope) => scope.slice(1, -1));
	expect(
		named.some(
			(scope) =>
				scopes.includes(scope) || scopes.includes(`${scope}.${action}`) || scope === beginning,
		),
	).toBe(true);
});

describe('docs/from-a-webhook-node.md', () => {
	const rows = [...readText('docs/from-a-webhook-node.md').matchAll(/^\| (.*`.*) \| (.*) \|$/gm)]
		.map(([, before, now]) => [before!, now!].map(expressionsIn))
		.filter(([before]) => before!.length > 0);

	/** What an expression of the table gives for an item. */
	const evaluate = (expression: string, $json: unknown) =>
		vm.runInNewContext(expression, { $json }) as unknown;

	/** What the table says of the value itself. */
	const CHANGES: Record<string, (value: unknown) => unknown> = {
		'$json.timestamp': (seconds) => new Date((seconds as number) * 1000).toISOString(),
		'$json.category': (value) => [value].flat(),
		'$json.type': (type) => (type === 'blocked' ? 'block' : 'hard'),
	};

	const samples: PostedEvent[] = [
		sampleEvent('click', { contactId: '42' }),
		sampleEvent('open', { contactId: '42', category: ['a', 'b'] }),
		sampleEvent('bounce', { contactId: '42' }),
		sampleEvent('bounce', { contactId: '42', type: 'blocked' }),
	];

	it.each(rows)('%s becomes %s', (before, now) => {
		let compared = 0;
		before!.forEach((expression, at) => {
			for (const raw of samples) {
				const value = evaluate(expression, raw);
				if (value === undefined) continue;
				const became = evaluate(now![at] ?? expression, normalizeEvent(raw));
				expect(became).toEqual(CHANGES[expression]?.(value) ?? value);
				compared++;
			}
		});
		expect(compared).toBeGreaterThan(0);
	});

	it('has a row for each field that changes its name', () => {
		expect(rows.length).toBeGreaterThan(7);
	});
});

/** `{{ $json.event }}` in a cell, without its braces. */
function expressionsIn(cell: string): string[] {
	return [...cell.matchAll(/\{\{ (.*?) \}\}/g)].map(([, expression]) => expression!);
}
