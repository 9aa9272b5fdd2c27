-- For the example "Who still reads": what is known of each person, as a view of the event log. Needs
-- event-log.sql.

BEGIN;

-- One row per address that mail went to. Opens by mail programs do not count, as far as SendGrid can
-- tell them from people.
CREATE OR REPLACE VIEW sendgrid_people AS
SELECT
	mail.*,
	suppression.last_unsubscribe_at,
	suppression.last_complaint_at,
	coalesce(suppression.no_mail, false) AS no_mail,
	coalesce(suppression.no_marketing, false) AS no_marketing,
	reading.opens_in_30_days,
	reading.clicks_in_30_days,
	reading.last_read_at
FROM (
	SELECT
		email,
		max(delivered_at) AS last_delivered_at,
		count(*) FILTER (WHERE delivered_at > now() - interval '90 days') AS delivered_in_90_days,
		max(bounced_at) AS last_bounce_at,
		(array_agg(bounce_reason ORDER BY bounced_at DESC) FILTER (WHERE bounced_at IS NOT NULL))[1]
			AS last_bounce_reason
	FROM sendgrid_messages
	GROUP BY email
) AS mail
LEFT JOIN LATERAL (
	SELECT
		max(changed_at) FILTER (WHERE active AND cause IN ('unsubscribe', 'group_unsubscribe'))
			AS last_unsubscribe_at,
		max(changed_at) FILTER (WHERE cause = 'spamreport') AS last_complaint_at,
		bool_or(active AND stops = 'all') AS no_mail,
		bool_or(active AND stops <> 'nothing') AS no_marketing
	FROM sendgrid_suppressions
	WHERE email = mail.email
) AS suppression ON true
LEFT JOIN LATERAL (
	SELECT
		count(*) FILTER (WHERE event = 'open' AND occurred_at > now() - interval '30 days')
			AS opens_in_30_days,
		count(*) FILTER (WHERE event = 'click' AND occurred_at > now() - interval '30 days')
			AS clicks_in_30_days,
		max(occurred_at) AS last_read_at
	FROM sendgrid_events
	WHERE email = mail.email AND event IN ('open', 'click') AND machine_open IS NOT TRUE
) AS reading ON true;

COMMIT;
