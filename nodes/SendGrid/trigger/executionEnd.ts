import type { IExecuteFunctions, IRun } from 'n8n-workflow';

/**
 * What n8n runs when an execution has ended, one after the other, before it answers whoever waits for
 * the execution and, in queue mode, before the worker reports to the process that does.
 */
interface ExecutionHooks {
	addHandler(name: 'workflowExecuteAfter', handler: (run: IRun) => Promise<void>): void;
}

/**
 * Has `task` run when this execution has ended well, and makes n8n wait for it.
 *
 * @returns false if this n8n does not offer that: its interface for nodes does not include the hooks,
 *   so another release may come without
 */
export function whenEndedWell(context: IExecuteFunctions, task: () => Promise<unknown>): boolean {
	const { additionalData } = context as unknown as {
		additionalData?: { hooks?: Partial<ExecutionHooks> };
	};
	const hooks = additionalData?.hooks;
	if (typeof hooks?.addHandler !== 'function') return false;
	hooks.addHandler('workflowExecuteAfter', async (run) => {
		if (hasEndedWell(run)) await task();
	});
	return true;
}

/**
 * As n8n itself decides whether to answer 200 or 500. An execution that waits for an approval or for
 * some time has ended well in this sense: the sender gets its 200 then, and n8n has stored the rest.
 */
function hasEndedWell({ status, data: { resultData } }: IRun): boolean {
	const lastTask = resultData.runData[resultData.lastNodeExecuted ?? '']?.at(-1);
	const hasError = resultData.error !== undefined || lastTask?.error !== undefined;
	return !hasError && status !== 'canceled' && status !== 'crashed';
}
