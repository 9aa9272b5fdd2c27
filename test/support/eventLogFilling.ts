import type { PostgresDatabase, PostgresServer } from './PostgresServer';

const BATCH = 5000;

/**
 * Fills an event log with the events of mail of the last 90 days: four of each mail, to 90,000 readers
 * at about a thousand domains, few of which get most. All of it passes through `store_sendgrid_events`.
 *
 * @param count how many events; rounded up to a whole batch
 */
export async function fillEventLog(
	server: PostgresServer,
	database: PostgresDatabase,
	count: number,
): Promise<void> {
	await server.execute(database, 'SET synchronous_commit = off;' + SAMPLES);
	for (let first = 0; first < count; first += BATCH) {
		await server.execute(database, `SELECT store_sample_events(${first}, ${first + BATCH})`);
	}
	await server.execute(database, 'DROP FUNCTION store_sample_events; VACUUM ANALYZE');
}

const SAMPLES = `
CREATE FUNCTION store_sample_events(first integer, past integer) RETURNS integer LANGUAGE sql AS $$
	SELECT store_sendgrid_events(jsonb_agg(jsonb_build_object(
		'dedupeKey', 'sample-' || n,
		'event', event,
		'email', 'reader-' || mail % 90000 || '@' || 'domain-' || (mail % 61) * (mail % 59) || '.example',
		'timestamp', now() - (89 - floor(sqrt(mail::bigint * 7919 % 8100))) * interval '1 day'
			- (mail % 20000 + 50) * interval '4 seconds' + step * interval '40 seconds',
		'messageId', 'message-' || mail / 50,
		'customArgs', jsonb_build_object('contactId', mail),
		'machineOpen', CASE WHEN event = 'open' THEN mail * 31 % 7 < 2 END,
		'url', CASE WHEN event = 'click' THEN 'https://example.com/offers/' || mail % 40 END,
		'userAgent', CASE WHEN event IN ('open', 'click') THEN 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)' END,
		'bounce', CASE WHEN event IN ('bounce', 'dropped') THEN jsonb_build_object(
			'kind', CASE WHEN mail % 5 = 0 THEN 'block' ELSE 'hard' END,
			'reason', '550 5.1.1 The email account that you tried to reach does not exist'
		) END,
		'raw', jsonb_build_object('event', event, 'sg_event_id', 'sample-' || n, 'sg_message_id',
			'message-' || mail / 50 || '.recvd-5f54b5d587-8lqzb-1-65DA3B0B-3A.0', 'smtp-id',
			'<message-' || mail / 50 || '@geopod-ismtpd-1>', 'ip', '192.0.2.77')
	))::text)
	FROM generate_series(first, past - 1) AS n,
		LATERAL (SELECT n / 4 AS mail, n % 4 AS step) AS mails,
		LATERAL (SELECT CASE
			WHEN step = 0 THEN 'processed'
			WHEN step = 1 AND mail % 31 = 0 THEN 'bounce'
			WHEN step = 1 AND mail % 97 = 0 THEN 'dropped'
			WHEN step = 1 THEN 'delivered'
			WHEN step = 2 THEN 'open'
			WHEN mail % 1511 = 0 THEN 'spamreport'
			WHEN mail % 3 > 0 THEN 'open'
			ELSE 'click'
		END AS event) AS events
$$`;
