import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { INode } from 'n8n-workflow';
import { DEFAULT_API_KEY, SendGridEmulator } from '../../emulator';
import { N8nClient, type Workflow } from '../../scripts/n8n/N8nClient';
import { N8nInstance } from '../../scripts/n8n/N8nInstance';
import { n8nVersions } from '../../scripts/n8n/runtime';
import { chain, node, withCredential } from '../../scripts/n8n/workflow';
import { name as packageName } from '../../package.json';
import { inTurn, median } from '../support/measure';
import { computedMs } from '../support/processUse';
import type { Figure, Suite } from './support/report';

/** SendGrid's answer to a mail, in milliseconds. */
const LATENCY_MS = 20;

const OURS = 10_000;
/** n8n's own node sends one mail after the other: ten thousand would take minutes. */
const THEIRS = 300;
/** Different mails, one by one. */
const ONE_BY_ONE = 200;
const ROUNDS = 3;

/** The expressions of Send Many and Edit Fields. */
interface Expressions {
	to: string;
	templateData: string;
}
/** Fields of the item, which can be looked up. */
const FIELDS: Expressions = {
	to: '={{ $json.email }}',
	templateData: '={{ { name: $json.name } }}',
};
/** What n8n has to evaluate. */
const FUNCTIONS: Expressions = {
	to: '={{ $json.email.trim() }}',
	templateData: '={{ { name: $json.name.trim() } }}',
};

const SIZES = [1_000, 10_000, 100_000];

/** Mail beside what n8n brings along, in a real n8n, to the stand-in for SendGrid. */
export async function sending(): Promise<Suite> {
	return await inN8n(async (sender, version) => ({
		title: `Sending, in n8n ${version}`,
		how:
			`The stand-in for SendGrid answers after ${LATENCY_MS} ms. Time of the whole workflow, from ` +
			'the call of its webhook with a list of recipients to its end; nothing is saved. n8n’s own ' +
			`node sends ${THEIRS} mails, ours ${OURS.toLocaleString('en')}. Edit Fields and Send Many ` +
			'evaluate the same two expressions for each item; of their times, that of the same workflow ' +
			'with a node that does nothing is taken off.',
		figures: [
			...(await sender.compareWithEditFields()),
			...(await sender.compare()),
			...(await sender.compareOneByOne()),
		],
	}));
}

/** Time and memory of Send Many for more and more items. */
export async function sendingGrowth(): Promise<Suite> {
	return await inN8n(async (sender, version) => ({
		title: `Sending more and more, in n8n ${version}`,
		how: `As above, ours only.`,
		figures: await sender.growth(),
	}));
}

async function inN8n(measure: (sender: Sender, version: string) => Promise<Suite>): Promise<Suite> {
	const [version] = n8nVersions;
	const sendGrid = await SendGridEmulator.start({ latencyMs: LATENCY_MS, mailEvents: false });
	const instance = await N8nInstance.start({
		version: version!,
		env: {
			// n8n's own node knows one address only.
			NODE_OPTIONS: `--require=${path.resolve('test/bench/support/redirectSendGrid.cjs')}`,
			SENDGRID_STAND_IN: sendGrid.url,
		},
	});
	try {
		const client = await N8nClient.setUpOwner(instance.url);
		return await measure(new Sender(sendGrid, instance, client), version!);
	} finally {
		await instance.stop();
		await sendGrid.stop();
	}
}

class Sender {
	private readonly template: { id: string };

	constructor(
		private readonly sendGrid: SendGridEmulator,
		private readonly instance: N8nInstance,
		private readonly client: N8nClient,
	) {
		this.template = sendGrid.account().addTemplate({ name: 'Newsletter' });
	}

	async compare(): Promise<Figure[]> {
		const ours = await this.publish('Send Many', await this.sendMany());
		const theirs = await this.publish("n8n's SendGrid node", await this.n8nsOwn());
		await this.send(ours, 100);
		await this.send(theirs, 10);
		const rates = { ours: [] as number[], theirs: [] as number[] };
		let requests = 0;
		for (let round = 0; round < ROUNDS; round++) {
			const sent = await this.send(ours, OURS);
			requests = sent.requests;
			rates.ours.push(OURS / sent.seconds);
			rates.theirs.push(THEIRS / (await this.send(theirs, THEIRS)).seconds);
		}
		const rival = { name: "n8n's own SendGrid node", value: median(rates.theirs) };
		return [
			{
				what: 'Mails to recipients of one template',
				ours: median(rates.ours),
				unit: 'mails/s',
				rival,
				ratio: { value: median(rates.ours) / rival.value, bar: { atLeast: 30 } },
			},
			{
				what: `API calls for ${OURS.toLocaleString('en')} mails`,
				ours: requests,
				unit: 'calls',
				rival: { name: rival.name, value: OURS },
				bar: { atMost: 10 },
			},
		];
	}

	/** Send Many beside a node that does no more than evaluate the same expressions. */
	async compareWithEditFields(): Promise<Figure[]> {
		return [
			...(await this.besideEditFields('fields of the item', FIELDS)),
			...(await this.besideEditFields('functions', FUNCTIONS)),
		];
	}

	private async besideEditFields(what: string, expressions: Expressions): Promise<Figure[]> {
		const workflows = {
			sendMany: await this.publish(`Send Many, ${what}`, await this.sendMany(expressions)),
			editFields: await this.publish(`Edit Fields, ${what}`, editFields(expressions)),
			nothing: await this.publish('Nothing', node('Nothing', 'n8n-nodes-base.noOp')),
		};
		const names = Object.keys(workflows) as Array<keyof typeof workflows>;
		const run = async (name: (typeof names)[number], count: number) =>
			await this.send(workflows[name], count, name === 'sendMany' ? count : 0);
		for (const name of names) await run(name, 1000);
		const cpu = { sendMany: [] as number[], editFields: [] as number[], nothing: [] as number[] };
		const seconds = await inTurn(names, ROUNDS, async (name) => {
			const taken = await run(name, OURS);
			cpu[name].push(taken.cpuMs / 1000);
			return taken.seconds;
		});
		const figure = (label: string, times: typeof seconds): Figure => {
			const ours = times.sendMany - times.nothing;
			const rival = { name: 'Edit Fields', value: times.editFields - times.nothing };
			return { what: label, ours, unit: 's', rival, ratio: { value: ours / rival.value } };
		};
		const time = figure(`Send Many, ${OURS.toLocaleString('en')} items, ${what}`, seconds);
		time.ratio!.bar = { atMost: 1.3 };
		const cpuSeconds = {
			sendMany: median(cpu.sendMany),
			editFields: median(cpu.editFields),
			nothing: median(cpu.nothing),
		};
		return [time, figure('… CPU of n8n', cpuSeconds)];
	}

	/** The operation Send beside n8n's own node: a call for each mail on both sides. */
	async compareOneByOne(): Promise<Figure[]> {
		const workflows = {
			fields: await this.publish('Send', await this.sendOneByOne('=Hello {{ $json.name }}')),
			functions: await this.publish(
				'Send, with functions',
				await this.sendOneByOne('={{ "Hello " + $json.name.trim() }}'),
			),
			theirs: await this.publish("n8n's SendGrid node, one by one", await this.n8nsOwn()),
		};
		const names = Object.keys(workflows) as Array<keyof typeof workflows>;
		for (const name of names) await this.send(workflows[name], 20);
		const cpu = { fields: [] as number[], functions: [] as number[], theirs: [] as number[] };
		const rates = await inTurn(names, ROUNDS, async (name) => {
			const { seconds, cpuMs } = await this.send(workflows[name], ONE_BY_ONE);
			cpu[name].push(cpuMs / ONE_BY_ONE);
			return ONE_BY_ONE / seconds;
		});
		const beside = "n8n's own SendGrid node";
		const speed = (what: string, ours: number): Figure => ({
			what,
			ours,
			unit: 'mails/s',
			rival: { name: beside, value: rates.theirs },
			ratio: { value: ours / rates.theirs, bar: { atLeast: 4 } },
		});
		const costs = (ours: number[]): Figure => ({
			what: '… CPU of n8n',
			ours: median(ours),
			unit: 'ms/mail',
			rival: { name: beside, value: median(cpu.theirs) },
			ratio: { value: median(ours) / median(cpu.theirs) },
		});
		return [
			speed('Different mails one by one (Send)', rates.fields),
			costs(cpu.fields),
			speed('… with functions in their expressions', rates.functions),
			costs(cpu.functions),
		];
	}

	/** Time and memory for more and more items: they should grow no faster than the items. */
	async growth(): Promise<Figure[]> {
		const workflow = await this.publish('Send Many, growing', await this.sendMany());
		const figures: Figure[] = [];
		await this.send(workflow, SIZES[0]!);
		let first: { seconds: number } | undefined;
		for (const size of SIZES) {
			const { seconds } = await this.send(workflow, size);
			first ??= { seconds };
			figures.push({
				what: `Send Many, ${size.toLocaleString('en')} items`,
				ours: seconds,
				unit: 's',
				rival: { name: `in proportion to ${SIZES[0]}`, value: (first.seconds * size) / SIZES[0]! },
				ratio: { value: seconds / ((first.seconds * size) / SIZES[0]!), bar: { atMost: 1.5 } },
			});
			const peak = await this.peakMemory();
			if (peak !== undefined) {
				figures.push({
					what: `Highest memory of n8n after ${size.toLocaleString('en')} items`,
					ours: peak,
					unit: 'MB',
				});
			}
		}
		return figures;
	}

	/**
	 * Calls a workflow with so many recipients and waits for its end.
	 *
	 * @param mails how many it has to send
	 */
	private async send(
		{ nodes }: Workflow,
		count: number,
		mails = count,
	): Promise<{ seconds: number; cpuMs: number; requests: number }> {
		this.sendGrid.requests.length = 0;
		const mailsBefore = this.sendGrid.mails.length;
		const recipients = Array.from({ length: count }, (_, index) => ({
			email: `recipient${index}@example.com`,
			name: `Recipient ${index}`,
		}));
		const body = JSON.stringify({ recipients });
		const cpuBefore = await computedMs(this.instance.processId!);
		const start = performance.now();
		const response = await fetch(`${this.instance.url}/webhook/${nodes[0]!.webhookId}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body,
		});
		const answer = await response.text();
		const seconds = (performance.now() - start) / 1000;
		const cpuMs = (await computedMs(this.instance.processId!)) - cpuBefore;
		const sent = this.sendGrid.mails
			.slice(mailsBefore)
			.flatMap(({ body }) => body.personalizations as unknown[]);
		if (!response.ok || sent.length !== mails) {
			throw new Error(`${sent.length} of ${mails} mails were sent: ${response.status} ${answer}`);
		}
		return { seconds, cpuMs, requests: this.sendGrid.requests.length };
	}

	private async publish(name: string, send: INode): Promise<Workflow> {
		const webhookId = randomUUID();
		const start = node(
			'Webhook',
			'n8n-nodes-base.webhook',
			{
				httpMethod: 'POST',
				path: webhookId,
				responseMode: 'lastNode',
				responseData: 'noData',
			},
			{ typeVersion: 2, webhookId },
		);
		const split = node('Recipients', 'n8n-nodes-base.splitOut', {
			fieldToSplitOut: 'body.recipients',
		});
		const workflow = await this.client.createWorkflow({
			...chain(name, start, split, send),
			settings: { saveDataSuccessExecution: 'none' },
		});
		await this.client.activate(workflow.id);
		return workflow;
	}

	private async sendMany({ to, templateData } = FIELDS): Promise<INode> {
		const credential = await this.client.createCredential('Stand-in', 'sendGridEventsApi', {
			apiKey: DEFAULT_API_KEY,
			region: 'custom',
			baseUrl: this.sendGrid.url,
		});
		return node(
			'Send',
			`${packageName}.sendGridEmail`,
			{
				resource: 'email',
				operation: 'sendMany',
				from: 'shop@example.com',
				to,
				content: 'template',
				templateId: this.template.id,
				templateData,
			},
			withCredential(credential),
		);
	}

	/** @param words the subject and the text, with an expression */
	private async sendOneByOne(words: string): Promise<INode> {
		const { parameters, ...node } = await this.sendMany();
		return {
			...node,
			parameters: {
				...parameters,
				operation: 'send',
				content: 'message',
				subject: words,
				text: `${words}!`,
			},
		};
	}

	private async n8nsOwn(): Promise<INode> {
		const credential = await this.client.createCredential('Theirs', 'sendGridApi', {
			apiKey: DEFAULT_API_KEY,
		});
		return node(
			'Send',
			'n8n-nodes-base.sendGrid',
			{
				resource: 'mail',
				operation: 'send',
				fromEmail: 'shop@example.com',
				fromName: 'Shop',
				toEmail: '={{ $json.email }}',
				dynamicTemplate: true,
				templateId: this.template.id,
				dynamicTemplateFields: { fields: [{ key: 'name', value: '={{ $json.name }}' }] },
			},
			withCredential(credential),
		);
	}

	/** The kernel's high-water mark, in megabytes; `undefined` where there is none to read. */
	private async peakMemory(): Promise<number | undefined> {
		try {
			const status = await readFile(`/proc/${this.instance.processId}/status`, 'utf8');
			return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) / 1000;
		} catch {
			return undefined;
		}
	}
}

/** n8n's node that evaluates what Send Many evaluates for each item. */
function editFields({ to, templateData }: Expressions): INode {
	const assignments = [
		{ id: randomUUID(), name: 'to', type: 'string', value: to },
		{ id: randomUUID(), name: 'templateData', type: 'object', value: templateData },
	];
	return node(
		'Edit Fields',
		'n8n-nodes-base.set',
		{ assignments: { assignments }, options: {} },
		{ typeVersion: 3.4 },
	);
}
