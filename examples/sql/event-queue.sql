-- For the examples "Take events in" and "Work events off": a table in which events wait to be worked
-- off. Needs event-log.sql. Running it again keeps the data.

BEGIN;

CREATE TABLE IF NOT EXISTS sendgrid_queue (
	event_id       text PRIMARY KEY,          -- dedupeKey: SendGrid's sg_event_id
	event          jsonb NOT NULL,            -- the item as SendGrid Email Trigger gave it
	received_at    timestamptz NOT NULL DEFAULT now(),
	attempts       integer NOT NULL DEFAULT 0,
	claimed_until  timestamptz NOT NULL DEFAULT '-infinity',   -- an execution works on it until then
	done_at        timestamptz
);

CREATE INDEX IF NOT EXISTS sendgrid_queue_waiting ON sendgrid_queue (attempts, received_at)
	WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS sendgrid_queue_done ON sendgrid_queue (done_at) WHERE done_at IS NOT NULL;

-- Takes events in. One that is there already, waiting or done, changes nothing.
-- @param events a JSON array of items of SendGrid Email Trigger
-- @returns how many are new
CREATE OR REPLACE FUNCTION queue_sendgrid_events(events text) RETURNS integer
LANGUAGE sql AS $$
	WITH added AS (
		INSERT INTO sendgrid_queue (event_id, event)
		SELECT event ->> 'dedupeKey', event
		FROM jsonb_array_elements(storable_json(events)) AS event
		-- In one order, so that executions that store the same events do not wait for each other.
		ORDER BY 1
		ON CONFLICT DO NOTHING
		RETURNING 1
	)
	SELECT count(*)::integer FROM added
$$;

-- Gives events out that wait. Those that are not marked as done in time are given out again: the
-- execution that had them has failed, or its n8n has died.
-- @param at_most so many at a time
-- @param patience how long an execution may work on them
CREATE OR REPLACE FUNCTION claim_sendgrid_events(at_most integer, patience interval)
RETURNS TABLE (event jsonb)
LANGUAGE sql AS $$
	-- SendGrid repeats an event for 24 hours at most: after that nobody asks for those that are done.
	WITH forgotten AS (
		DELETE FROM sendgrid_queue WHERE done_at < now() - interval '3 days'
	)
	UPDATE sendgrid_queue
	SET claimed_until = clock_timestamp() + patience, attempts = attempts + 1
	WHERE event_id IN (
		SELECT event_id FROM sendgrid_queue
		WHERE done_at IS NULL AND claimed_until < clock_timestamp()
		-- New ones first: events that fail again and again hold up no others.
		ORDER BY attempts, received_at
		LIMIT at_most
		FOR UPDATE SKIP LOCKED
	)
	RETURNING sendgrid_queue.event
$$;

-- @param event_ids a JSON array of dedupe keys
-- @returns how many are done now
CREATE OR REPLACE FUNCTION finish_sendgrid_events(event_ids text) RETURNS integer
LANGUAGE sql AS $$
	WITH finished AS (
		UPDATE sendgrid_queue SET done_at = now()
		WHERE done_at IS NULL AND event_id IN (SELECT jsonb_array_elements_text(event_ids::jsonb))
		RETURNING 1
	)
	SELECT count(*)::integer FROM finished
$$;

COMMIT;
