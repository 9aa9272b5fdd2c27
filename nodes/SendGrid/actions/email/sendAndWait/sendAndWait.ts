import { randomUUID } from 'node:crypto';
import {
	NodeOperationError,
	SEND_AND_WAIT_OPERATION,
	WAIT_INDEFINITELY,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';
import { optionValue, unexpectedValue } from '../../../fields/values';
import type { BatchOperation } from '../../operation';
import type { ItemForm } from '../readForm';
import { prepareMail, sendMail, SendRun } from '../send';
import { SendReport } from '../sendReport';
import { readCallSettings } from '../settingFields';
import { askForAnswer } from './answerMail';
import { awaitEvents } from './eventMail';
import { TIMEOUT } from './outcomes';
import { sendAndWaitProperties } from './properties';

const UNIT_MS = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 };
const UNITS = ['minutes', 'hours', 'days'] as const;

/** The latest moment that n8n's databases and JavaScript's dates hold without trouble. */
const MAX_WAIT_MS = 3650 * 86_400_000;

/** What the mail needs so that it can end the wait. */
export type AdjustMail = (form: ItemForm) => void;

/** One mail; the execution pauses until an event of it, an answer to it, or the time limit. */
export const sendAndWait: BatchOperation = {
	option: {
		name: 'Send and Wait',
		value: SEND_AND_WAIT_OPERATION,
		action: 'Send an email and wait',
		description: 'Send one email and go on when it is clicked, bounced, approved, answered …',
	},
	properties: sendAndWaitProperties,
	async executeAll(context) {
		const waiting = waitOf(context);
		if (waiting.hasEnded) return waiting.end();
		checkUse(context);

		const settings = readCallSettings(context);
		const report = new SendReport(context, settings);
		// In an earlier try the mail may have been sent already.
		if (report.openItems.length === 0) return report.finish();
		try {
			const wait = randomUUID();
			const limitMs = readLimit(context);
			const adjust = await adjustmentFor(context, wait);
			const run = new SendRun(context, settings);
			const mail = await prepareMail(run, 0, adjust);
			const sent = await sendMail(run, mail, () => report.begin([0]));
			report.accept(0, sent);
			report.finish();
			return await pause(context, { ...sent, outcome: TIMEOUT, waitId: wait }, limitMs);
		} catch (error) {
			report.fail(0, error);
			return report.finish();
		}
	},
};

async function adjustmentFor(context: IExecuteFunctions, wait: string): Promise<AdjustMail> {
	return context.getNodeParameter('responseType', 0) === 'event'
		? await awaitEvents(context, wait)
		: askForAnswer(context, wait);
}

/**
 * Pauses the execution. n8n then holds what the node puts out as its input: when the time is up it
 * passes that on, without running the node again.
 *
 * @param limitMs without it, the wait has no end
 */
async function pause(
	context: IExecuteFunctions,
	json: IDataObject,
	limitMs: number | undefined,
): Promise<INodeExecutionData[]> {
	// n8n 1.x checks signatures only of executions that ask for it; n8n 2 always does.
	const context1x = context as { setSignatureValidationRequired?(): void };
	context1x.setSignatureValidationRequired?.();
	const items: INodeExecutionData[] = [{ json, pairedItem: { item: 0 } }];
	context.getExecuteData().data.main = [items];
	waitOf(context).begin(json.waitId as string);
	await context.putExecutionToWait(
		limitMs === undefined ? WAIT_INDEFINITELY : new Date(Date.now() + limitMs),
	);
	return items;
}

/**
 * What the execution knows of the wait of this run. Where each outcome has an output, n8n runs the
 * node once more when the wait has ended, to put out what it is then given.
 */
function waitOf(context: IExecuteFunctions) {
	const memory = context.getContext('node') as IDataObject;
	const key = `waiting in run ${context.getWorkflowDataProxy(0).$runIndex}`;
	const items = context.getInputData();
	return {
		begin(wait: string): void {
			memory[key] = wait;
		},
		hasEnded: memory[key] !== undefined && items[0]?.json.waitId === memory[key],
		end(): INodeExecutionData[] {
			delete memory[key];
			return items;
		},
	};
}

/** @throws NodeOperationError where n8n cannot pause as the user expects */
function checkUse(context: IExecuteFunctions): void {
	const node = context.getNode();
	const { length } = context.getInputData();
	if (length > 1) {
		throw new NodeOperationError(
			node,
			`Give Send and Wait one item at a time: an execution waits as a whole, and ${length} items came in. To let each item wait on its own, put this node into a sub-workflow and call it with Execute Sub-workflow, Mode "Run once for each item", "Wait for Sub-Workflow Completion" off. To let them wait one after another, use a Loop Over Items node. Nothing was sent.`,
		);
	}
	if (node.type.endsWith('Tool') && !node.type.endsWith('HitlTool')) {
		throw new NodeOperationError(
			node,
			'Connect SendGrid Email as a human review between the agent and a tool: as a tool it cannot wait, because n8n runs tools within the step of the agent. Nothing was sent.',
		);
	}
}

/** @returns milliseconds; `undefined` for no limit */
function readLimit(context: IExecuteFunctions): number | undefined {
	const value: unknown = context.getNodeParameter('waitAmount', 0);
	const unit = optionValue(context.getNodeParameter('waitUnit', 0), 'Unit', UNITS);
	const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
	const limit = isNumber ? Number(value) * UNIT_MS[unit] : NaN;
	if (!(limit >= 0) || limit > MAX_WAIT_MS) {
		const remedy =
			'Enter a number such as 3, up to ten years in all, or 0 to wait without a limit.';
		throw unexpectedValue(value, 'Wait at Most', remedy);
	}
	return limit === 0 ? undefined : limit;
}
