import { Sharing } from '../../../nodes/SendGrid/trigger/sharing';

const MINUTE = 60_000;

test('posts share until an execution has failed, and again ten minutes later', () => {
	const sharing = new Sharing();
	expect(sharing.isAllowed(0)).toBe(true);
	sharing.failed(MINUTE);
	expect(sharing.isAllowed(2 * MINUTE)).toBe(false);
	expect(sharing.isAllowed(11 * MINUTE)).toBe(false);
	expect(sharing.isAllowed(11 * MINUTE + 1)).toBe(true);
});
