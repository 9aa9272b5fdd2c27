/** What to look for; what is absent or empty does not matter. */
export interface ActivityFilter {
	fromEmail?: string;
	toEmail?: string;
	subject?: string;
	status?: string;
	/** Something that happened to the message, by the API's name, such as `opened`. */
	event?: string;
	templateId?: string;
	/** As Send puts it out, or the longer one that tells the recipients of a mail apart. */
	messageId?: string;
	/** A query of the user's own, in SendGrid's language. */
	query?: string;
}

/** When something last happened to the message, in Unix seconds; both ends are included. */
export interface TimeRange {
	since?: number;
	until?: number;
}

/**
 * A query in the language of SendGrid's email activity; empty if there is nothing to ask for.
 *
 * @see https://www.twilio.com/docs/sendgrid/for-developers/sending-email/getting-started-email-activity-api
 */
export function activityQuery(filter: ActivityFilter, range: TimeRange): string {
	const { fromEmail, toEmail, subject, status, event, templateId, messageId, query } = filter;
	const is = (field: string, value: string | undefined) =>
		value ? [`${field}=${quoted(value)}`] : [];
	return [
		...is('from_email', fromEmail),
		...is('to_email', toEmail),
		...is('subject', subject),
		...is('status', status),
		...is('template_id', templateId),
		...(event ? [`(Contains(events,${quoted(event)}))`] : []),
		...(messageId ? [`msg_id LIKE ${quoted(`${messageId.replaceAll('%', '%%')}%`)}`] : []),
		...timeConditions(range),
		...(query ? [`(${query})`] : []),
	].join(' AND ');
}

function timeConditions({ since, until }: TimeRange): string[] {
	if (since !== undefined && until !== undefined) {
		return [`last_event_time BETWEEN ${timestamp(since)} AND ${timestamp(until)}`];
	}
	if (since !== undefined) return [`last_event_time >= ${timestamp(since)}`];
	return until === undefined ? [] : [`last_event_time <= ${timestamp(until)}`];
}

function timestamp(seconds: number): string {
	return `TIMESTAMP ${quoted(new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'))}`;
}

/** Text in the query language, whatever is in it. */
function quoted(text: string): string {
	return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
