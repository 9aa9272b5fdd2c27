import './n8nEnvironment';
import type { Request, Response } from 'express';
import {
	ExecuteContext,
	ExecutionLifecycleHooks,
	HookContext,
	LoadOptionsContext,
	SupplyDataContext,
	WebhookContext,
	WorkflowExecute,
} from 'n8n-core';
import {
	createRunExecutionData,
	ICredentialsHelper,
	NodeConnectionTypes,
	NodeHelpers,
	Workflow,
	type ICredentialDataDecryptedObject,
	type ICredentials,
	type IDataObject,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type INodeProperties,
	type INodeType,
	type INodeTypes,
	type IRun,
	type IRunExecutionData,
	type ITaskData,
	type IWebhookData,
	type IWorkflowBase,
	type IWorkflowExecuteAdditionalData,
	type IWorkflowSettings,
	type WorkflowActivateMode,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { SendGridEventsApi } from '../../../credentials/SendGridEventsApi.credentials';

/** Where the n8n of the tests claims to be reachable; nothing listens there. */
export const N8N_URL = 'https://127.0.0.1:1';

const credentialType = new SendGridEventsApi();

/** Does for our one credential type what n8n's own helper does for credentials in its database. */
class TestCredentialsHelper extends ICredentialsHelper {
	constructor(private readonly data: ICredentialDataDecryptedObject) {
		super();
	}

	getParentTypes(): string[] {
		return [];
	}

	isCredentialUsableByNode(): boolean {
		return true;
	}

	getCredentialsProperties(): INodeProperties[] {
		return credentialType.properties;
	}

	async getDecrypted(): Promise<ICredentialDataDecryptedObject> {
		return NodeHelpers.getNodeParameters(
			credentialType.properties,
			this.data as INodeParameters,
			true,
			false,
			null,
			null,
		) as ICredentialDataDecryptedObject;
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		_type: string,
		options: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> {
		return await credentialType.authenticate(credentials, options);
	}

	async preAuthentication(): Promise<undefined> {}

	async runPreAuthentication(): Promise<undefined> {}

	async getCredentials(): Promise<ICredentials> {
		throw new Error('Only decrypted credentials exist in these tests');
	}

	async updateCredentials(): Promise<void> {
		throw new Error('Credentials do not change in these tests');
	}

	async updateCredentialsOauthTokenData(): Promise<void> {
		throw new Error('Credentials do not change in these tests');
	}
}

export interface TestWorkflowOptions {
	nodeType: INodeType;
	/** Parameters that differ from the node's defaults. */
	parameters?: INodeParameters;
	/** The fields of the credential; without them the node has none. */
	credentials?: ICredentialDataDecryptedObject;
	workflowName?: string;
	nodeName?: string;
	nodeId?: string;
	workflowId?: string;
	settings?: IWorkflowSettings;
	/** Why n8n publishes the workflow; default `activate`. */
	activation?: WorkflowActivateMode;
	webhookId?: string;
	/** What n8n has saved for the workflow: `{ 'node:<name>': … }`. */
	staticData?: IDataObject;
	/** For a node that tells others where its execution waits. */
	executionId?: string;
	/** Where this n8n can be reached; without it, where nothing listens. */
	url?: string;
}

/** A workflow with one node, and the real contexts in which n8n-core would run that node. */
export class TestWorkflow {
	readonly node: INode;
	readonly workflow: Workflow;
	private readonly additionalData: IWorkflowExecuteAdditionalData;

	private readonly activation: WorkflowActivateMode;

	constructor(options: TestWorkflowOptions) {
		this.activation = options.activation ?? 'activate';
		const { description } = options.nodeType;
		const node: INode = {
			id: options.nodeId ?? 'node-id',
			name: options.nodeName ?? description.displayName,
			type: `n8n-nodes-sendgrid-events.${description.name}`,
			typeVersion: [description.version].flat().at(-1) ?? 1,
			position: [0, 0],
			parameters: options.parameters ?? {},
			webhookId: options.webhookId ?? '3d5c0b6e-6f0a-4ad5-9c5b-a6a1c0a3e111',
			...(options.credentials && {
				credentials: { [credentialType.name]: { id: '1', name: credentialType.displayName } },
			}),
		};
		const nodeTypes: INodeTypes = {
			getByName: () => options.nodeType,
			getByNameAndVersion: () => options.nodeType,
			getKnownTypes: () => ({}),
		};
		this.workflow = new Workflow({
			id: options.workflowId ?? 'workflow-id',
			name: options.workflowName ?? 'Newsletter',
			nodes: [node],
			connections: {},
			active: false,
			nodeTypes,
			staticData: options.staticData ?? {},
			settings: options.settings,
		});
		// The workflow's own copy has the defaults of the node filled in.
		this.node = this.workflow.getNode(node.name) as INode;
		const { url = N8N_URL } = options;
		this.additionalData = {
			credentialsHelper: new TestCredentialsHelper(options.credentials ?? {}),
			webhookBaseUrl: `${url}/webhook`,
			webhookTestBaseUrl: `${url}/webhook-test`,
			webhookWaitingBaseUrl: `${url}/webhook-waiting`,
			formWaitingBaseUrl: `${url}/form-waiting`,
			instanceBaseUrl: `${url}/`,
			restApiUrl: `${url}/rest`,
			variables: {},
			currentNodeParameters: this.node.parameters,
			executionId: options.executionId,
		} as unknown as IWorkflowExecuteAdditionalData;
	}

	/** What the node keeps in n8n's database between its runs. */
	get staticData(): IDataObject {
		return this.workflow.getStaticData('node', this.node);
	}

	/** For `execute()`. */
	executeContext(
		items: INodeExecutionData[] = [{ json: {} }],
		mode: WorkflowExecuteMode = 'trigger',
		runExecutionData: IRunExecutionData = createRunExecutionData(),
		runIndex = 0,
		abortSignal?: AbortSignal,
	): ExecuteContext {
		const inputData = { main: [items] };
		return new ExecuteContext(
			this.workflow,
			this.node,
			this.additionalData,
			mode,
			runExecutionData,
			runIndex,
			items,
			inputData,
			{ node: this.node, data: inputData, source: null },
			[],
			abortSignal,
		);
	}

	/**
	 * An execution of the node alone: the context for `execute()`, and what n8n does when the rest of
	 * the workflow has ended, before it answers or, in a worker, reports.
	 */
	execution(items: INodeExecutionData[], { mode = 'webhook', id = '1', hasHooks = true } = {}) {
		const { id: workflowId, name = '' } = this.workflow;
		const workflow = { id: workflowId, name, nodes: [this.node], connections: {} } as IWorkflowBase;
		const hooks = new ExecutionLifecycleHooks(mode as WorkflowExecuteMode, id, workflow);
		const inputData = { main: [items] };
		const context = new ExecuteContext(
			this.workflow,
			this.node,
			{ ...this.additionalData, executionId: id, hooks: hasHooks ? hooks : undefined },
			mode as WorkflowExecuteMode,
			createRunExecutionData(),
			0,
			items,
			inputData,
			{ node: this.node, data: inputData, source: null },
			[],
		);
		const end = async (
			resultData: Partial<IRunExecutionData['resultData']> = {},
			status: IRun['status'] = resultData.error ? 'error' : 'success',
		) => {
			const data = createRunExecutionData({ resultData: { runData: {}, ...resultData } });
			await hooks.runHook('workflowExecuteAfter', [
				{ data, mode: mode as WorkflowExecuteMode, startedAt: new Date(), status } as IRun,
				{},
			]);
		};
		return { context, end };
	}

	/** For `execute()` when an AI agent uses the node as a tool: `$fromAI('to')` is `args.to`. */
	toolContext(args: IDataObject): SupplyDataContext {
		const items = [{ json: args }];
		const inputData = { [NodeConnectionTypes.AiTool]: [items] };
		const context = new SupplyDataContext(
			this.workflow,
			this.node,
			this.additionalData,
			'trigger',
			createRunExecutionData(),
			0,
			items,
			inputData,
			NodeConnectionTypes.AiTool,
			{ node: this.node, data: inputData, source: null },
			[],
		);
		context.addInputData(NodeConnectionTypes.AiTool, [items]);
		return context;
	}

	/**
	 * Runs the node in n8n's engine, with its settings such as `retryOnFail` and `onError`, after a
	 * node "Start" that puts out the items.
	 */
	async run(items: INodeExecutionData[]): Promise<ITaskData> {
		const data = { main: [items] };
		const execution = createRunExecutionData({
			resultData: {
				runData: {
					Start: [{ data, startTime: 0, executionTime: 0, executionIndex: 0, source: [] }],
				},
			},
			executionData: {
				nodeExecutionStack: [
					{ node: this.node, data, source: { main: [{ previousNode: 'Start' }] } },
				],
			},
		});
		const { id, name = '', connectionsBySourceNode: connections } = this.workflow;
		const workflow = { id, name, nodes: [this.node], connections, active: false } as IWorkflowBase;
		const hooks = new ExecutionLifecycleHooks('trigger', 'execution-id', workflow);
		const additionalData = { ...this.additionalData, hooks };
		const engine = new WorkflowExecute(additionalData, 'trigger', execution);
		const { data: result } = await engine.processRunExecutionData(this.workflow);
		return result.resultData.runData[this.node.name]?.[0] as ITaskData;
	}

	/** For `checkExists`, `create` and `delete`; `isTest` while listening for a test event. */
	hookContext(isTest = false): HookContext {
		return new HookContext(
			this.workflow,
			this.node,
			this.additionalData,
			isTest ? 'manual' : 'trigger',
			isTest ? 'manual' : this.activation,
			this.webhookData(isTest),
		);
	}

	/** For `webhook()`, with the request and response as Express hands them to n8n. */
	webhookContext(
		httpRequest: Request,
		httpResponse: Response,
		{
			isTest = false,
			execution = null,
		}: {
			isTest?: boolean;
			/** The one that waits for the request. */
			execution?: IRunExecutionData | null;
		} = {},
	): WebhookContext {
		return new WebhookContext(
			this.workflow,
			this.node,
			{ ...this.additionalData, httpRequest, httpResponse },
			isTest ? 'manual' : 'webhook',
			this.webhookData(isTest),
			[],
			execution,
		);
	}

	/** For the methods that fill the lists of the editor. */
	loadOptionsContext(path = ''): LoadOptionsContext {
		return new LoadOptionsContext(this.workflow, this.node, this.additionalData, path);
	}

	private webhookData(isTest: boolean): IWebhookData {
		const [webhookDescription] = this.workflow.nodeTypes.getByNameAndVersion(
			this.node.type,
			this.node.typeVersion,
		).description.webhooks as NonNullable<INodeType['description']['webhooks']>;
		return {
			httpMethod: 'POST',
			node: this.node.name,
			path: 'events',
			webhookDescription,
			workflowId: this.workflow.id,
			workflowExecuteAdditionalData: this.additionalData,
			isTest,
		} as IWebhookData;
	}
}
