import { getAll } from '../../../../nodes/SendGrid/actions/suppression/getAll';
import {
	SUPPRESSION_LISTS,
	suppressionList,
	toEntry,
	type SuppressionList,
} from '../../../../nodes/SendGrid/actions/suppression/lists';

const list = suppressionList;

describe('the suppression lists', () => {
	it('are all read by Get Many unless the user chooses some', () => {
		const lists = getAll.properties.find(({ name }) => name === 'lists');

		expect(lists?.default).toEqual(SUPPRESSION_LISTS.map(({ value }) => value));
	});

	it.each(['blocks', 'bounces', 'invalidEmails', 'spamReports'])(
		'%s: an address has the entries that SendGrid lists',
		(value) => {
			const entry = { email: 'ann@example.com', created: 1 };

			expect(list(value).entriesOf([entry])).toEqual([entry]);
			expect(list(value).entriesOf([])).toEqual([]);
		},
	);

	it('globalUnsubscribes: an empty object means that the address is not on it', () => {
		const { entriesOf } = list('globalUnsubscribes');

		expect(entriesOf({ recipient_email: 'ann@example.com' })).toEqual([
			{ email: 'ann@example.com' },
		]);
		expect(entriesOf({})).toEqual([]);
	});

	it('groupUnsubscribes: only the groups that the address left count', () => {
		const group = { id: 1, name: 'Newsletter', description: '', is_default: false };
		const suppressions = [
			{ ...group, suppressed: true },
			{ ...group, id: 2, suppressed: false },
		];

		expect(list('groupUnsubscribes').entriesOf({ suppressions })).toEqual([
			{ groupId: 1, groupName: 'Newsletter' },
		]);
	});

	describe.each<SuppressionList>([...SUPPRESSION_LISTS])('$value', ({ entriesOf }) => {
		it.each([[''], ['<html>'], [null], [{ error: 'down' }], [undefined]])(
			'takes %j for no answer, not for an empty list',
			(body) => {
				expect(entriesOf(body)).toBeUndefined();
			},
		);
	});
});

describe('toEntry', () => {
	it('puts the time under one name for all lists, and as ISO 8601', () => {
		const time = { created: 1_795_169_700, createdAt: '2026-11-20T10:15:00.000Z' };

		expect(toEntry(list('bounces'), { created: 1_795_169_700 })).toEqual({
			list: 'bounces',
			...time,
		});
		expect(toEntry(list('groupUnsubscribes'), { created_at: 1_795_169_700 })).toEqual({
			list: 'groupUnsubscribes',
			...time,
		});
	});

	it('leaves the time out where SendGrid tells none', () => {
		expect(toEntry(list('globalUnsubscribes'), { email: 'ann@example.com' })).toEqual({
			list: 'globalUnsubscribes',
			email: 'ann@example.com',
		});
	});
});
