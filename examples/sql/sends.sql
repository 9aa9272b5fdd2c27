-- For the example "Send and record": every mail that was to be sent, and what became of it, also of
-- mails that no event ever told about. Needs event-log.sql. Running it again keeps the data.

BEGIN;

CREATE TABLE IF NOT EXISTS sendgrid_sends (
	send_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(), -- travels as the custom arg sendId
	requested_at  timestamptz NOT NULL DEFAULT now(),
	email         text NOT NULL,             -- lower case
	subject       text,
	message_id    text,                      -- NULL: SendGrid has not accepted the mail
	accepted_at   timestamptz,
	problem       text                       -- why it was not accepted
);

CREATE INDEX IF NOT EXISTS sendgrid_sends_email ON sendgrid_sends (email, requested_at);
CREATE INDEX IF NOT EXISTS sendgrid_sends_message ON sendgrid_sends (message_id, email);
-- Finds the message of a send whose execution ended before it could note the message id.
CREATE INDEX IF NOT EXISTS sendgrid_messages_send ON sendgrid_messages ((custom_args ->> 'sendId'))
WHERE custom_args ->> 'sendId' IS NOT NULL;

-- Notes a mail before it is sent. Returns the id to send along as the custom arg sendId.
CREATE OR REPLACE FUNCTION record_send(recipient text, subject text) RETURNS uuid LANGUAGE sql AS $$
	INSERT INTO sendgrid_sends (email, subject) VALUES (lower(trim(recipient)), subject)
	RETURNING send_id
$$;

-- Notes what SendGrid answered.
--
-- @param message  the messageId, or NULL if the mail was not accepted
-- @param problem  why not
CREATE OR REPLACE FUNCTION settle_send(send uuid, message text, problem text)
RETURNS TABLE ("sendId" uuid, email text, "messageId" text, problem text) LANGUAGE sql AS $$
	UPDATE sendgrid_sends AS s SET
		message_id = message,
		accepted_at = CASE WHEN message IS NOT NULL THEN now() END,
		problem = settle_send.problem
	WHERE s.send_id = send
	RETURNING s.send_id, s.email, s.message_id, s.problem
$$;

-- Did this user receive the email? One row per mail, with the answer as a word:
--   not accepted   SendGrid did not take it; problem says why
--   unknown        n8n was stopped while it sent, and no event has told of it since
--   accepted       SendGrid has it, no event has come yet
--   on its way     processed or deferred
--   delivered      the recipient's server took it (opened and clicked say more)
--   bounced, dropped
CREATE OR REPLACE VIEW sendgrid_send_results AS
SELECT
	s.send_id,
	s.requested_at,
	s.email,
	s.subject,
	coalesce(s.message_id, m.message_id) AS message_id,
	CASE
		WHEN m.bounced_at IS NOT NULL AND d.event IS NOT NULL THEN 'dropped'
		WHEN m.bounced_at IS NOT NULL THEN 'bounced'
		WHEN m.delivered_at IS NOT NULL OR m.opens + m.machine_opens + m.clicks > 0 THEN 'delivered'
		WHEN m.message_id IS NOT NULL THEN 'on its way'
		WHEN s.message_id IS NOT NULL THEN 'accepted'
		WHEN s.problem LIKE 'Not sent%' THEN 'not accepted'
		ELSE 'unknown'
	END AS result,
	m.delivered_at,
	m.opens > 0 AS opened,
	m.clicks > 0 AS clicked,
	coalesce(m.bounce_reason, s.problem) AS reason,
	m.last_event,
	m.last_event_at
FROM sendgrid_sends AS s
LEFT JOIN LATERAL (
	SELECT * FROM sendgrid_messages AS by_id
	WHERE s.message_id IS NOT NULL AND by_id.message_id = s.message_id AND by_id.email = s.email
	UNION ALL
	SELECT * FROM sendgrid_messages AS by_arg
	WHERE s.message_id IS NULL AND by_arg.custom_args ->> 'sendId' = s.send_id::text
	LIMIT 1
) AS m ON true
LEFT JOIN LATERAL (
	SELECT event FROM sendgrid_events AS e
	WHERE e.message_id = m.message_id AND e.email = m.email AND e.event = 'dropped'
	LIMIT 1
) AS d ON true;

COMMIT;
