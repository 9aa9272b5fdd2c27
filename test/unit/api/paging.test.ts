import { byLastSeenId, byOffset, byPageToken } from '../../../nodes/SendGrid/api/paging';

const items = (count: number) => Array.from({ length: count }, (_, index) => ({ id: index + 1 }));

describe('the next page', () => {
	it('by offset follows a full page', () => {
		expect(byOffset({ body: null, items: items(500), query: { limit: 500 } })).toEqual({
			offset: 500,
		});
		expect(byOffset({ body: null, items: items(500), query: { limit: 500, offset: 500 } })).toEqual(
			{ offset: 1000 },
		);
	});

	it('by offset ends after a page that is not full', () => {
		expect(byOffset({ body: null, items: items(499), query: { limit: 500 } })).toBeUndefined();
	});

	it('by offset ends after more than was asked for: the endpoint does not page', () => {
		expect(byOffset({ body: null, items: items(501), query: { limit: 500 } })).toBeUndefined();
	});

	it('by page token is where SendGrid says', () => {
		const body = {
			_metadata: { next: 'https://api.sendgrid.com/v3/templates?page_token=to%2Bken&page_size=2' },
		};
		expect(byPageToken({ body, items: items(2), query: {} })).toEqual({ page_token: 'to+ken' });
	});

	it.each([{}, { _metadata: {} }, { _metadata: { next: '' } }])(
		'by page token ends with %j',
		(body) => {
			expect(byPageToken({ body, items: items(2), query: {} })).toBeUndefined();
		},
	);

	it('by last seen id starts behind the last item of a full page', () => {
		expect(byLastSeenId({ body: null, items: items(3), query: { limit: 3 } })).toEqual({
			lastSeenID: 3,
		});
		expect(byLastSeenId({ body: null, items: items(2), query: { limit: 3 } })).toBeUndefined();
	});
});
