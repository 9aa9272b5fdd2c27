import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';
import { errorStatus } from '../../api/sendGridRequest';
import { failedItem, toItemError } from '../operation';

/** How the mail of one input item ended. */
type Outcome =
	| { accepted: IDataObject }
	| { error: NodeApiError | NodeOperationError; mayHaveBeenSent: boolean };

/** What is kept of an item with the execution: JSON. */
type Remembered =
	| { accepted: IDataObject }
	/** SendGrid may have taken the mail: what the user was told of it. */
	| { lost: { message: string; description: string } };

const UNDER_WAY = {
	lost: {
		message:
			'Look in SendGrid under Activity before you send this mail again: the execution was stopped before SendGrid answered',
		description: 'The mail may have been sent all the same.',
	},
} satisfies Remembered;

/**
 * Keeps for each input item whether SendGrid accepted its mail, and turns that into the node's
 * output or error.
 *
 * n8n runs a failed node again with all its items, on "Retry On Fail" as well as when the user
 * retries the execution. So that nobody gets a mail twice, it is kept with the execution which mail
 * was accepted, and which may have been sent: noted before each call, because an execution that is
 * stopped notes nothing more. A second try leaves out the former, and fails again for the latter.
 */
export class SendReport {
	private readonly outcomes = new Map<number, Outcome>();
	private firstFailure?: NodeApiError | NodeOperationError;
	/** SendGrid does not take this key any more, so every further call is in vain. */
	private refusedKey?: NodeApiError | NodeOperationError;
	private readonly memory: IDataObject;
	private readonly memoryKey: string;
	private readonly remembered: Record<string, Remembered>;

	/** @param sendAgain whether mail that may have been sent goes again in a second try */
	constructor(
		private readonly context: IExecuteFunctions,
		{ sendAgain = false }: { sendAgain?: boolean } = {},
	) {
		this.memory = context.getContext('node') as IDataObject;
		// In a loop each run of the node has other items.
		this.memoryKey = `sent in run ${context.getWorkflowDataProxy(0).$runIndex}`;
		this.remembered = { ...((this.memory[this.memoryKey] ?? {}) as Record<string, Remembered>) };
		this.memory[this.memoryKey] = this.remembered as unknown as IDataObject;
		for (const [item, earlier] of Object.entries(this.remembered)) {
			if ('accepted' in earlier) this.accept(Number(item), earlier.accepted);
			else if (!sendAgain) this.fail(Number(item), lostAnswer(context, earlier.lost));
		}
	}

	/** The items whose mail has yet to be sent. */
	get openItems(): number[] {
		return [...this.context.getInputData().keys()].filter((item) => !this.outcomes.has(item));
	}

	/** Whether nothing more should be sent. */
	get stopped(): boolean {
		const cancelled = this.context.getExecutionCancelSignal()?.aborted ?? false;
		if (cancelled || this.refusedKey !== undefined) return true;
		return !this.context.continueOnFail() && this.firstFailure !== undefined;
	}

	/** Notes that the mail of these items is on its way, from now on until the answer. */
	begin(items: number[]): void {
		for (const item of items) this.remembered[item] = UNDER_WAY;
	}

	/** @param json the item's output */
	accept(item: number, json: IDataObject): void {
		this.outcomes.set(item, { accepted: json });
		this.remembered[item] = { accepted: json };
	}

	fail(item: number, cause: unknown): void {
		const error = toItemError(this.context.getNode(), cause, item);
		const mayHaveBeenSent = error.context.mayHaveBeenSent === true;
		this.firstFailure ??= error;
		if (errorStatus(error) === 401) this.refusedKey ??= error;
		this.outcomes.set(item, { error, mayHaveBeenSent });
		if (mayHaveBeenSent) {
			const { message, description } = error;
			this.remembered[item] = { lost: { message, description: description ?? '' } };
		} else {
			delete this.remembered[item];
		}
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
			// An execution that was stopped has items left: a second try has to know of the others.
			if (this.openItems.length === 0) delete this.memory[this.memoryKey];
		} else if (!this.context.continueOnFail()) {
			failure.description = [failure.description, this.wayOut(), this.summary()]
				.filter(Boolean)
				.join(' ');
			throw failure;
		}
		if (this.refusedKey !== undefined) {
			for (const item of this.openItems) this.fail(item, this.refusedKey);
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

	/** How to send what the failure kept back; nothing to say of a single item. */
	private wayOut(): string {
		return this.openItems.length > 0
			? 'To send the others, open Settings of this node and set On Error to Continue (using error output).'
			: '';
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

/** The same error as in the try before. */
function lostAnswer(
	context: IExecuteFunctions,
	{ message, description }: { message: string; description: string },
): NodeOperationError {
	const error = new NodeOperationError(context.getNode(), message, { description });
	error.context.mayHaveBeenSent = true;
	return error;
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
