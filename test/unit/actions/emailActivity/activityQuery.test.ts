import * as fc from 'fast-check';
import { parseQuery } from '../../../../emulator/queryLanguage';
import { activityQuery } from '../../../../nodes/SendGrid/actions/emailActivity/activityQuery';
import { anyText, PROPERTY } from '../../../support/property';

const SINCE = Date.UTC(2026, 0, 15) / 1000;
const UNTIL = SINCE + 3600;

describe('a query for email activity', () => {
	it.each([
		[{ fromEmail: 'a@x.org' }, {}, 'from_email="a@x.org"'],
		[{ toEmail: 'a@x.org', status: 'delivered' }, {}, 'to_email="a@x.org" AND status="delivered"'],
		[{ subject: 'Say "hi" \\ AND' }, {}, 'subject="Say \\"hi\\" \\\\ AND"'],
		[{ templateId: 'd-1' }, {}, 'template_id="d-1"'],
		[{ event: 'opened' }, {}, '(Contains(events,"opened"))'],
		[{ messageId: 'abc' }, {}, 'msg_id LIKE "abc%"'],
		[{ messageId: '%' }, {}, 'msg_id LIKE "%%%"'],
		[{ status: '', query: 'a=1 OR b=2', toEmail: 'x' }, {}, 'to_email="x" AND (a=1 OR b=2)'],
		[{}, { since: SINCE }, 'last_event_time >= TIMESTAMP "2026-01-15T00:00:00Z"'],
		[{}, { until: UNTIL }, 'last_event_time <= TIMESTAMP "2026-01-15T01:00:00Z"'],
		[
			{},
			{ since: SINCE, until: UNTIL },
			'last_event_time BETWEEN TIMESTAMP "2026-01-15T00:00:00Z" AND TIMESTAMP "2026-01-15T01:00:00Z"',
		],
		[{}, {}, ''],
	])('of %j, %j', (filter, range, query) => {
		expect(activityQuery(filter, range)).toBe(query);
	});
});

it('asks for exactly the text that was entered, whatever is in it', () => {
	const text = anyText.filter((entered) => entered !== '');
	fc.assert(
		fc.property(text, text, (subject, other) => {
			const matches = parseQuery(activityQuery({ subject }, {}), new Set(['subject']));
			expect(matches({ subject })).toBe(true);
			expect(matches({ subject: other })).toBe(subject === other);
		}),
		PROPERTY,
	);
});
