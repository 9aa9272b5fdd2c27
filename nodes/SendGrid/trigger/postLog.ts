import type { Logger } from 'n8n-workflow';
import type { PostCounts, RefusalReason } from '../events/receivePost';

/** What the log says of a refused post, and what to do about it. */
const REFUSALS: Record<RefusalReason, string> = {
	missingHeaders:
		'it has no signature headers. Whoever posted it is not SendGrid, or a proxy in front of n8n removes the X-Twilio-Email-Event-Webhook-… headers',
	invalidTimestamp: 'its timestamp header is not a whole number of seconds',
	noVerificationKey:
		'no verification key is known. In automatic setup, unpublish and publish the workflow; in manual setup, enter the key from SendGrid > Settings > Mail Settings > Event Webhooks',
	signatureMismatch:
		'its signature does not match the verification key. If SendGrid posts here, its key was changed or a proxy changes the body: in automatic setup, unpublish and publish the workflow; in manual setup, copy the current key from SendGrid > Settings > Mail Settings > Event Webhooks',
	stale:
		'it was signed longer ago than the option "Maximum Age of a Post" allows. If SendGrid was right to send it that late, raise the option; otherwise check the clock of this machine',
	olderThanMemory:
		'it was signed before the oldest post that is still remembered, so it may be a copy of one that was handled. The trigger remembers the last 1,000,000 events and 72 hours: if SendGrid was right to send it that late, get the missing events from its Email Activity',
	fromTheFuture: 'it was signed more than 5 minutes in the future. Check the clock of this machine',
	notAJsonArray: 'its body is no JSON array of events, although it is signed',
	inFlight:
		'some of its events are being processed right now; SendGrid will send it again in a while',
};

/** How long to collect before the log is written to again, in milliseconds. */
const REPORT_INTERVAL_MS = 60_000;

/** Everything that is counted: posts refused, by reason, and what was left out of the others. */
type Finding = RefusalReason | 'malformed' | 'duplicates';

interface Tally {
	/** Since the last report. */
	count: number;
	/** In milliseconds since 1970. */
	reportedAt: number;
}

/**
 * Tells n8n's log what became of the posts to one trigger. The first of each kind of finding shows
 * at once; what follows within a minute is counted and shown together, so that a flood of forged
 * posts cannot flood the log as well.
 */
export class PostLog {
	private readonly tallies = new Map<Finding, Tally>();

	constructor(private readonly triggerName: string) {}

	refused(reason: RefusalReason, logger: Logger, now: number): void {
		this.add(reason, 1);
		this.report(logger, now);
	}

	received(counts: PostCounts, logger: Logger, now: number): void {
		for (const count of Object.values(counts.malformed)) this.add('malformed', count);
		this.add('duplicates', counts.duplicates);
		this.report(logger, now);
	}

	private add(finding: Finding, count: number): void {
		const tally = this.tallies.get(finding) ?? { count: 0, reportedAt: -Infinity };
		tally.count += count;
		this.tallies.set(finding, tally);
	}

	private report(logger: Logger, now: number): void {
		for (const [finding, tally] of this.tallies) {
			if (tally.count === 0 || now - tally.reportedAt < REPORT_INTERVAL_MS) continue;
			this.write(finding, tally.count, logger);
			tally.count = 0;
			tally.reportedAt = now;
		}
	}

	private write(finding: Finding, count: number, logger: Logger): void {
		if (finding === 'malformed') {
			logger.warn(
				`${this.triggerName}: left out ${plural(count, 'entry', 'entries')} of SendGrid's posts that ${count === 1 ? 'is' : 'are'} no event (no object, or without "event").`,
				{ malformed: count },
			);
		} else if (finding === 'duplicates') {
			logger.info(
				`${this.triggerName}: left out ${plural(count, 'event')} that SendGrid sent again.`,
				{ duplicates: count },
			);
		} else {
			logger.warn(
				`${this.triggerName}: refused ${plural(count, 'post')}: ${count === 1 ? '' : 'for the last one, '}${REFUSALS[finding]}.`,
				{ reason: finding, count },
			);
		}
	}
}

function plural(count: number, one: string, many = `${one}s`): string {
	return `${count} ${count === 1 ? one : many}`;
}
