-- For the example "Keep a year of events". Needs event-log.sql.

BEGIN;

-- Deletes events that happened longer ago than that, and messages without news since. What was counted
-- from them stays: the figures per day (sendgrid_daily) and the suppressions are made when events come.
CREATE OR REPLACE FUNCTION drop_old_sendgrid_events(keep interval)
RETURNS TABLE ("eventsDeleted" bigint, "messagesDeleted" bigint) LANGUAGE plpgsql AS $$
BEGIN
	-- Younger events SendGrid may still repeat, and a repeat would count twice.
	IF keep < interval '7 days' THEN
		RAISE EXCEPTION 'Keep events for 7 days or more: SendGrid may still repeat younger ones';
	END IF;
	DELETE FROM sendgrid_events WHERE occurred_at < now() - keep;
	GET DIAGNOSTICS "eventsDeleted" = ROW_COUNT;
	DELETE FROM sendgrid_messages WHERE last_event_at < now() - keep;
	GET DIAGNOSTICS "messagesDeleted" = ROW_COUNT;
	DELETE FROM sendgrid_problems WHERE reported_at < now() - keep;
	-- Tables of other examples, if you have them.
	IF to_regclass('sendgrid_sends') IS NOT NULL THEN
		DELETE FROM sendgrid_sends WHERE requested_at < now() - keep;
	END IF;
	IF to_regclass('sendgrid_record_updates') IS NOT NULL THEN
		DELETE FROM sendgrid_record_updates AS u WHERE NOT EXISTS (
			SELECT FROM sendgrid_messages AS m WHERE m.message_id = u.message_id AND m.email = u.email
		);
	END IF;
	RETURN NEXT;
END
$$;

COMMIT;
