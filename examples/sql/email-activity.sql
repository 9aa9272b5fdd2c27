-- For the example "Catch up after an outage": opens and clicks from SendGrid's email activity. Needs
-- event-log.sql.

BEGIN;

-- ---------------------------------------------------------------------------------------------
-- Stores results of SendGrid Email > Email Activity > Get Many, given as the text of a JSON array,
-- and returns how many messages were opened or clicked more often than the log knew.
--
-- Email activity tells how often, not each single time. So the totals of sendgrid_messages are raised
-- to SendGrid's where they are lower, and no events are made up.
--
-- Left alone for now: messages with an event in the last 25 hours. SendGrid may still post that event
-- again, and it would count twice. A later run finds them once they have been quiet.
-- ---------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION store_sendgrid_activity(messages text) RETURNS integer LANGUAGE sql AS $$
WITH stored AS (
	INSERT INTO sendgrid_messages AS known (
		message_id, email, last_event, last_event_at, first_opened_at, opens, first_clicked_at, clicks
	)
	SELECT
		message_id,
		email,
		CASE WHEN clicks > 0 THEN 'click' ELSE 'open' END,
		last_event_at,
		CASE WHEN opens > 0 THEN last_event_at END,
		opens,
		CASE WHEN clicks > 0 THEN last_event_at END,
		clicks
	FROM (
		SELECT
			message ->> 'messageId' AS message_id,
			lower(message ->> 'toEmail') AS email,
			max((message ->> 'lastEventTime')::timestamptz) AS last_event_at,
			sum((message ->> 'opensCount')::integer)::integer AS opens,
			sum((message ->> 'clicksCount')::integer)::integer AS clicks
		FROM jsonb_array_elements(storable_json(messages)) AS message
		GROUP BY 1, 2
	) AS activity
	WHERE last_event_at < now() - interval '25 hours' AND opens + clicks > 0
	ORDER BY message_id, email
	ON CONFLICT (message_id, email) DO UPDATE SET
		last_event = CASE
			WHEN excluded.last_event_at > known.last_event_at THEN excluded.last_event
			ELSE known.last_event
		END,
		last_event_at = greatest(known.last_event_at, excluded.last_event_at),
		-- When it was first opened is not known exactly: by then at the latest.
		first_opened_at = coalesce(known.first_opened_at, excluded.first_opened_at),
		-- SendGrid does not say here which opens a mail program made: those not known as such are people's.
		opens = greatest(known.opens, excluded.opens - known.machine_opens),
		first_clicked_at = coalesce(known.first_clicked_at, excluded.first_clicked_at),
		clicks = greatest(known.clicks, excluded.clicks)
	WHERE excluded.opens > known.opens + known.machine_opens OR excluded.clicks > known.clicks
	RETURNING 1
)
SELECT count(*)::integer FROM stored
$$;

COMMIT;
