import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sampleEvent } from '../../emulator';
import type { EventName } from '../../nodes/SendGrid/events/eventTypes';
import { simplifyEvent } from '../../nodes/SendGrid/events/normalize';
import type { WorkflowDefinition } from '../../scripts/n8n/N8nClient';
import { TRIGGER_TYPE } from '../../scripts/n8n/workflow';

const FOLDER = path.resolve(__dirname, '../../examples');

const examples = readdirSync(FOLDER)
	.filter((file) => file.endsWith('.json'))
	.map((file) => {
		const content = readFileSync(path.join(FOLDER, file), 'utf8');
		return [file, JSON.parse(content) as WorkflowDefinition] as const;
	});

/** Fields that notes name beside nodes. */
const FIELDS = ['Since'];

/** The trigger of an example if it has one output: n8n pins no data to nodes with several. */
function triggerOf({ nodes }: WorkflowDefinition) {
	return nodes.find(
		({ type, parameters: { output, options } }) =>
			type === TRIGGER_TYPE &&
			output !== 'perEvent' &&
			(options as { reportProblems?: boolean } | undefined)?.reportProblems !== true,
	);
}

describe.each(
	examples.filter(([, example]) => {
		const name = triggerOf(example)?.name;
		return name !== undefined && name in example.connections;
	}),
)('%s', (_file, example) => {
	const { name, parameters } = triggerOf(example)!;
	const pinned = example.pinData?.[name] ?? [];

	it('can be tried before there is a credential, with events that are pinned', () => {
		expect(pinned.length).toBeGreaterThan(1);
		const chosen = (parameters.events as string[] | undefined) ?? ['open', 'click', 'bounce'];
		expect(pinned.filter(({ json }) => !chosen.includes(json.event as string))).toEqual([]);
	});

	it('has pinned what the trigger emits', () => {
		for (const { json } of pinned) {
			const emitted = simplifyEvent(sampleEvent(json.event as EventName));
			expect(Object.keys(json)).toEqual(Object.keys(emitted));
		}
	});
});

describe.each(examples)('the note of %s', (_file, { name, nodes }) => {
	const notes = nodes.filter(({ type }) => type === 'n8n-nodes-base.stickyNote');
	const text = notes.map(({ parameters }) => parameters.content as string).join('\n');

	it('says what the workflow is, and names nodes that it has', () => {
		expect(text).toContain(`## ${name}\n`);
		const titles = examples.map(([, example]) => example.name);
		// A step begins with what it is about; n8n's fields and emphasis stand alone.
		const named = [...text.matchAll(/(?<!^\d\. )\*\*([A-Z][^*]+)\*\*/gm)].map(([, node]) => node!);
		const known = [...nodes.map((node) => node.name), ...titles, ...FIELDS];
		expect(named.filter((node) => !known.includes(node))).toEqual([]);
	});

	it('leads to files that there are', () => {
		const files = [...text.matchAll(/examples\/(sql\/[\w-]+\.sql)|`([\w-]+\.json)`/g)].map(
			([, sql, json]) => sql ?? json!,
		);
		expect(files.filter((file) => !existsSync(path.join(FOLDER, file)))).toEqual([]);
	});
});
