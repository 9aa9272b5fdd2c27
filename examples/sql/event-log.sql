-- Tables and functions for the example workflows "Event log in PostgreSQL", "Update a record per
-- message", "Catch up after an outage" and "Event health". PostgreSQL 12 or newer.
--
--   psql "$DATABASE_URL" -f event-log.sql
--
-- Running it again keeps the data and brings the functions up to date.

BEGIN;

-- ---------------------------------------------------------------------------------------------
-- 1. The log: one row per event, whatever happens. SendGrid repeats events; the key decides.
-- ---------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS sendgrid_events (
	event_id       text PRIMARY KEY,          -- dedupeKey: SendGrid's sg_event_id
	event          text NOT NULL,             -- delivered, open, click, bounce, …
	email          text,                      -- lower case
	occurred_at    timestamptz NOT NULL,      -- when it happened, not when it arrived
	received_at    timestamptz NOT NULL DEFAULT now(),
	message_id     text,                      -- the messageId that SendGrid Email returned
	machine_open   boolean,
	url            text,
	ip             text,
	user_agent     text,
	bounce_kind    text,                      -- hard, soft or block
	reason         text,                      -- of a bounce or drop; else the server's answer
	asm_group_id   integer,                   -- the unsubscribe group of the mail
	custom_args    jsonb NOT NULL DEFAULT '{}',
	raw            jsonb NOT NULL             -- exactly what SendGrid sent
);

-- What happened to this message? Did this address bounce? What happened on this day?
CREATE INDEX IF NOT EXISTS sendgrid_events_message ON sendgrid_events (message_id, occurred_at);
CREATE INDEX IF NOT EXISTS sendgrid_events_email ON sendgrid_events (email, event, occurred_at);
CREATE INDEX IF NOT EXISTS sendgrid_events_time ON sendgrid_events (occurred_at);

-- ---------------------------------------------------------------------------------------------
-- 2. The latest state of each message to each recipient, by the time of events. SendGrid keeps no
--    order: an open may arrive before the delivery.
-- ---------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS sendgrid_messages (
	message_id         text NOT NULL,
	email              text NOT NULL,
	last_event         text NOT NULL,
	last_event_at      timestamptz NOT NULL,
	delivered_at       timestamptz,
	first_opened_at    timestamptz,               -- by a person, as far as SendGrid can tell
	opens              integer NOT NULL DEFAULT 0,
	machine_opens      integer NOT NULL DEFAULT 0,
	first_clicked_at   timestamptz,
	clicks             integer NOT NULL DEFAULT 0,
	bounced_at         timestamptz,               -- the latest bounce or drop
	bounce_kind        text,
	bounce_reason      text,
	opted_out_at       timestamptz,               -- unsubscribed or reported as spam
	custom_args        jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (message_id, email)
);

CREATE INDEX IF NOT EXISTS sendgrid_messages_email ON sendgrid_messages (email, last_event_at);

-- ---------------------------------------------------------------------------------------------
-- 3. Addresses with something against mailing them: one row for each cause.
-- ---------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS sendgrid_suppressions (
	email        text NOT NULL,              -- lower case
	cause        text NOT NULL,              -- bounce, invalid, spamreport, unsubscribe, group_unsubscribe, block
	group_id     integer NOT NULL DEFAULT 0, -- the unsubscribe group of a group_unsubscribe
	active       boolean NOT NULL,           -- false: subscribed again
	changed_at   timestamptz NOT NULL,
	reason       text,
	-- A block is about one message or about the sender: the address is good.
	stops        text NOT NULL GENERATED ALWAYS AS (
		CASE
			WHEN cause IN ('bounce', 'invalid', 'spamreport') THEN 'all'
			WHEN cause IN ('unsubscribe', 'group_unsubscribe') THEN 'marketing'
			ELSE 'nothing'
		END
	) STORED,
	PRIMARY KEY (email, cause, group_id)
);

-- The addresses that may not be mailed: SELECT 1 FROM sendgrid_do_not_mail WHERE email = … for
-- marketing mail; with AND stops = 'all' for receipts and the like, which an unsubscribed
-- customer still has to get.
CREATE OR REPLACE VIEW sendgrid_do_not_mail AS
SELECT email, stops, cause, group_id, changed_at, reason
FROM sendgrid_suppressions
WHERE active AND stops <> 'nothing';

-- Among events of the same second, the one that comes later in the life of a mail is the latest.
CREATE OR REPLACE FUNCTION sendgrid_event_rank(event text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(array_position(ARRAY[
		'processed', 'deferred', 'delivered', 'dropped', 'bounce', 'open', 'click',
		'group_resubscribe', 'group_unsubscribe', 'unsubscribe', 'spamreport'
	], event), 0)
$$;

-- ---------------------------------------------------------------------------------------------
-- Stores items of SendGrid Email Trigger, given as a JSON array, and returns how many of them were new.
-- One statement, so all of it happens or nothing. The states below are made from the new events
-- alone: storing the same events again changes nothing, and counts never double. Rows are written
-- in the order of their keys, so that two executions at a time wait for each other instead of
-- blocking each other.
-- ---------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION store_sendgrid_events(items jsonb) RETURNS integer LANGUAGE sql AS $$
WITH stored AS (
	INSERT INTO sendgrid_events (
		event_id, event, email, occurred_at, message_id, machine_open, url, ip, user_agent,
		bounce_kind, reason, asm_group_id, custom_args, raw
	)
	SELECT DISTINCT ON (item ->> 'dedupeKey')
		item ->> 'dedupeKey',
		item ->> 'event',
		lower(item ->> 'email'),
		coalesce((item ->> 'timestamp')::timestamptz, now()),
		item ->> 'messageId',
		(item ->> 'machineOpen')::boolean,
		item ->> 'url',
		item ->> 'ip',
		item ->> 'userAgent',
		item #>> '{bounce,kind}',
		coalesce(item #>> '{bounce,reason}', item ->> 'response'),
		(item ->> 'asmGroupId')::integer,
		coalesce(item -> 'customArgs', '{}'),
		coalesce(item -> 'raw', item)
	FROM jsonb_array_elements(items) AS item
	ORDER BY item ->> 'dedupeKey'
	ON CONFLICT (event_id) DO NOTHING
	RETURNING *
),
messages AS (
	INSERT INTO sendgrid_messages AS known (
		message_id, email, last_event, last_event_at, delivered_at, first_opened_at, opens,
		machine_opens, first_clicked_at, clicks, bounced_at, bounce_kind, bounce_reason,
		opted_out_at, custom_args
	)
	SELECT
		message_id,
		email,
		(array_agg(event ORDER BY occurred_at DESC, sendgrid_event_rank(event) DESC, event DESC))[1],
		max(occurred_at),
		min(occurred_at) FILTER (WHERE event = 'delivered'),
		min(occurred_at) FILTER (WHERE event = 'open' AND NOT machine_open),
		count(*) FILTER (WHERE event = 'open' AND NOT machine_open),
		count(*) FILTER (WHERE event = 'open' AND machine_open),
		min(occurred_at) FILTER (WHERE event = 'click'),
		count(*) FILTER (WHERE event = 'click'),
		max(occurred_at) FILTER (WHERE bounce_kind IS NOT NULL),
		(array_agg(bounce_kind ORDER BY occurred_at DESC, bounce_kind DESC)
			FILTER (WHERE bounce_kind IS NOT NULL))[1],
		(array_agg(coalesce(reason, '') ORDER BY occurred_at DESC, bounce_kind DESC, coalesce(reason, '') DESC)
			FILTER (WHERE bounce_kind IS NOT NULL))[1],
		max(occurred_at) FILTER (WHERE event IN ('unsubscribe', 'group_unsubscribe', 'spamreport')),
		(array_agg(custom_args ORDER BY event_id))[1]
	FROM stored
	-- A bounce that comes by mail days later names no message.
	WHERE message_id IS NOT NULL AND email IS NOT NULL
	GROUP BY message_id, email
	ORDER BY message_id, email
	ON CONFLICT (message_id, email) DO UPDATE SET
		last_event = CASE
			WHEN (excluded.last_event_at, sendgrid_event_rank(excluded.last_event), excluded.last_event)
				> (known.last_event_at, sendgrid_event_rank(known.last_event), known.last_event)
			THEN excluded.last_event ELSE known.last_event
		END,
		last_event_at = greatest(known.last_event_at, excluded.last_event_at),
		delivered_at = least(known.delivered_at, excluded.delivered_at),
		first_opened_at = least(known.first_opened_at, excluded.first_opened_at),
		opens = known.opens + excluded.opens,
		machine_opens = known.machine_opens + excluded.machine_opens,
		first_clicked_at = least(known.first_clicked_at, excluded.first_clicked_at),
		clicks = known.clicks + excluded.clicks,
		bounced_at = greatest(known.bounced_at, excluded.bounced_at),
		bounce_kind = CASE
			WHEN known.bounced_at IS NULL
				OR (excluded.bounced_at, excluded.bounce_kind) > (known.bounced_at, known.bounce_kind)
			THEN excluded.bounce_kind ELSE known.bounce_kind
		END,
		bounce_reason = CASE
			WHEN known.bounced_at IS NULL
				OR (excluded.bounced_at, excluded.bounce_kind, excluded.bounce_reason)
					> (known.bounced_at, known.bounce_kind, known.bounce_reason)
			THEN excluded.bounce_reason ELSE known.bounce_reason
		END,
		opted_out_at = greatest(known.opted_out_at, excluded.opted_out_at),
		custom_args = known.custom_args || excluded.custom_args
),
suppressions AS (
	INSERT INTO sendgrid_suppressions AS known (
		email, cause, group_id, active, changed_at, reason
	)
	SELECT DISTINCT ON (email, cause, group_id)
		email, cause, group_id, active, occurred_at, reason
	FROM (
		SELECT
			email,
			CASE
				WHEN bounce_kind = 'hard' THEN 'bounce'
				WHEN event = 'bounce' AND bounce_kind = 'block' THEN 'block'
				WHEN event IN ('spamreport', 'unsubscribe') THEN event
				WHEN event IN ('group_unsubscribe', 'group_resubscribe') THEN 'group_unsubscribe'
			END AS cause,
			CASE WHEN event LIKE 'group\_%' THEN coalesce(asm_group_id, 0) ELSE 0 END
				AS group_id,
			event <> 'group_resubscribe' AS active,
			occurred_at,
			reason
		FROM stored
	) AS news
	WHERE email IS NOT NULL AND cause IS NOT NULL
	ORDER BY email, cause, group_id, occurred_at DESC, active DESC, reason DESC NULLS LAST
	ON CONFLICT (email, cause, group_id) DO UPDATE SET
		active = excluded.active,
		changed_at = excluded.changed_at,
		reason = excluded.reason
	-- By the time of events, not by arrival; in doubt the address stays suppressed.
	WHERE (excluded.changed_at, excluded.active, coalesce(excluded.reason, ''))
		> (known.changed_at, known.active, coalesce(known.reason, ''))
)
SELECT count(*)::integer FROM stored
$$;

-- ---------------------------------------------------------------------------------------------
-- Stores results of SendGrid Email > Suppression > Get Many, given as a JSON array, and returns
-- how many of them were news. Storing them again changes nothing.
-- ---------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION store_sendgrid_suppressions(entries jsonb) RETURNS integer LANGUAGE sql AS $$
WITH stored AS (
	INSERT INTO sendgrid_suppressions AS known (
		email, cause, group_id, active, changed_at, reason
	)
	SELECT DISTINCT ON (email, cause, group_id)
		email, cause, group_id, true, changed_at, reason
	FROM (
		SELECT
			lower(entry ->> 'email') AS email,
			CASE entry ->> 'list'
				WHEN 'blocks' THEN 'block'
				WHEN 'bounces' THEN 'bounce'
				WHEN 'invalidEmails' THEN 'invalid'
				WHEN 'spamReports' THEN 'spamreport'
				WHEN 'globalUnsubscribes' THEN 'unsubscribe'
				WHEN 'groupUnsubscribes' THEN 'group_unsubscribe'
			END AS cause,
			coalesce((entry ->> 'groupId')::integer, 0) AS group_id,
			coalesce((entry ->> 'createdAt')::timestamptz, now()) AS changed_at,
			entry ->> 'reason' AS reason
		FROM jsonb_array_elements(entries) AS entry
	) AS news
	WHERE email IS NOT NULL AND cause IS NOT NULL
	ORDER BY email, cause, group_id, changed_at DESC, reason DESC NULLS LAST
	ON CONFLICT (email, cause, group_id) DO UPDATE SET
		active = true,
		changed_at = excluded.changed_at,
		reason = excluded.reason
	WHERE (excluded.changed_at, excluded.active, coalesce(excluded.reason, ''))
		> (known.changed_at, known.active, coalesce(known.reason, ''))
	RETURNING 1
)
SELECT count(*)::integer FROM stored
$$;

COMMIT;
