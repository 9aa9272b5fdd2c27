import crypto from 'node:crypto';
import { stringify } from 'flatted';
import { Ledger } from '../../../nodes/SendGrid/events/ledger';
import { normalizeEvent, simplifyEvent } from '../../../nodes/SendGrid/events/normalize';
import { receivePost, type Post } from '../../../nodes/SendGrid/events/receivePost';
import { wrapHandover } from '../../../nodes/SendGrid/trigger/handover';
import { PostMaker } from '../../support/posts';

/*
 * What a post costs, in what does not depend on how busy the machine is. npm run bench says what
 * it is in seconds.
 */

const posts = new PostMaker();
const options = {
	publicKeys: [posts.key.publicKey],
	maxAgeSeconds: 3600,
	wants: () => true,
	now: Date.now(),
};

function receive(post: Post) {
	return receivePost(post, { ...options, ledger: new Ledger() });
}

function accepted(post: Post) {
	const outcome = receive(post);
	if (outcome.kind !== 'accepted') throw new Error(`The post was ${outcome.kind}`);
	return outcome;
}

afterEach(() => jest.restoreAllMocks());

test.each([1, 100, 2500])(
	'a post of %d events is verified once, parsed once and never written again',
	(count) => {
		const post = posts.post(count);
		const verify = jest.spyOn(crypto, 'createVerify');
		const parse = jest.spyOn(JSON, 'parse');
		const write = jest.spyOn(JSON, 'stringify');

		expect(accepted(post)).toMatchObject({ isWholeBody: true });
		expect(verify).toHaveBeenCalledTimes(1);
		expect(parse).toHaveBeenCalledTimes(1);
		expect(write).not.toHaveBeenCalled();
	},
);

test('a post that the server has parsed is not parsed again', () => {
	const post = posts.post(100);
	const body = JSON.parse(post.rawBody.toString()) as object[];
	const parse = jest.spyOn(JSON, 'parse');

	const { events, isWholeBody } = accepted({ ...post, body });

	expect(parse).not.toHaveBeenCalled();
	expect(events[99]).toBe(body[99]);
	expect(isWholeBody).toBe(true);
});

test('a forged post costs one verification, and nothing that grows with its events', () => {
	const { rawBody, headers } = posts.post(1000);
	const forged = Buffer.from(rawBody.toString().replace('example.com', 'example.org'));
	const verify = jest.spyOn(crypto, 'createVerify');
	const parse = jest.spyOn(JSON, 'parse');

	expect(receive({ rawBody: forged, headers })).toMatchObject({ kind: 'refused' });
	expect(verify).toHaveBeenCalledTimes(1);
	expect(parse).not.toHaveBeenCalled();
});

test('a post without a signature costs no verification', () => {
	const verify = jest.spyOn(crypto, 'createVerify');
	expect(receive({ rawBody: posts.post(1000).rawBody, headers: {} })).toMatchObject({
		kind: 'refused',
	});
	expect(verify).not.toHaveBeenCalled();
});

test.each([1, 100, 2500])(
	'what n8n stores to start with is the body and little more (%d)',
	(count) => {
		const { rawBody } = posts.post(count);
		const handover = wrapHandover({
			processId: 'id',
			posts: [rawBody.toString()],
		});
		const asText = Buffer.byteLength(JSON.stringify(rawBody.toString()));
		expect(Buffer.byteLength(stringify(handover))).toBeLessThan(asText + 200);
	},
);

test.each([1, 100, 2500])(
	'what n8n stores of %d items is at most twice what was posted',
	(count) => {
		const post = posts.post(count);
		const { events, keys } = accepted(post);
		const items = events.map((event, index) => ({ json: normalizeEvent(event, keys[index]) }));
		expect(Buffer.byteLength(stringify(items))).toBeLessThan(2 * post.rawBody.length);
	},
);

test.each([100, 2500])('simplified, the items take at most 0.55 of that (%d)', (count) => {
	const { events, keys } = accepted(posts.post(count));
	const bytesOf = (write: typeof normalizeEvent | typeof simplifyEvent) =>
		Buffer.byteLength(
			stringify(events.map((event, index) => ({ json: write(event, keys[index]) }))),
		);
	expect(bytesOf(simplifyEvent)).toBeLessThan(0.55 * bytesOf(normalizeEvent));
});
