import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	NodeApiError,
	NodeOperationError,
} from 'n8n-workflow';
import { failedItem, toItemError } from './operation';

/** What came of each input item, for operations that handle many of them in one call. */
export class ItemResults {
	private readonly results = new Map<number, IDataObject[]>();
	private readonly failures = new Map<number, NodeApiError | NodeOperationError>();

	constructor(private readonly context: IExecuteFunctions) {}

	add(item: number, json: IDataObject): void {
		const results = this.results.get(item);
		if (results === undefined) this.results.set(item, [json]);
		else results.push(json);
	}

	/** @throws the error itself, unless the node is set to continue on fail */
	fail(item: number, cause: unknown): void {
		const error = toItemError(this.context.getNode(), cause, item);
		if (!this.context.continueOnFail()) throw error;
		if (!this.failures.has(item)) this.failures.set(item, error);
	}

	hasFailed(item: number): boolean {
		return this.failures.has(item);
	}

	/** The node's output, paired, in the order of the input. An item that failed has its error only. */
	finish(): INodeExecutionData[] {
		const output: INodeExecutionData[] = [];
		for (const [item] of this.context.getInputData().entries()) {
			const failure = this.failures.get(item);
			if (failure !== undefined) output.push(failedItem(failure, item));
			else {
				for (const json of this.results.get(item) ?? [])
					output.push({ json, pairedItem: { item } });
			}
		}
		return output;
	}
}
