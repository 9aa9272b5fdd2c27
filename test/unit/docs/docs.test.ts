import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { SendGridEventsApi } from '../../../credentials/SendGridEventsApi.credentials';
import { RESOURCES } from '../../../nodes/SendGrid/actions/resources';
import { SendGridEmail } from '../../../nodes/SendGrid/SendGridEmail.node';
import { PAGES, PROJECT, readText as read, withoutFences } from '../../support/documentation';

const REPOSITORY = 'https://github.com/n8n-nodes-sendgrid-events/n8n-nodes-sendgrid-events';

/** The targets of all links and images outside of code. */
function targetsOf(markdown: string): string[] {
	const text = withoutFences(markdown).replace(/`[^`\n]*`/g, '');
	return [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
		([, link, attribute]) => (link ?? attribute)!,
	);
}

/** The anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(markdown: string): string[] {
	return [...withoutFences(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
		heading!
			.toLowerCase()
			.replace(/[^\p{L}\p{N}\s_-]/gu, '')
			.replace(/\s/g, '-'),
	);
}

/** What is wrong with a target, or nothing. */
function problemWith(target: string, page: string): string | undefined {
	if (/^[a-z]+:/.test(target)) return undefined;
	const [file = '', anchor] = target.split('#');
	const linked = path.join(file === '' ? page : path.join(path.dirname(page), file));
	if (!existsSync(path.join(PROJECT, linked))) return `${target}: there is no ${linked}`;
	if (anchor === undefined || anchorsOf(read(linked)).includes(anchor)) return undefined;
	return `${target}: ${linked} has no heading for #${anchor}`;
}

describe('the documentation', () => {
	it('fits the source where it is made from it', async () => {
		const script = path.join(PROJECT, 'scripts/docs/write.ts');
		// In a process of its own: Prettier, which makes the tables, cannot be loaded by jest.
		await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--check'], {
			cwd: PROJECT,
		});
	}, 60_000);

	it.each(RESOURCES)(
		'names every operation of $option.name in the README',
		({ option, operations }) => {
			const row =
				read('README.md').match(new RegExp(`^\\| ${option.name} +\\|.*$`, 'm'))?.[0] ?? '';
			const named = [...row.matchAll(/\*\*(.+?)\*\*/g)].map(([, name]) => name);
			expect(named.sort()).toEqual(operations.map((operation) => operation.option.name).sort());
		},
	);

	it('describes the fields of every resource', () => {
		const { properties } = new SendGridEmail().description;
		const resources = properties.find(({ name }) => name === 'resource')!.options!;
		const headings = resources.map(({ name }) => `\n## SendGrid Email: ${name}\n`);
		expect(headings.filter((heading) => !read('docs/fields.md').includes(heading))).toEqual([]);
	});

	it.each(PAGES)('%s links to nothing that is not there', (page) => {
		const problems = targetsOf(read(page)).map((target) => problemWith(target, page));
		expect(problems.filter(Boolean)).toEqual([]);
	});

	it('shows every picture that there is', () => {
		const shown = PAGES.flatMap((page) =>
			targetsOf(read(page)).map((target) => path.join(path.dirname(page), target)),
		);
		const pictures = readdirSync(path.join(PROJECT, 'docs/images'));
		expect(pictures.filter((file) => !shown.includes(path.join('docs/images', file)))).toEqual([]);
	});

	it('quotes messages as the nodes say them', () => {
		const sources = readdirSync(path.join(PROJECT, 'nodes'), { recursive: true, encoding: 'utf8' })
			.filter((file) => file.endsWith('.ts'))
			.map((file) => read(path.join('nodes', file)))
			.join('\n')
			.replaceAll("\\'", "'");
		const headings = [...read('docs/troubleshooting.md').matchAll(/^### "(.*)"$/gm)];
		// In the README, the rows that are not about a message say where something is seen.
		const [, table] = read('README.md').split('## When something does not work');
		const rows = [...table!.split('\n## ')[0]!.matchAll(/^\| (.*?) +\|/gm)]
			.slice(2)
			.filter(([, seen]) => !/^(?:n8n's log|Events) /.test(seen!));
		expect(rows.length).toBeGreaterThan(4);
		const fragments = [...headings, ...rows].flatMap(([, message]) =>
			message!.split(/\s*…\s*/).filter(Boolean),
		);
		expect(fragments.length).toBeGreaterThan(25);
		expect(fragments.filter((fragment) => !sources.includes(fragment))).toEqual([]);
	});

	it('is where the nodes and the credential say it is', () => {
		const codexFiles = ['SendGridEmailTrigger', 'SendGridEmail'].map((node) =>
			read(`nodes/SendGrid/${node}.node.json`),
		);
		const urls = [
			new SendGridEventsApi().documentationUrl,
			...codexFiles.flatMap((text) => [...text.matchAll(/https:[^"]+/g)].map(([url]) => url)),
		];
		const missing = urls.filter((url) => {
			const prefix = `${REPOSITORY}/blob/main/`;
			return !url.startsWith(prefix) || problemWith(url.slice(prefix.length), 'README.md');
		});
		expect(urls.length).toBeGreaterThan(3);
		expect(missing).toEqual([]);
	});
});
