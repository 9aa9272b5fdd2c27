-- For the example "Follow up on click": who gets a follow-up, and whether it was sent. Needs
-- event-log.sql. Running it again keeps the data.

BEGIN;

-- One row for each message and recipient that is followed up.
CREATE TABLE IF NOT EXISTS sendgrid_follow_ups (
	message_id    text NOT NULL,             -- of the mail with the link
	email         text NOT NULL,
	clicked_at    timestamptz NOT NULL,
	-- due: to be sent at try_after. sending: taken by an execution; if it stays that way, n8n was
	-- stopped while it sent, or SendGrid did not say what became of the mail. sent, failed: the end.
	state         text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sending', 'sent', 'failed')),
	try_after     timestamptz NOT NULL DEFAULT now(),
	tries         integer NOT NULL DEFAULT 0,
	follow_up_id  text,                      -- messageId of the follow-up
	problem       text,
	PRIMARY KEY (message_id, email)
);

CREATE INDEX IF NOT EXISTS sendgrid_follow_ups_due ON sendgrid_follow_ups (try_after)
WHERE state = 'due';

-- Remembers clicks, given as the text of a JSON array of the trigger's items. A second click of the
-- same person on the same mail changes nothing. Returns how many are new.
CREATE OR REPLACE FUNCTION remember_follow_ups(clicks text) RETURNS integer LANGUAGE sql AS $$
	WITH added AS (
		INSERT INTO sendgrid_follow_ups (message_id, email, clicked_at)
		SELECT DISTINCT ON (1, 2)
			click ->> 'messageId', click ->> 'email', (click ->> 'timestamp')::timestamptz
		FROM jsonb_array_elements(storable_json(clicks)) AS click
		WHERE click ->> 'messageId' IS NOT NULL AND click ->> 'email' IS NOT NULL
		ORDER BY 1, 2, 3
		ON CONFLICT (message_id, email) DO NOTHING
		RETURNING 1
	)
	SELECT count(*)::integer FROM added
$$;

-- Takes what is due. Of two executions at the same time only one gets a row.
CREATE OR REPLACE FUNCTION claim_follow_ups() RETURNS TABLE ("messageId" text, email text)
LANGUAGE sql AS $$
	UPDATE sendgrid_follow_ups AS f SET state = 'sending', tries = f.tries + 1
	FROM (
		SELECT d.message_id, d.email
		FROM sendgrid_follow_ups AS d
		WHERE d.state = 'due' AND d.try_after <= now()
		ORDER BY d.try_after
		LIMIT 500
		FOR UPDATE SKIP LOCKED
	) AS due
	WHERE f.message_id = due.message_id AND f.email = due.email
	RETURNING f.message_id, f.email
$$;

-- Notes how sending ended. What was surely not sent is due again after 5, 10, 20, … minutes, ten
-- times at most. What was perhaps sent stays as it is: nobody gets the same mail twice.
--
-- @param sent_id  the follow-up's messageId, or NULL if it was not accepted
-- @param problem  the error of SendGrid Email; it begins with "Not sent" or "Perhaps sent"
CREATE OR REPLACE FUNCTION settle_follow_up(
	message text, recipient text, sent_id text, problem text
) RETURNS text LANGUAGE sql AS $$
	UPDATE sendgrid_follow_ups SET
		state = CASE
			WHEN sent_id IS NOT NULL THEN 'sent'
			WHEN settle_follow_up.problem NOT LIKE 'Not sent%' THEN 'sending'
			WHEN tries < 10 THEN 'due'
			ELSE 'failed'
		END,
		try_after = now() + interval '5 minutes' * 2 ^ (least(tries, 10) - 1),
		follow_up_id = sent_id,
		problem = settle_follow_up.problem
	WHERE message_id = message AND email = recipient
	RETURNING state
$$;

COMMIT;
