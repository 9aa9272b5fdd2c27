import { DuplicateFilter } from '../../../../nodes/SendGrid/actions/email/duplicates';
import { aPersonalization } from './mails';

const to = (...emails: string[]) => emails.map((email) => aPersonalization({ to: [{ email }] }));

describe('DuplicateFilter', () => {
	it('lets an address pass once, whatever its case', () => {
		const filter = new DuplicateFilter();
		const first = to('ann@example.com', 'bob@example.com');
		expect(filter.withoutDuplicates(first)).toEqual(first);
		filter.remember(0, first);
		expect(filter.withoutDuplicates(to('Ann@Example.com', 'carl@example.com'))).toEqual(
			to('carl@example.com'),
		);
	});

	it('lets an address pass once within an item', () => {
		const filter = new DuplicateFilter();
		expect(filter.withoutDuplicates(to('ann@example.com', 'ANN@example.com'))).toEqual(
			to('ann@example.com'),
		);
	});

	it('forgets what was not sent', () => {
		const filter = new DuplicateFilter();
		filter.withoutDuplicates(to('ann@example.com'));
		expect(filter.withoutDuplicates(to('ann@example.com'))).toHaveLength(1);
	});

	it('knows the item that sends to an address', () => {
		const filter = new DuplicateFilter();
		filter.remember(3, to('ann@example.com'));
		expect(filter.senderOf(to('ANN@example.com')[0]!)).toBe(3);
	});
});
