-- The event log: tables and functions that all examples with PostgreSQL build on.
-- PostgreSQL 13 or newer.
--
--   psql "$DATABASE_URL" -f event-log.sql
--
-- Run it again after an update: the data stays, the functions are replaced.

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
	raw            jsonb NOT NULL             -- what SendGrid sent
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

-- The addresses that may not be mailed. stops = 'all' counts for receipts and the like, too, which
-- an unsubscribed customer still has to get.
CREATE OR REPLACE VIEW sendgrid_do_not_mail AS
SELECT email, stops, cause, group_id, changed_at, reason
FROM sendgrid_suppressions
WHERE active AND stops <> 'nothing';

-- May this address get marketing mail of this unsubscribe group? Returns what speaks against it
-- (bounce, invalid, spamreport, unsubscribe, group_unsubscribe), or NULL if nothing does.
CREATE OR REPLACE FUNCTION why_not_to_mail(address text, unsubscribe_group integer)
RETURNS text LANGUAGE sql STABLE AS $$
	SELECT cause
	FROM sendgrid_do_not_mail
	WHERE email = lower(trim(address)) AND group_id IN (0, unsubscribe_group)
	ORDER BY stops, changed_at DESC, cause
	LIMIT 1
$$;

-- ---------------------------------------------------------------------------------------------
-- 4. How many events of each kind a day had, by the domain of the recipient. Charts and rates are
--    read from here, and the figures outlive the events they were counted from.
-- ---------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS sendgrid_daily (
	day     date NOT NULL,                   -- in UTC
	kind    text NOT NULL,                   -- the event; block and machine_open are counted apart
	domain  text NOT NULL,                   -- lower case; '' for events of no recipient
	events  bigint NOT NULL,
	PRIMARY KEY (day, kind, domain)
);

CREATE OR REPLACE FUNCTION sendgrid_event_kind(event text, bounce_kind text, machine_open boolean)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN event = 'bounce' AND bounce_kind = 'block' THEN 'block'
		WHEN event = 'open' AND machine_open THEN 'machine_open'
		ELSE event
	END
$$;

-- ---------------------------------------------------------------------------------------------
-- 5. What the trigger's output Problems reported: posts that were refused or left out.
-- ---------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS sendgrid_problems (
	problem_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	reported_at  timestamptz NOT NULL DEFAULT now(),
	kind         text NOT NULL,              -- a code
	count        integer NOT NULL,           -- how often, since then:
	since        timestamptz NOT NULL,
	problem      text NOT NULL,              -- in words
	what_to_do   text NOT NULL,
	told         boolean NOT NULL DEFAULT false  -- the example "Event health" has told of it
);

-- PostgreSQL stores no zero characters and no halves of surrogate pairs, which mail servers have
-- been seen to write into their answers. In JSON text they are escapes such as \u0000; an escaped
-- backslash before "u0000" is none. Each becomes the replacement character.
CREATE OR REPLACE FUNCTION storable_json(items text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN items LIKE '%\\u0000%' OR items ~ '\\u[dD][89a-fA-F]' THEN
			regexp_replace(items, '(?<!\\)((?:\\\\)*)\\u(?:0000|[dD][89a-fA-F]..)', '\1\\ufffd', 'g')
		ELSE items
	END::jsonb
$$;

-- Among events of the same second, the one that comes later in the life of a mail is the latest.
CREATE OR REPLACE FUNCTION sendgrid_event_rank(event text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(array_position(ARRAY[
		'processed', 'deferred', 'delivered', 'dropped', 'bounce', 'open', 'click',
		'group_resubscribe', 'group_unsubscribe', 'unsubscribe', 'spamreport'
	], event), 0)
$$;

-- ---------------------------------------------------------------------------------------------
-- Stores items of SendGrid Email Trigger, given as the text of a JSON array, and returns how many of
-- them were new. One statement, so all of it happens or nothing. The states below are made from the new events
-- alone: storing the same events again changes nothing, and counts never double. Rows are written
-- in the order of their keys, so that two executions at a time wait for each other instead of
-- blocking each other.
-- ---------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION store_sendgrid_events(items text) RETURNS integer LANGUAGE sql AS $$
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
	FROM jsonb_array_elements(storable_json(items)) AS item
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
		min(occurred_at) FILTER (WHERE event = 'open' AND machine_open IS NOT TRUE),
		count(*) FILTER (WHERE event = 'open' AND machine_open IS NOT TRUE),
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
				-- SendGrid drops mail to those whom it knows from before this log began.
				WHEN event = 'dropped' AND reason = 'Spam Reporting Address' THEN 'spamreport'
				WHEN event = 'dropped' AND reason = 'Unsubscribed Address' THEN
					CASE WHEN asm_group_id IS NULL THEN 'unsubscribe' ELSE 'group_unsubscribe' END
				WHEN event = 'dropped' AND reason = 'Invalid' THEN 'invalid'
				WHEN bounce_kind = 'hard' THEN 'bounce'
				WHEN event = 'bounce' AND bounce_kind = 'block' THEN 'block'
				WHEN event IN ('spamreport', 'unsubscribe') THEN event
				WHEN event IN ('group_unsubscribe', 'group_resubscribe') THEN 'group_unsubscribe'
			END AS cause,
			asm_group_id,
			event <> 'group_resubscribe' AS active,
			occurred_at,
			reason
		FROM stored
	) AS causes
	CROSS JOIN LATERAL (
		SELECT CASE WHEN cause = 'group_unsubscribe' THEN coalesce(asm_group_id, 0) ELSE 0 END AS group_id
	) AS suppressed_group
	WHERE email IS NOT NULL AND cause IS NOT NULL
	ORDER BY email, cause, group_id, occurred_at DESC, active DESC, reason DESC NULLS LAST
	ON CONFLICT (email, cause, group_id) DO UPDATE SET
		active = excluded.active,
		changed_at = excluded.changed_at,
		reason = excluded.reason
	-- By the time of events, not by arrival; in doubt the address stays suppressed.
	WHERE (excluded.changed_at, excluded.active, coalesce(excluded.reason, ''))
		> (known.changed_at, known.active, coalesce(known.reason, ''))
),
daily AS (
	INSERT INTO sendgrid_daily AS known (day, kind, domain, events)
	SELECT
		(occurred_at AT TIME ZONE 'UTC')::date AS day,
		sendgrid_event_kind(event, bounce_kind, machine_open) AS kind,
		coalesce(split_part(email, '@', 2), '') AS domain,
		count(*)
	FROM stored
	GROUP BY 1, 2, 3
	ORDER BY 1, 2, 3
	ON CONFLICT (day, kind, domain) DO UPDATE SET events = known.events + excluded.events
)
SELECT count(*)::integer FROM stored
$$;

-- Stores reports of the trigger's output Problems, given as the text of a JSON array.
CREATE OR REPLACE FUNCTION store_sendgrid_problems(reports text) RETURNS integer LANGUAGE sql AS $$
	WITH stored AS (
		INSERT INTO sendgrid_problems (kind, count, since, problem, what_to_do)
		SELECT
			report ->> 'kind', (report ->> 'count')::integer, (report ->> 'since')::timestamptz,
			report ->> 'problem', report ->> 'whatToDo'
		FROM jsonb_array_elements(storable_json(reports)) AS report
		RETURNING 1
	)
	SELECT count(*)::integer FROM stored
$$;

-- ---------------------------------------------------------------------------------------------
-- Stores results of SendGrid Email > Suppression > Get Many, given as the text of a JSON array, and
-- returns how many of them were news. Storing them again changes nothing.
-- ---------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION store_sendgrid_suppressions(entries text) RETURNS integer LANGUAGE sql AS $$
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
		FROM jsonb_array_elements(storable_json(entries)) AS entry
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

-- A log that began before days were counted: count them once.
INSERT INTO sendgrid_daily (day, kind, domain, events)
SELECT
	(occurred_at AT TIME ZONE 'UTC')::date,
	sendgrid_event_kind(event, bounce_kind, machine_open),
	coalesce(split_part(email, '@', 2), ''),
	count(*)
FROM sendgrid_events
WHERE NOT EXISTS (SELECT FROM sendgrid_daily)
GROUP BY 1, 2, 3;

COMMIT;
