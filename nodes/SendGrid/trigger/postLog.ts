import type { Logger } from 'n8n-workflow';
import type { PostCounts, RefusalReason } from '../events/receivePost';

const WEBHOOKS_PAGE = 'SendGrid > Settings > Mail Settings > Event Webhooks';

interface Words {
	/** What is wrong, as the end of a sentence about one post. */
	problem: string;
	whatToDo: string;
}

const REFUSALS: Record<RefusalReason, Words> = {
	missingHeaders: {
		problem: 'it has no signature headers',
		whatToDo:
			'If it came from SendGrid, let the proxy in front of n8n pass the X-Twilio-Email-Event-Webhook-… headers. Otherwise somebody else has posted to this address, and there is nothing to do',
	},
	invalidTimestamp: {
		problem: 'its timestamp header is not a whole number of seconds',
		whatToDo: 'Nothing, if it did not come from SendGrid',
	},
	noVerificationKey: {
		problem: 'no verification key is known',
		whatToDo: `In automatic setup, unpublish and publish the workflow; in manual setup, enter the key from ${WEBHOOKS_PAGE}`,
	},
	signatureMismatch: {
		problem: 'its signature does not match the verification key',
		whatToDo: `If it came from SendGrid, its key was changed or a proxy changes the body: in automatic setup, unpublish and publish the workflow; in manual setup, copy the current key from ${WEBHOOKS_PAGE}. Otherwise there is nothing to do`,
	},
	stale: {
		problem: 'it was signed longer ago than the option "Maximum Age of a Post" allows',
		whatToDo:
			'If SendGrid was right to send it that late, raise the option; otherwise check the clock of this machine',
	},
	olderThanMemory: {
		problem:
			'it was signed before the oldest post that is still remembered, so it may be a copy of one that was handled. The trigger remembers the last 1,000,000 events and 72 hours',
		whatToDo:
			'If SendGrid was right to send it that late, get the missing events from its Email Activity',
	},
	fromTheFuture: {
		problem: 'it was signed more than 5 minutes in the future',
		whatToDo: 'Check the clock of this machine',
	},
	notAJsonArray: {
		problem: 'its body is no JSON array of events, although it is signed',
		whatToDo: 'Look at what else uses this verification key: SendGrid posts nothing else',
	},
	inFlight: {
		problem: 'some of its events are being processed right now',
		whatToDo: 'Nothing: SendGrid will send it again in a while',
	},
};

/** What may be wrong beside the posts themselves. */
export type Incident = 'keyNotFetched' | 'webhookRepaired';

const INCIDENTS: Record<Incident, Words> = {
	keyNotFetched: {
		problem: "SendGrid could not be asked for the webhook's verification key",
		whatToDo: 'Check the credential of the trigger, and whether n8n reaches SendGrid',
	},
	webhookRepaired: {
		problem: 'the Event Webhook in SendGrid was changed or disabled, and has been repaired',
		whatToDo: `If you did not change it, look who has access to ${WEBHOOKS_PAGE}`,
	},
};

const MALFORMED: Words = {
	problem: 'no event (no object, or without "event")',
	whatToDo: 'Look at what else uses this verification key: SendGrid posts events only',
};

/** How long to collect before something is said again, in milliseconds. */
const REPORT_INTERVAL_MS = 60_000;

/** Everything that is counted. */
type Finding = RefusalReason | Incident | 'malformed' | 'duplicates';

/** What the trigger emits about a problem. */
export interface ProblemReport {
	/** A code, to branch by. */
	kind: Exclude<Finding, 'duplicates' | 'inFlight'>;
	/** How often it was found, since `since`. */
	count: number;
	/** ISO 8601, UTC. */
	since: string;
	/** In words. */
	problem: string;
	whatToDo: string;
}

interface Tally {
	/** Since the last report. */
	count: number;
	/** When the first of them was found, in milliseconds since 1970. */
	since: number;
	/** More about the last of them. */
	detail?: string;
	/** In milliseconds since 1970. */
	reportedAt: number;
}

/**
 * Says what became of the posts to one trigger: in n8n's log, and to whoever wants reports. The first
 * of each kind of finding is told at once; what follows within a minute is counted and told together,
 * with the next post. So a flood of forged posts cannot flood the log, or start many workflows.
 */
export class PostLog {
	private readonly tallies = new Map<Finding, Tally>();

	constructor(private readonly triggerName: string) {}

	/** @returns the problems that are due to be told */
	refused(reason: RefusalReason, logger: Logger, now: number): ProblemReport[] {
		this.add(reason, 1, now);
		return this.tell(logger, now);
	}

	/** @returns the problems that are due to be told */
	received(counts: PostCounts, logger: Logger, now: number): ProblemReport[] {
		for (const count of Object.values(counts.malformed)) this.add('malformed', count, now);
		if (counts.duplicates > 0) this.add('duplicates', counts.duplicates, now);
		return this.tell(logger, now);
	}

	/**
	 * To be told with the next post.
	 *
	 * @param detail a sentence that says more
	 */
	happened(incident: Incident, now: number, detail?: string): void {
		this.add(incident, 1, now, detail);
	}

	private add(finding: Finding, count: number, now: number, detail?: string): void {
		let tally = this.tallies.get(finding);
		if (tally === undefined) {
			tally = { count: 0, since: now, reportedAt: -Infinity };
			this.tallies.set(finding, tally);
		}
		if (tally.count === 0) tally.since = now;
		tally.count += count;
		tally.detail = detail;
	}

	private tell(logger: Logger, now: number): ProblemReport[] {
		const reports: ProblemReport[] = [];
		for (const [finding, tally] of this.tallies) {
			if (tally.count === 0 || now - tally.reportedAt < REPORT_INTERVAL_MS) continue;
			const { problem, whatToDo } = wordsFor(finding, tally);
			const { count } = tally;
			const inLog = `${this.triggerName}: ${problem}.`;
			if (finding === 'duplicates') {
				logger.info(inLog, { duplicates: count });
			} else {
				logger.warn(`${inLog} ${whatToDo}.`, { reason: finding, count });
			}
			// Repeats are no problem: SendGrid sends again what it had no answer for.
			if (finding !== 'duplicates' && finding !== 'inFlight') {
				const since = new Date(tally.since).toISOString();
				const [inWords, remedy] = [capitalized(`${problem}.`), `${whatToDo}.`];
				reports.push({ kind: finding, count, since, problem: inWords, whatToDo: remedy });
			}
			tally.count = 0;
			tally.reportedAt = now;
		}
		return reports;
	}
}

function wordsFor(finding: Finding, { count, detail }: Tally): Words {
	if (finding === 'duplicates') {
		return { problem: `left out ${plural(count, 'event')} that SendGrid sent again`, whatToDo: '' };
	}
	if (finding === 'malformed') {
		const entries = plural(count, 'entry', 'entries');
		const problem = `left out ${entries} of SendGrid's posts that ${count === 1 ? 'is' : 'are'} ${MALFORMED.problem}`;
		return { ...MALFORMED, problem };
	}
	if (finding in INCIDENTS) {
		const { problem, whatToDo } = INCIDENTS[finding as Incident];
		const more = detail === undefined ? '' : `: ${detail.replace(/\.$/, '')}`;
		return { problem: `${problem}${more}`, whatToDo };
	}
	const { problem, whatToDo } = REFUSALS[finding as RefusalReason];
	const ofWhich = count === 1 ? '' : 'for the last one, ';
	return { problem: `refused ${plural(count, 'post')}: ${ofWhich}${problem}`, whatToDo };
}

function capitalized(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

function plural(count: number, one: string, many = `${one}s`): string {
	return `${count} ${count === 1 ? one : many}`;
}
