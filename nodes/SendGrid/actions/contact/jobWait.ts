import { NodeOperationError, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import { waitForJob, type ContactJob } from '../../api/contacts';
import { readBoolean, readWholeNumber } from '../../fields/parameters';

const waitParameter: INodeProperties = {
	displayName: 'Wait Until Done',
	name: 'wait',
	type: 'boolean',
	default: false,
	description:
		'Whether to wait until SendGrid has done the work. SendGrid changes contacts in the background, mostly within seconds or minutes; without waiting, the result has the job\'s ID and status "pending".',
};

const maxWaitParameter: INodeProperties = {
	displayName: 'Wait at Most (Minutes)',
	name: 'maxWaitMinutes',
	type: 'number',
	displayOptions: { show: { wait: [true] } },
	typeOptions: { minValue: 0 },
	default: 10,
	description:
		'When to stop waiting, for example 30. The job goes on without you: the result then has the status "pending", and Contact: Get Job tells later how it ended.',
};

/** How long a node waits for what SendGrid does in the background. */
export const JOB_WAIT: INodeProperties[] = [waitParameter, maxWaitParameter];

/**
 * Until when to wait for jobs, in Unix milliseconds; `undefined` for not at all. The same for all
 * items, because they share jobs: the first one decides.
 */
export function waitUntil(context: IExecuteFunctions): number | undefined {
	if (!readBoolean(context, 0, waitParameter)) return undefined;
	return untilOf(context, 0, maxWaitParameter);
}

/** When so many minutes from now have passed, in Unix milliseconds. */
export function untilOf(
	context: IExecuteFunctions,
	itemIndex: number,
	minutes: INodeProperties,
): number {
	return Date.now() + readWholeNumber(context, itemIndex, minutes) * 60_000;
}

/**
 * A job as far as the user wants to wait for it.
 *
 * @throws NodeOperationError if nothing of it could be done
 */
export async function finishedJob(
	context: IExecuteFunctions,
	id: string,
	until: number | undefined,
): Promise<ContactJob> {
	if (until === undefined) return { id, status: 'pending' };
	const job = await waitForJob(context, id, until);
	if (job.status === 'failed') throw failedJob(context, job);
	return job;
}

function failedJob(context: IExecuteFunctions, job: ContactJob): NodeOperationError {
	return new NodeOperationError(
		context.getNode(),
		`Correct the contacts and try again: SendGrid could not do the job ${job.id}, and none of its contacts was changed`,
		{
			description: job.errorsUrl
				? `Look into the list of errors that SendGrid made: ${String(job.errorsUrl)}`
				: 'Look at the contacts for what SendGrid may not take, such as an address that does not exist.',
		},
	);
}
