-- For the example "Event health". Needs event-log.sql.

BEGIN;

-- Compares a day as SendGrid counts it with the events that arrived. Returns one row for each kind of
-- event of which more than one in a hundred is missing, and no row if all is well.
--
-- @param zone  the time zone in which SendGrid counts days
CREATE OR REPLACE FUNCTION missing_sendgrid_events(
	day date, requested bigint, processed bigint, delivered bigint, zone text
) RETURNS TABLE (problem text) LANGUAGE sql STABLE AS $$
	WITH arrived AS (
		SELECT
			count(*) FILTER (WHERE event = 'processed') AS processed,
			count(*) FILTER (WHERE event = 'dropped') AS dropped,
			count(*) FILTER (WHERE event = 'delivered') AS delivered
		FROM sendgrid_events
		WHERE occurred_at >= day::timestamp AT TIME ZONE zone
			AND occurred_at < (day + 1)::timestamp AT TIME ZONE zone
	)
	SELECT format(
		'On %s SendGrid counted %s mails as %s, but only %s such events arrived. Look in SendGrid whether the event webhook is enabled, and in n8n whether executions of the event log failed.',
		day, counted, kind, events
	)
	FROM arrived, LATERAL (VALUES
		('processed', missing_sendgrid_events.processed, arrived.processed),
		('dropped', requested - missing_sendgrid_events.processed, arrived.dropped),
		('delivered', missing_sendgrid_events.delivered, arrived.delivered)
	) AS kinds (kind, counted, events)
	WHERE events < counted - counted / 100
$$;

-- What the trigger reported and nobody was told of yet; from now on it counts as told.
CREATE OR REPLACE FUNCTION untold_sendgrid_problems() RETURNS TABLE (problem text) LANGUAGE sql AS $$
	WITH told AS (
		UPDATE sendgrid_problems SET told = true WHERE NOT told RETURNING *
	)
	SELECT concat_ws(' ', told.problem, told.what_to_do) FROM told ORDER BY problem_id
$$;

COMMIT;
