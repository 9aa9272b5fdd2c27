import type { Logger } from 'n8n-workflow';
import type { PostCounts, RefusalReason } from '../../../nodes/SendGrid/events/receivePost';
import { PostLog } from '../../../nodes/SendGrid/trigger/postLog';

const MINUTE = 60_000;

/** A log of a trigger called "My Trigger", and the lines it writes. */
function startLog() {
	const lines: Array<{ level: string; message: string; metadata: unknown }> = [];
	const writer = (level: string) => (message: string, metadata: unknown) =>
		void lines.push({ level, message, metadata });
	const logger = {
		error: writer('error'),
		warn: writer('warn'),
		info: writer('info'),
		debug: writer('debug'),
	} as Logger;
	const log = new PostLog('My Trigger');
	return {
		lines,
		messages: () => lines.map(({ message }) => message),
		happened: log.happened.bind(log),
		refused: (reason: RefusalReason, now: number) => log.refused(reason, logger, now),
		received: (counts: Partial<PostCounts>, now: number) =>
			log.received(
				{ accepted: 0, duplicates: 0, filteredOut: 0, malformed: {}, ...counts },
				logger,
				now,
			),
	};
}

describe('a refused post', () => {
	it('is reported at once', () => {
		const log = startLog();
		log.refused('notAJsonArray', 0);
		expect(log.lines).toEqual([
			{
				level: 'warn',
				message:
					'My Trigger: refused 1 post: its body is no JSON array of events, although it is signed. Look at what else uses this verification key: SendGrid posts nothing else.',
				metadata: { reason: 'notAJsonArray', count: 1 },
			},
		]);
	});

	it.each<[RefusalReason, RegExp]>([
		['missingHeaders', /no signature headers.*proxy.*X-Twilio-Email-Event-Webhook/],
		['invalidTimestamp', /timestamp header is not a whole number of seconds/],
		['noVerificationKey', /publish the workflow.*enter the key from SendGrid > Settings/],
		['signatureMismatch', /key was changed or a proxy changes the body.*copy the current key/],
		['stale', /option "Maximum Age of a Post".*clock/],
		['olderThanMemory', /may be a copy.*1,000,000 events and 72 hours.*missing events/],
		['fromTheFuture', /5 minutes in the future. Check the clock/],
		['notAJsonArray', /no JSON array of events/],
		['inFlight', /being processed right now.*SendGrid will send it again/],
	])('says what was wrong and what to do: %s', (reason, words) => {
		const log = startLog();
		log.refused(reason, 0);
		expect(log.messages()).toEqual([expect.stringMatching(words)]);
		expect(log.messages()[0]).toMatch(/^My Trigger: refused 1 post: [^:].*[^.]\.$/);
	});

	it('is counted if the same was reported within the last minute, and reported with the next', () => {
		const log = startLog();
		log.refused('stale', 0);
		log.refused('stale', 1);
		log.refused('stale', MINUTE - 1);
		expect(log.lines).toHaveLength(1);

		log.refused('stale', MINUTE);
		expect(log.lines).toHaveLength(2);
		expect(log.lines[1]).toMatchObject({
			message: expect.stringContaining(
				'refused 3 posts: for the last one, it was signed',
			) as string,
			metadata: { reason: 'stale', count: 3 },
		});
	});

	it('is reported at once when another kind was reported before it', () => {
		const log = startLog();
		log.received({ duplicates: 1 }, 0);
		log.refused('stale', 1);
		log.refused('signatureMismatch', 2);
		expect(log.lines.map(({ metadata }) => metadata)).toEqual([
			{ duplicates: 1 },
			{ reason: 'stale', count: 1 },
			{ reason: 'signatureMismatch', count: 1 },
		]);
	});

	it('that was counted is reported with the next post of any kind', () => {
		const log = startLog();
		log.refused('stale', 0);
		log.refused('stale', 1);
		log.received({ accepted: 1 }, MINUTE);
		expect(log.lines.map(({ metadata }) => metadata)).toEqual([
			{ reason: 'stale', count: 1 },
			{ reason: 'stale', count: 1 },
		]);
	});

	it('is not reported again when nothing more happened', () => {
		const log = startLog();
		log.refused('stale', 0);
		log.received({ accepted: 1 }, 10 * MINUTE);
		expect(log.lines).toHaveLength(1);
	});

	it('does not flood the log, however many there are', () => {
		const log = startLog();
		for (let now = 0; now < 10 * MINUTE; now += 10) log.refused('signatureMismatch', now);
		expect(log.lines).toHaveLength(10);
		const counts = log.lines.map(({ metadata }) => (metadata as { count: number }).count);
		expect(counts).toEqual([1, ...Array<number>(9).fill(MINUTE / 10)]);
	});
});

describe('a post that was received', () => {
	it('is not worth a line when all is well', () => {
		const log = startLog();
		log.received({ accepted: 100, filteredOut: 100 }, 0);
		expect(log.lines).toEqual([]);
	});

	it.each([
		[1, 'My Trigger: left out 1 event that SendGrid sent again.'],
		[7, 'My Trigger: left out 7 events that SendGrid sent again.'],
	])('with %d duplicates is told for information', (duplicates, message) => {
		const log = startLog();
		log.received({ duplicates }, 0);
		expect(log.lines).toEqual([{ level: 'info', message, metadata: { duplicates } }]);
	});

	it.each([
		[{ notAnObject: 1 }, 1, "1 entry of SendGrid's posts that is no event"],
		[{ notAnObject: 2, noEventName: 3 }, 5, "5 entries of SendGrid's posts that are no event"],
	])('with %j is a warning', (malformed, count, words) => {
		const log = startLog();
		log.received({ malformed }, 0);
		expect(log.lines).toEqual([
			{
				level: 'warn',
				message: `My Trigger: left out ${words} (no object, or without "event"). Look at what else uses this verification key: SendGrid posts events only.`,
				metadata: { reason: 'malformed', count },
			},
		]);
	});

	it('is counted over a minute, too', () => {
		const log = startLog();
		for (const now of [0, 1, 2, MINUTE]) {
			log.received({ duplicates: 10, malformed: { notAnObject: 1 } }, now);
		}
		expect(log.lines.map(({ metadata }) => metadata)).toEqual([
			{ reason: 'malformed', count: 1 },
			{ duplicates: 10 },
			{ reason: 'malformed', count: 3 },
			{ duplicates: 30 },
		]);
	});
});

describe('the reports', () => {
	const NOON = Date.parse('2026-11-20T12:00:00.000Z');

	it('say what was refused, since when and what to do', () => {
		const log = startLog();
		expect(log.refused('notAJsonArray', NOON)).toEqual([
			{
				kind: 'notAJsonArray',
				count: 1,
				since: '2026-11-20T12:00:00.000Z',
				problem: 'Refused 1 post: its body is no JSON array of events, although it is signed.',
				whatToDo: 'Look at what else uses this verification key: SendGrid posts nothing else.',
			},
		]);
	});

	it('come once a minute for each kind, however many posts are refused', () => {
		const log = startLog();
		const reports = [];
		for (let now = NOON; now < NOON + 10 * MINUTE; now += 10) {
			reports.push(...log.refused('signatureMismatch', now));
			reports.push(...log.refused('missingHeaders', now));
		}
		expect(reports).toHaveLength(20);
		expect(reports[2]).toMatchObject({
			kind: 'signatureMismatch',
			count: MINUTE / 10,
			since: '2026-11-20T12:00:00.010Z',
			problem: expect.stringMatching(
				/^Refused 6000 posts: for the last one, its signature/,
			) as string,
		});
	});

	it('tell what was left out, and nothing of repeats', () => {
		const log = startLog();
		const counts = { malformed: { notAnObject: 2 }, duplicates: 5 };
		expect(log.received(counts, NOON)).toEqual([
			expect.objectContaining({ kind: 'malformed', count: 2 }),
		]);
		expect(log.refused('inFlight', NOON)).toEqual([]);
	});

	it('tell with the next post what happened beside the posts', () => {
		const log = startLog();
		log.happened('webhookRepaired', NOON);
		log.happened('keyNotFetched', NOON, 'SendGrid does not accept this API key.');
		expect(log.received({ accepted: 1 }, NOON + 1)).toEqual([
			expect.objectContaining({ kind: 'webhookRepaired', since: '2026-11-20T12:00:00.000Z' }),
			expect.objectContaining({
				kind: 'keyNotFetched',
				problem:
					"SendGrid could not be asked for the webhook's verification key: SendGrid does not accept this API key.",
			}),
		]);
		expect(log.received({ accepted: 1 }, NOON + 10 * MINUTE)).toEqual([]);
	});
});
