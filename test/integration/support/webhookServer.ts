import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import express, { type Request, type Response } from 'express';
import type { ExecutionError, INodeExecutionData, INodeType } from 'n8n-workflow';
import type { TestWorkflow } from './n8nContexts';

/** What one post started: the items of the trigger, by output, once it has run. */
export type Started = INodeExecutionData[][];

/** n8n numbers the executions of all processes in one row. */
let executionCount = 1000;

export interface WebhookServerOptions {
	workflow: TestWorkflow;
	trigger: INodeType;
	/** The trigger in the worker of queue mode: its module in another process. Left out, the same. */
	worker?: INodeType;
	/** The rest of the workflow; when it throws, the run has failed. */
	continueWith?: (outputs: Started) => Promise<void> | void;
	/** Somebody listens for a test event. */
	isTest?: boolean;
	/** What n8n says, with 200, instead of running the workflow; `undefined` when it does. */
	refusesToRun?: () => string | undefined;
	/** What happens in n8n before it calls the node, and when it has stored the execution. */
	onCall?: () => void;
	onStored?: () => Promise<void> | void;
	/** An n8n that does not let nodes know when an execution ends. */
	withoutHooks?: boolean;
}

/**
 * Answers posts as n8n does around a trigger: `webhook()` first, then, if that started something,
 * `execute()` and the rest of the workflow, with n8n's answer before or after by `acknowledge`.
 */
export class WebhookServer {
	/** What was started, in order. */
	readonly started: Started[] = [];
	/** Whether posts from this machine reach it at the address that they have come to. */
	hasWayToItself = true;
	private server?: ReturnType<ReturnType<typeof express>['listen']>;
	private readonly runs = new Set<Promise<unknown>>();
	/** A node may answer first and start something then. */
	private readonly calls = new Set<Promise<unknown>>();

	constructor(private readonly options: WebhookServerOptions) {}

	async listen(): Promise<string> {
		const app = express();
		app.post('/events', async (request, response) => {
			const call = this.handle(request, response);
			this.calls.add(call);
			await call;
		});
		const server = app.listen(0, '127.0.0.1');
		this.server = server;
		await new Promise((resolve) => server.once('listening', resolve));
		return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
	}

	/** Resolves when no call and no run is under way. */
	async idle(): Promise<void> {
		await Promise.allSettled(this.calls);
		await Promise.allSettled(this.runs);
	}

	/** What n8n does first when it is stopped: it serves only the connections that are open. */
	stopListening(): void {
		this.server?.close();
	}

	async close(): Promise<void> {
		await this.idle();
		this.server?.closeAllConnections();
		await new Promise((resolve) => this.server?.close(resolve));
	}

	private async handle(request: Request, response: Response): Promise<void> {
		const { workflow, trigger } = this.options;
		Object.assign(request, parsedRequest(request.headers['content-type'], await buffer(request)));
		if (!this.hasWayToItself) request.originalUrl = '/elsewhere';
		const { isTest, onCall, onStored } = this.options;
		onCall?.();
		const context = workflow.webhookContext(request as never, response as never, { isTest });
		const { noWebhookResponse, workflowData } = await trigger.webhook!.call(context);
		if (workflowData === undefined) return;

		await this.store(workflowData[0]!);
		await onStored?.();
		const refusal = this.options.refusesToRun?.();
		if (refusal !== undefined) {
			response.status(200).json({ message: refusal });
			return;
		}
		const run = this.run(workflowData[0]!);
		this.runs.add(run);
		// The node has answered by itself.
		if (noWebhookResponse) return;
		if (workflow.node.parameters.acknowledge !== 'lastNode') {
			// Before the trigger is run: n8n has much to prepare for that.
			response.status(200).end();
			return;
		}
		await run.then(
			() => response.status(200).end(),
			() => response.status(500).end(),
		);
	}

	/** n8n answers, and goes on, once the execution is in its database. */
	private async store(input: INodeExecutionData[]): Promise<void> {
		const { N8N_USER_FOLDER = '' } = process.env;
		await writeFile(path.join(N8N_USER_FOLDER, 'execution.json'), JSON.stringify(input));
	}

	private async run(input: INodeExecutionData[]): Promise<void> {
		await new Promise(setImmediate);
		const {
			workflow,
			trigger,
			worker = trigger,
			continueWith,
			isTest,
			withoutHooks,
		} = this.options;
		const { context, end } = workflow.execution(input, {
			mode: isTest ? 'manual' : 'webhook',
			id: String(++executionCount),
			hasHooks: !withoutHooks,
		});
		const outputs = (await worker.execute!.call(context)) as Started;
		this.started.push(outputs);
		try {
			await continueWith?.(outputs);
		} catch (error) {
			await end({ error: error as ExecutionError });
			throw error;
		}
		await end();
	}
}

/** What n8n adds to a request before it calls the node. */
function parsedRequest(header: string | undefined, rawBody: Buffer) {
	const [contentType, charset = 'charset=utf-8'] = (header ?? '').toLowerCase().split(/; ?/);
	const encoding = charset.split('=')[1] as BufferEncoding;
	if (contentType !== 'application/json') return { rawBody, contentType, encoding };
	return {
		rawBody,
		contentType,
		encoding,
		body: JSON.parse(rawBody.toString(encoding)) as unknown,
	};
}
