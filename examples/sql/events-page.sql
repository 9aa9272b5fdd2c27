-- For the example "A page of your events": makes the page, as HTML, from the tables of the event log.
-- Needs event-log.sql.

BEGIN;

CREATE INDEX IF NOT EXISTS sendgrid_events_problems ON sendgrid_events (occurred_at)
WHERE event IN ('bounce', 'dropped', 'spamreport');

-- Text of any origin as text in HTML, also between double quotes.
CREATE OR REPLACE FUNCTION html_text(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(replace(replace(replace(replace(coalesce(value, ''),
		'&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;

-- The name of a kind of event, as one reads it.
CREATE OR REPLACE FUNCTION events_page_name(kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT html_text(replace(CASE kind WHEN 'spamreport' THEN 'spam report' ELSE kind END, '_', ' '))
$$;

-- A link to the timeline of an address or a message.
CREATE OR REPLACE FUNCTION events_page_link(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT '<a href="?q=' || coalesce(string_agg('%' || encode(substring(bytes FROM n FOR 1), 'hex'), '' ORDER BY n), '')
		|| '">' || html_text(value) || '</a>'
	FROM (SELECT convert_to(value, 'UTF8') AS bytes) AS text_as_bytes,
		generate_series(1, length(bytes)) AS n
$$;

CREATE OR REPLACE FUNCTION events_page_share(part numeric, whole numeric) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN whole > 0 THEN round(100 * part / whole, 2)::text || ' %' ELSE '–' END
$$;

CREATE OR REPLACE FUNCTION events_page_time(moment timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
$$;

-- What to know of an event besides its kind and address.
CREATE OR REPLACE FUNCTION events_page_details(e sendgrid_events) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT html_text(left(concat_ws(' · ', e.bounce_kind, e.reason, e.url, e.user_agent), 500))
$$;

-- How many events of each kind the last 30 days had: [{ day, kind, events }].
CREATE OR REPLACE FUNCTION events_page_totals(today date) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(to_jsonb(totals)), '[]')
	FROM (
		SELECT day, kind, sum(events) AS events
		FROM sendgrid_daily WHERE day > today - 30 GROUP BY day, kind
	) AS totals
$$;

-- One bar a day for the last 30 days, each kind of event in its colour.
CREATE OR REPLACE FUNCTION events_page_chart(today date, totals jsonb) RETURNS text LANGUAGE sql STABLE AS $$
	WITH layers (layer, name, class, kinds) AS (
		VALUES
			(1, 'Delivered', 'delivered', ARRAY['delivered']),
			(2, 'Opened', 'opened', ARRAY['open']),
			(3, 'Clicked', 'clicked', ARRAY['click']),
			(4, 'Bounced, blocked, dropped, reported as spam', 'problem',
				ARRAY['bounce', 'block', 'dropped', 'spamreport'])
	),
	daily AS (SELECT * FROM jsonb_to_recordset(totals) AS t (day date, kind text, events bigint)),
	stacked AS (
		SELECT
			n, day, layer, name, class, events,
			sum(events) OVER (PARTITION BY n ORDER BY layer) AS top
		FROM (
			SELECT n, today - 29 + n AS day, layer, name, class, coalesce(sum(daily.events), 0) AS events
			FROM generate_series(0, 29) AS n
			CROSS JOIN layers
			LEFT JOIN daily ON daily.day = today - 29 + n AND daily.kind = ANY (kinds)
			GROUP BY n, layer, name, class
		) AS counted
	),
	scale AS (SELECT greatest(max(top), 1) AS highest FROM stacked)
	SELECT
		'<svg viewBox="0 0 720 245" role="img" aria-label="Events per day"><line class="axis" x1="0" y1="215" x2="720" y2="215"/>'
		|| '<text x="0" y="20">' || highest || '</text>'
		|| coalesce(string_agg(
			format(
				'<rect class="%s" x="%s" y="%s" width="18" height="%s"><title>%s %s: %s</title></rect>',
				class, n * 24 + 3, round(215 - 185 * top / highest, 1), round(185 * events / highest, 1),
				day, name, events
			), '' ORDER BY n, layer
		) FILTER (WHERE events > 0), '')
		|| (
			SELECT string_agg(
				format('<text x="%s" y="240">%s</text>', n * 24 + 3, to_char(today - 29 + n, 'MM-DD')), ''
				ORDER BY n
			) FROM generate_series(0, 21, 7) AS n
		)
		|| '</svg><p class="legend">'
		|| (SELECT string_agg(format('<span class="%s">%s</span>', class, name), '' ORDER BY layer) FROM layers)
		|| '</p>'
	FROM stacked, scale
	GROUP BY highest
$$;

-- Each kind of event with its sum and a small chart of the last 30 days.
CREATE OR REPLACE FUNCTION events_page_kinds(today date, totals jsonb) RETURNS text LANGUAGE sql STABLE AS $$
	WITH daily AS (SELECT * FROM jsonb_to_recordset(totals) AS t (day date, kind text, events bigint)),
	kinds AS (
		SELECT
			kind,
			sum(events) AS total,
			string_agg(
				format(
					'<rect x="%s" y="%s" width="3" height="%s"><title>%s: %s</title></rect>',
					4 * (day - today + 29), round(24 - 24 * events / highest, 1), round(24 * events / highest, 1),
					day, events
				), '' ORDER BY day
			) AS bars
		FROM (SELECT *, max(events) OVER (PARTITION BY kind) AS highest FROM daily) AS scaled
		GROUP BY kind
	)
	SELECT coalesce(string_agg(
		format(
			'<tr><th scope="row">%s</th><td class="number">%s</td><td><svg class="small" viewBox="0 0 120 24" role="img" aria-label="%s per day">%s</svg></td></tr>',
			events_page_name(kind), total, events_page_name(kind), bars
		), '' ORDER BY total DESC, kind
	), '<tr><td colspan="3">No events yet.</td></tr>')
	FROM kinds
$$;

-- Of the mails that a server took or refused: how many were delivered, bounced and blocked, and of
-- those delivered, how many were reported as spam. The 20 domains with most mail.
CREATE OR REPLACE FUNCTION events_page_domains(today date) RETURNS text LANGUAGE sql STABLE AS $$
	WITH domains AS (
		SELECT
			domain,
			coalesce(sum(events) FILTER (WHERE kind = 'delivered'), 0) AS delivered,
			coalesce(sum(events) FILTER (WHERE kind = 'bounce'), 0) AS bounced,
			coalesce(sum(events) FILTER (WHERE kind = 'block'), 0) AS blocked,
			coalesce(sum(events) FILTER (WHERE kind = 'spamreport'), 0) AS reported
		FROM sendgrid_daily
		WHERE day > today - 30 AND kind IN ('delivered', 'bounce', 'block', 'spamreport') AND domain <> ''
		GROUP BY domain
		ORDER BY sum(events) DESC, domain
		LIMIT 20
	)
	SELECT coalesce(string_agg(
		format(
			'<tr><th scope="row">%s</th><td class="number">%s</td><td class="number">%s</td><td class="number%s">%s</td><td class="number">%s</td><td class="number%s">%s</td></tr>',
			html_text(domain),
			tried,
			events_page_share(delivered, tried),
			CASE WHEN bounced > 0.05 * tried THEN ' high' END, events_page_share(bounced, tried),
			events_page_share(blocked, tried),
			CASE WHEN reported > 0.001 * delivered THEN ' high' END, events_page_share(reported, delivered)
		), '' ORDER BY tried DESC, domain
	), '<tr><td colspan="6">No deliveries yet.</td></tr>')
	FROM domains, LATERAL (SELECT delivered + bounced + blocked AS tried) AS sums
$$;

CREATE OR REPLACE FUNCTION events_page_problems() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(string_agg(
		format(
			'<tr><td class="time">%s</td><td>%s</td><td>%s</td><td class="details">%s</td></tr>',
			events_page_time(e.occurred_at),
			events_page_name(sendgrid_event_kind(e.event, e.bounce_kind, e.machine_open)),
			events_page_link(e.email), events_page_details(e)
		), '' ORDER BY e.occurred_at DESC, e.event_id
	), '<tr><td colspan="4">No bounces, drops or spam reports.</td></tr>')
	FROM (
		SELECT * FROM sendgrid_events
		WHERE event IN ('bounce', 'dropped', 'spamreport')
		ORDER BY occurred_at DESC
		LIMIT 20
	) AS e
$$;

-- What the trigger reported in the last 30 days about posts that it refused or left out.
CREATE OR REPLACE FUNCTION events_page_reports() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT '<section><h2>Posts refused or left out</h2><ul>' || string_agg(
		format(
			'<li><span class="time">%s</span> %s <span class="details">%s</span></li>',
			events_page_time(reported_at), html_text(problem), html_text(what_to_do)
		), '' ORDER BY problem_id DESC
	) || '</ul></section>'
	FROM (
		SELECT * FROM sendgrid_problems
		WHERE reported_at > now() - interval '30 days'
		ORDER BY problem_id DESC
		LIMIT 10
	) AS latest
$$;

-- What is known of an address or of a message: what speaks against mailing it, and its last 200 events.
CREATE OR REPLACE FUNCTION events_page_timeline(search text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT '<section><h2>' || html_text(search) || '</h2>'
		|| coalesce((
			SELECT '<p class="high">Not mailed any more: '
				|| string_agg(events_page_name(cause) || ' since ' || events_page_time(changed_at), ', ' ORDER BY changed_at)
				|| '</p>'
			FROM sendgrid_do_not_mail
			WHERE email = lower(search)
		), '')
		|| coalesce('<ol class="timeline">' || string_agg(
			format(
				'<li><span class="time">%s</span> <b>%s</b> %s<br><span class="details">%s</span> <span class="details">%s</span></li>',
				events_page_time(e.occurred_at),
				events_page_name(sendgrid_event_kind(e.event, e.bounce_kind, e.machine_open)),
				events_page_link(e.email), events_page_details(e), events_page_link(e.message_id)
			), '' ORDER BY e.occurred_at DESC, sendgrid_event_rank(e.event) DESC, e.event_id
		) || '</ol>', '<p>No events of this address or message.</p>')
		|| '</section>'
	FROM (
		(SELECT * FROM sendgrid_events WHERE email = lower(search) ORDER BY occurred_at DESC LIMIT 200)
		UNION
		-- An event's full id ends in a suffix of SendGrid's: the message id is what stands before the dot.
		(SELECT * FROM sendgrid_events WHERE message_id = split_part(search, '.', 1) AND search NOT LIKE '%@%'
			ORDER BY occurred_at DESC LIMIT 200)
	) AS e
$$;

-- The whole page.
--
-- @param search  an address or a message id, or '' for the overview alone
CREATE OR REPLACE FUNCTION sendgrid_events_page(search text) RETURNS text LANGUAGE sql STABLE AS $$
	WITH calendar AS (SELECT (now() AT TIME ZONE 'UTC')::date AS today),
	-- Once for the chart and the table.
	figures AS MATERIALIZED (SELECT today, events_page_totals(today) AS totals FROM calendar)
	SELECT '<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''">
<title>SendGrid events</title>
<style>
:root { --text: #1f2328; --faint: #636c76; --page: #ffffff; --line: #d8dee4; --delivered: #2f7bd9; --opened: #2da44e; --clicked: #a371d6; --problem: #d1453b; }
@media (prefers-color-scheme: dark) {
	:root { --text: #e6edf3; --faint: #9198a1; --page: #0d1117; --line: #30363d; --delivered: #4a94ec; --opened: #46b866; --clicked: #b98be8; --problem: #f0766c; }
}
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--page); color: var(--text); font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; }
h1 a { color: inherit; text-decoration: none; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
a { color: var(--delivered); overflow-wrap: anywhere; }
form { display: flex; gap: .5rem; }
input { flex: 1; min-width: 0; }
input, button { font: inherit; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .4rem; background: transparent; color: inherit; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--faint); font-size: 14px; }
@media (max-width: 40rem) { svg text { font-size: 24px; } }
svg.small { width: 120px; height: 24px; fill: var(--delivered); }
.axis { stroke: var(--line); }
rect.delivered { fill: var(--delivered); } rect.opened { fill: var(--opened); } rect.clicked { fill: var(--clicked); } rect.problem { fill: var(--problem); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .5rem 0; font-size: .85rem; }
.legend span::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: .15em; }
.legend .delivered::before { background: var(--delivered); } .legend .opened::before { background: var(--opened); }
.legend .clicked::before { background: var(--clicked); } .legend .problem::before { background: var(--problem); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { color: var(--faint); white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.high { color: var(--problem); font-weight: 600; }
td.high::after { content: " high"; }
.time { color: var(--faint); font-variant-numeric: tabular-nums; white-space: nowrap; }
.details { color: var(--faint); font-size: .85rem; overflow-wrap: anywhere; }
td.details { min-width: 12rem; }
.timeline { list-style: none; padding: 0; }
.timeline li { padding: .5rem 0 .5rem .75rem; border-left: 3px solid var(--line); }
footer { margin-top: 2rem; color: var(--faint); font-size: .85rem; }
</style>
</head>
<body>
<h1><a href="?">SendGrid events</a></h1>
<form method="get"><input type="search" name="q" aria-label="Address or message ID" placeholder="Address or message ID" value="' || html_text(search) || '"><button>Search</button></form>'
		|| CASE WHEN trim(search) <> '' THEN events_page_timeline(trim(search)) ELSE '' END
		|| '
<section><h2>Events per day</h2>' || events_page_chart(today, totals) || '</section>
<section><h2>Events by type, last 30 days</h2><div class="wide"><table><tbody>' || events_page_kinds(today, totals) || '</tbody></table></div></section>
<section><h2>Rates by domain, last 30 days</h2><div class="wide"><table>
<thead><tr><th>Domain</th><th class="number">Mails</th><th class="number">Delivered</th><th class="number">Bounced</th><th class="number">Blocked</th><th class="number">Spam reports</th></tr></thead>
<tbody>' || events_page_domains(today) || '</tbody></table></div></section>
<section><h2>Latest problems</h2><div class="wide"><table>
<thead><tr><th>Time</th><th>Event</th><th>Address</th><th>Reason</th></tr></thead>
<tbody>' || events_page_problems() || '</tbody></table></div></section>' || coalesce(events_page_reports(), '') || '
<footer>Days and times are in UTC.</footer>
</body>
</html>'
	FROM figures
$$;

COMMIT;
