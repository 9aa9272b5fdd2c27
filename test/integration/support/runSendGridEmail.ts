import { TestWorkflow } from './n8nContexts';
import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { SendGridEmail } from '../../../nodes/SendGrid/SendGridEmail.node';
import { DEFAULT_API_KEY, type SendGridEmulator } from '../../../emulator/sendGridEmulator';

export interface RunOptions {
	/** The input items; one empty item by default. */
	items?: IDataObject[];
	/** Whether the node is set to continue on fail. */
	continueOnFail?: boolean;
	apiKey?: string;
	/** For an operation that waits. */
	executionId?: string;
}

/** A workflow with a SendGrid Email node that talks to the stand-in. */
export function sendGridEmailWorkflow(
	sendGrid: SendGridEmulator,
	parameters: INodeParameters,
	{ continueOnFail = false, apiKey = DEFAULT_API_KEY, executionId }: RunOptions = {},
): TestWorkflow {
	const workflow = new TestWorkflow({
		nodeType: new SendGridEmail(),
		parameters,
		credentials: { apiKey, region: 'custom', baseUrl: sendGrid.url },
		executionId,
	});
	workflow.node.continueOnFail = continueOnFail;
	return workflow;
}

/** Runs the node once, as n8n does, and returns its output items. */
export async function runSendGridEmail(
	sendGrid: SendGridEmulator,
	parameters: INodeParameters,
	options: RunOptions = {},
): Promise<INodeExecutionData[]> {
	const items = (options.items ?? [{}]).map((json) => ({ json }));
	const context = sendGridEmailWorkflow(sendGrid, parameters, options).executeContext(items);
	const [output] = await new SendGridEmail().execute.call(context);
	return output ?? [];
}

/** The JSON of the node's output items. */
export async function outputOf(
	...run: Parameters<typeof runSendGridEmail>
): Promise<IDataObject[]> {
	return (await runSendGridEmail(...run)).map(({ json }) => json);
}
