import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';
import { failedItem, toItemError } from '../operation';

/** How the mail of one input item ended. */
type Outcome =
	| { accepted: IDataObject }
	| { error: NodeApiError | NodeOperationError; mayHaveBeenSent: boolean };

/**
 * Keeps for each input item whether SendGrid accepted its mail, and turns that into the node's
 * output or error.
 *
 * n8n runs a failed node again with all its items, on "Retry On Fail" as well as when the user
 * retries the execution. So that nobody gets a mail twice, what was accepted before the failure is
 * kept with the execution, and a second try leaves it out.
 */
export class SendReport {
	private readonly outcomes = new Map<number, Outcome>();
	private firstFailure?: NodeApiError | NodeOperationError;
	private readonly memory: IDataObject;
	private readonly memoryKey: string;

	constructor(private readonly context: IExecuteFunctions) {
		this.memory = context.getContext('node') as IDataObject;
		// In a loop each run of the node has other items.
		this.memoryKey = `accepted in run ${context.getWorkflowDataProxy(0).$runIndex}`;
		const accepted = (this.memory[this.memoryKey] ?? {}) as Record<string, IDataObject>;
		for (const [item, json] of Object.entries(accepted)) this.accept(Number(item), json);
	}

	/** The items whose mail has yet to be sent. */
	get openItems(): number[] {
		return [...this.context.getInputData().keys()].filter((item) => !this.outcomes.has(item));
	}

	/** Whether nothing more should be sent. */
	get stopped(): boolean {
		const cancelled = this.context.getExecutionCancelSignal()?.aborted ?? false;
		return cancelled || (!this.context.continueOnFail() && this.firstFailure !== undefined);
	}

	/** @param json the item's output */
	accept(item: number, json: IDataObject): void {
		this.outcomes.set(item, { accepted: json });
	}

	fail(item: number, cause: unknown): void {
		const error = toItemError(this.context.getNode(), cause, item);
		this.firstFailure ??= error;
		this.outcomes.set(item, { error, mayHaveBeenSent: error.context.mayHaveBeenSent === true });
	}

	/** Gives an item the outcome of the one that sent to its recipient. */
	copy(sender: number, item: number): void {
		const outcome = this.outcomes.get(sender);
		if (outcome === undefined) return;
		this.outcomes.set(
			item,
			'accepted' in outcome ? { accepted: { ...outcome.accepted, duplicateOf: sender } } : outcome,
		);
	}

	/**
	 * The node's output, one paired item for each input item.
	 *
	 * @throws NodeApiError or NodeOperationError of the first item that failed, unless the node is
	 * set to continue on fail; its description says how far the others came
	 */
	finish(): INodeExecutionData[] {
		const { firstFailure: failure } = this;
		if (failure === undefined) {
			delete this.memory[this.memoryKey];
		} else {
			this.memory[this.memoryKey] = this.acceptedByItem();
			if (!this.context.continueOnFail()) {
				failure.description = [failure.description, this.summary()].filter(Boolean).join(' ');
				throw failure;
			}
		}
		return [...this.outcomes]
			.sort(([a], [b]) => a - b)
			.map(([item, outcome]) =>
				'accepted' in outcome
					? { json: outcome.accepted, pairedItem: { item } }
					: failedItem(
							outcome.error,
							item,
							`${stateOf(outcome)}. ${outcome.error.description ?? ''}`.trim(),
						),
			);
	}

	private acceptedByItem(): IDataObject {
		return Object.fromEntries(
			[...this.outcomes].flatMap(([item, outcome]) =>
				'accepted' in outcome ? [[item, outcome.accepted]] : [],
			),
		);
	}

	/** Which items went out and which did not; nothing to say of a single one. */
	private summary(): string {
		const items = [...this.context.getInputData().keys()];
		if (items.length === 1) return '';
		return STATES.map((state) => ({
			state,
			items: items.filter((item) => stateOf(this.outcomes.get(item)) === state),
		}))
			.filter((group) => group.items.length > 0)
			.map((group) => `${group.state}: items ${ranges(group.items)}.`)
			.join(' ');
	}
}

const STATES = ['Accepted by SendGrid', 'Perhaps sent', 'Not sent'] as const;

function stateOf(outcome: Outcome | undefined): (typeof STATES)[number] {
	if (outcome === undefined) return 'Not sent';
	if ('accepted' in outcome) return 'Accepted by SendGrid';
	return outcome.mayHaveBeenSent ? 'Perhaps sent' : 'Not sent';
}

/** `[0, 1, 2, 5]` is `0–2, 5`. */
export function ranges(numbers: number[]): string {
	const runs: Array<[first: number, last: number]> = [];
	for (const number of numbers) {
		const run = runs.at(-1);
		if (run !== undefined && run[1] === number - 1) run[1] = number;
		else runs.push([number, number]);
	}
	return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}
