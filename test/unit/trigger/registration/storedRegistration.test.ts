import {
	forget,
	FORMER_KEY_LIFETIME_MS,
	holdsKeyFor,
	remember,
	type StoredRegistration,
} from '../../../../nodes/SendGrid/trigger/registration/storedRegistration';

const url = 'https://n8n.example.com/webhook/0b1c/events';
const NOW = Date.parse('2026-11-20T12:00:00Z');
const HOUR = 3_600_000;

const published = (): StoredRegistration => ({ webhookId: 'one', publicKey: 'first', url });

describe('what a registration stores', () => {
	it('is the present webhook and its key', () => {
		const stored: StoredRegistration = {};
		remember(stored, published() as { url: string }, NOW);
		expect(stored).toEqual(published());
	});

	it('keeps a replaced key for 25 hours', () => {
		const stored = published();
		remember(stored, { webhookId: 'two', publicKey: 'second', url }, NOW);
		const formerKeys = [{ key: 'first', until: NOW + 25 * HOUR }];
		expect(stored).toEqual({ webhookId: 'two', publicKey: 'second', url, formerKeys });

		remember(stored, { webhookId: 'two', publicKey: 'second', url }, NOW + 25 * HOUR - 1);
		expect(stored.formerKeys).toEqual(formerKeys);
		remember(stored, { webhookId: 'two', publicKey: 'second', url }, NOW + 25 * HOUR);
		expect(stored).not.toHaveProperty('formerKeys');
	});

	it('counts the hours from when the trigger was taken down', () => {
		const stored = { ...published(), takenDownAt: NOW - HOUR };
		remember(stored, { webhookId: 'two', publicKey: 'second', url }, NOW);
		expect(stored).toEqual({
			webhookId: 'two',
			publicKey: 'second',
			url,
			formerKeys: [{ key: 'first', until: NOW + 24 * HOUR }],
		});
	});

	it('keeps no key twice', () => {
		const stored = published();
		remember(stored, { url }, NOW);
		remember(stored, { webhookId: 'one', publicKey: 'first', url }, NOW);
		expect(stored).toEqual(published());
	});

	it('keeps the latest five', () => {
		const stored: StoredRegistration = {};
		for (let n = 0; n < 10; n++) remember(stored, { publicKey: `key ${n}`, url }, NOW);
		expect(stored.formerKeys?.map(({ key }) => key)).toEqual(
			[8, 7, 6, 5, 4].map((n) => `key ${n}`),
		);
	});

	it('is forgotten with its keys', () => {
		const stored = { ...published(), takenDownAt: NOW, formerKeys: [], of: 'somebody else' };
		forget(stored);
		expect(stored).toEqual({ of: 'somebody else' });
	});
});

describe('a key for a URL is held', () => {
	it('while the trigger is up, for exactly that URL', () => {
		expect(holdsKeyFor(published(), url, NOW)).toBe(true);
		expect(holdsKeyFor(published(), url.replace('n8n.', 'staging.'), NOW)).toBe(false);
		expect(holdsKeyFor({ ...published(), publicKey: undefined }, url, NOW)).toBe(false);
		expect(holdsKeyFor({}, url, NOW)).toBe(false);
	});

	it('for a minute after it was taken down, as an edit of the workflow does', () => {
		const stored = { ...published(), takenDownAt: NOW };
		expect(holdsKeyFor(stored, url, NOW + 59_999)).toBe(true);
		expect(holdsKeyFor(stored, url, NOW + 60_000)).toBe(false);
	});

	it('longer than SendGrid repeats what it signed', () => {
		expect(FORMER_KEY_LIFETIME_MS).toBeGreaterThan(24 * HOUR);
	});
});
