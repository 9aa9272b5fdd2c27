import { NodeApiError, type IHookFunctions } from 'n8n-workflow';
import { apiError, errorStatus, sendGridErrors } from '../../api/apiError';
import { quoteDetails } from '../../api/errorTexts';
import { refusalOf } from '../../api/webhookRefusals';
import { explainRefusal } from './messages';
import type { StoredRegistration } from './storedRegistration';

/** For calls that can be made later as well, in milliseconds: at the start of n8n each trigger would wait. */
export const SHORT_LIMITS = { patience: 2000, timeout: 5000 };

/** What the node remembers in its static data; n8n saves changes if the hook succeeds. */
export function storedRegistration(context: IHookFunctions): StoredRegistration {
	return context.getWorkflowStaticData('node') as StoredRegistration;
}

/** Where n8n receives the posts of this node: the test URL while it listens for a test event. */
export function webhookUrl(context: IHookFunctions): string {
	return context.getNodeWebhookUrl('default') as string;
}

export function workflowIdOf(context: IHookFunctions): string {
	return context.getWorkflow().id ?? '';
}

/** Whether n8n listens for a test event. */
export function isTest(context: IHookFunctions): boolean {
	return context.getMode() === 'manual';
}

/** Writes to n8n's log, in the name of the node. */
export function log(context: IHookFunctions, level: 'info' | 'warn', message: string): void {
	context.logger[level](`${context.getNode().name}: ${message}`);
}

/** Whether SendGrid itself says that there is no such webhook. */
export function isGone(error: unknown): boolean {
	return errorStatus(error) === 404 && sendGridErrors(error).length > 0;
}

/** Whether a failed call says nothing about the webhook. */
export function isUncertain(context: IHookFunctions, error: unknown): boolean {
	if (!(error instanceof NodeApiError)) return false;
	// At a start nobody is there to be told that the API key is not valid any more, and posts can do
	// without it.
	const isStart = ['init', 'leadershipChange'].includes(context.getActivationMode());
	return isStart || ![400, 401, 403].includes(errorStatus(error) ?? 0);
}

/**
 * Makes the message of an error of the API say what to do as well.
 *
 * @param frame puts the message into its context
 * @returns a handler of errors, which always throws
 */
export function explain(
	context: IHookFunctions,
	url: string,
	frame: (url: string, text: string) => string = (_, text) => text,
) {
	return (error: unknown): never => {
		// Others are complete: they come from n8n, or from here.
		if (!(error instanceof NodeApiError) || !error.description) throw error;
		const refusal = refusalOf(error);
		const text = refusal
			? `${explainRefusal(refusal, url)} (SendGrid: ${quoteDetails(sendGridErrors(error))})`
			: `${error.message}. ${error.description}`;
		throw withMessage(context, error, frame(url, text));
	};
}

/** The same error with another message. */
export function withMessage(
	context: IHookFunctions,
	error: unknown,
	message: string,
): NodeApiError {
	const status = errorStatus(error);
	return apiError(context.getNode(), { message, status, details: sendGridErrors(error) });
}
