-- For the example "Update a record per message": which records of your CRM have yet to be told of
-- changes. Needs event-log.sql. Running it again keeps the data.

BEGIN;

-- One row for each message and recipient whose mail carried the custom arg recordId. Every change of
-- the message counts up revision; sent_revision is what the CRM has.
CREATE TABLE IF NOT EXISTS sendgrid_record_updates (
	message_id     text NOT NULL,
	email          text NOT NULL,
	record_id      text NOT NULL,
	state          jsonb NOT NULL,              -- what the CRM is to be told
	revision       integer NOT NULL DEFAULT 1,
	sent_revision  integer NOT NULL DEFAULT 0,
	try_after      timestamptz NOT NULL DEFAULT now(),
	tries          integer NOT NULL DEFAULT 0,  -- since the CRM last took an update
	problem        text,                        -- what the CRM last said against it
	PRIMARY KEY (message_id, email)
);

CREATE INDEX IF NOT EXISTS sendgrid_record_updates_open ON sendgrid_record_updates (try_after)
WHERE revision > sent_revision;

-- What your CRM is told. To tell it more, add columns of sendgrid_messages here.
CREATE OR REPLACE FUNCTION record_state(message sendgrid_messages) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object(
		'email', message.email,
		'lastEvent', message.last_event,
		'lastEventAt', message.last_event_at,
		'opened', message.opens > 0,
		'clicked', message.clicks > 0,
		'clickCount', message.clicks,
		'bounceReason', message.bounce_reason,
		'optedOut', message.opted_out_at IS NOT NULL
	)
$$;

CREATE OR REPLACE FUNCTION note_record_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO sendgrid_record_updates AS known (message_id, email, record_id, state)
	VALUES (NEW.message_id, NEW.email, NEW.custom_args ->> 'recordId', record_state(NEW))
	ON CONFLICT (message_id, email) DO UPDATE SET
		record_id = excluded.record_id,
		state = excluded.state,
		revision = known.revision + 1,
		-- A record that the CRM did not want is tried again when there is news of it.
		try_after = CASE WHEN known.try_after = 'infinity' THEN now() ELSE known.try_after END;
	RETURN NULL;
END
$$;

DROP TRIGGER IF EXISTS sendgrid_record_update ON sendgrid_messages;
CREATE TRIGGER sendgrid_record_update AFTER INSERT OR UPDATE ON sendgrid_messages
FOR EACH ROW WHEN (NEW.custom_args ->> 'recordId' <> '') EXECUTE FUNCTION note_record_update();

-- ---------------------------------------------------------------------------------------------
-- Takes up to that many updates to send. Nobody else gets the same record for five minutes, so that
-- of two runs at the same time none can overwrite a newer total with an older one.
-- ---------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION claim_record_updates(at_most integer)
RETURNS TABLE ("messageId" text, email text, revision integer, "recordId" text, state jsonb)
LANGUAGE sql AS $$
	UPDATE sendgrid_record_updates AS u SET try_after = now() + interval '5 minutes'
	FROM (
		SELECT d.message_id, d.email
		FROM sendgrid_record_updates AS d
		WHERE d.revision > d.sent_revision AND d.try_after <= now()
		ORDER BY d.try_after
		LIMIT at_most
		FOR UPDATE SKIP LOCKED
	) AS due
	WHERE u.message_id = due.message_id AND u.email = due.email
	RETURNING u.message_id, u.email, u.revision, u.record_id, u.state
$$;

-- ---------------------------------------------------------------------------------------------
-- Notes how an update ended. 2xx: the CRM has it. 4xx: the CRM will not have it, a record that was
-- deleted for example; only news of the message tries again. Anything else, a CRM that is away above
-- all, is tried again after 1, 2, 4, … minutes, at most an hour.
--
-- @param status  the status of the CRM's answer, or NULL if there was none
-- @param problem  what went wrong, if there was no answer
-- ---------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION settle_record_update(
	message text, recipient text, claimed_revision integer, status integer, problem text
) RETURNS text LANGUAGE sql AS $$
	UPDATE sendgrid_record_updates AS u SET
		sent_revision = CASE WHEN outcome = 'updated' THEN claimed_revision ELSE u.sent_revision END,
		tries = CASE WHEN outcome = 'updated' THEN 0 ELSE u.tries + 1 END,
		try_after = CASE
			WHEN outcome = 'updated' THEN now()
			-- News that came while the CRM was asked is tried at once.
			WHEN outcome = 'refused' AND u.revision = claimed_revision THEN 'infinity'
			WHEN outcome = 'refused' THEN now()
			ELSE now() + least(interval '1 hour', interval '1 minute' * 2 ^ least(u.tries, 6))
		END,
		problem = CASE WHEN outcome <> 'updated' THEN coalesce(settle_record_update.problem, 'Status ' || status) END
	FROM (
		SELECT CASE
			WHEN status BETWEEN 200 AND 299 THEN 'updated'
			WHEN status BETWEEN 400 AND 499 AND status NOT IN (401, 403, 408, 425, 429) THEN 'refused'
			ELSE 'later'
		END AS outcome
	) AS answer
	WHERE u.message_id = message AND u.email = recipient
	RETURNING outcome
$$;

COMMIT;
