import { createEventFilter, type EventFilter } from '../../../nodes/SendGrid/events/filter';
import { Ledger } from '../../../nodes/SendGrid/events/ledger';
import {
	MAX_CLOCK_SKEW_SECONDS,
	receivePost,
	type Post,
	type Outcome,
	type ReceiveOptions,
} from '../../../nodes/SendGrid/events/receivePost';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../../../nodes/SendGrid/events/signature';
import { WAIT_ARG } from '../../../nodes/SendGrid/events/waitArg';
import type { RawEvent } from '../../../nodes/SendGrid/events/rawEvent';
import { EVENT_TYPES } from '../../../nodes/SendGrid/events/eventTypes';
import { sampleEvent } from '../../../emulator/sampleEvents';
import {
	createSigningKey,
	frameEvents,
	frameTestEvents,
	signBody,
} from '../../../emulator/signing';
import { key, NOW, signedPost, TIMESTAMP } from '../../support/post';

const DAY_SECONDS = 24 * 60 * 60;

/** Options under which a valid post is accepted; a test changes the one it is about. */
function receiving(changes: Partial<ReceiveOptions> = {}): ReceiveOptions & { ledger: Ledger } {
	return {
		publicKeys: [key.publicKey],
		maxAgeSeconds: DAY_SECONDS,
		wants: () => true,
		now: NOW,
		...changes,
		ledger: changes.ledger ?? new Ledger(),
	};
}

const wanting = (filter: Partial<EventFilter>) =>
	createEventFilter({ events: EVENT_TYPES.map(({ name }) => name), ...filter });

/** The outcome, which the test expects to be that events were accepted. */
function accepted(outcome: Outcome): Outcome & { kind: 'accepted' } {
	if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
	return outcome;
}

const opened = sampleEvent('open', { sg_event_id: 'opened', email: 'zoë@example.com' });
const clicked = sampleEvent('click', { sg_event_id: 'clicked' });
const bounced = sampleEvent('bounce', { sg_event_id: 'bounced' });
const nothingOdd = { duplicates: 0, filteredOut: 0, malformed: {} };

describe('a valid post', () => {
	it('is accepted, with its events in their order and a key for each', () => {
		expect(receivePost(signedPost([opened, clicked]), receiving())).toEqual({
			kind: 'accepted',
			events: [opened, clicked],
			keys: ['opened', 'clicked'],
			isWholeBody: true,
			counts: { accepted: 2, ...nothingOdd },
		});
	});

	it('is accepted when one of several keys fits', () => {
		const publicKeys = [createSigningKey().publicKey, key.publicKey];
		const outcome = receivePost(signedPost([opened]), receiving({ publicKeys }));
		expect(outcome.kind).toBe('accepted');
	});

	it('is accepted without a ledger, as often as it comes', () => {
		const options = { ...receiving(), ledger: undefined };
		for (let time = 0; time < 2; time++) {
			expect(receivePost(signedPost([opened]), options).kind).toBe('accepted');
		}
	});

	it('may hold 2,500 events', () => {
		const events = Array.from({ length: 2500 }, () => sampleEvent('delivered'));
		const outcome = accepted(receivePost(signedPost(events), receiving()));
		expect(outcome.events).toEqual(events);
		expect(new Set(outcome.keys).size).toBe(2500);
	});

	it('may hold no events: then there is nothing new', () => {
		expect(receivePost(signedPost([]), receiving())).toEqual({
			kind: 'nothingNew',
			counts: { accepted: 0, ...nothingOdd },
		});
	});
});

describe('a post that cannot be trusted', () => {
	const events = [opened, clicked];
	const post = signedPost(events);
	const withHeaders = (headers: Post['headers']): Post => ({
		...post,
		headers: { ...post.headers, ...headers },
	});
	const withBody = (rawBody: Buffer | string): Post => ({
		...post,
		rawBody: Buffer.from(rawBody),
	});
	const text = post.rawBody.toString();
	const signature = String(post.headers[SIGNATURE_HEADER]);
	const flipFirstBit = (bytes: Buffer) =>
		Buffer.from(bytes.map((byte, i) => (i ? byte : byte ^ 1)));

	/** What is broken, the reason given, the broken post, and the options if those are broken. */
	const BROKEN: Array<[string, string, Post, Partial<ReceiveOptions>]> = [
		['no headers', 'missingHeaders', { ...post, headers: {} }, {}],
		['no signature', 'missingHeaders', withHeaders({ [SIGNATURE_HEADER]: undefined }), {}],
		['an empty signature', 'missingHeaders', withHeaders({ [SIGNATURE_HEADER]: '' }), {}],
		['no timestamp', 'missingHeaders', withHeaders({ [TIMESTAMP_HEADER]: undefined }), {}],
		['an empty timestamp', 'missingHeaders', withHeaders({ [TIMESTAMP_HEADER]: '' }), {}],
		[
			'a list of signatures',
			'missingHeaders',
			withHeaders({ [SIGNATURE_HEADER]: [signature, signature] }),
			{},
		],
		[
			'a list of timestamps',
			'missingHeaders',
			withHeaders({ [TIMESTAMP_HEADER]: [String(TIMESTAMP)] }),
			{},
		],
		['a timestamp that is text', 'invalidTimestamp', signedPost(events, 'now'), {}],
		['a timestamp with a sign', 'invalidTimestamp', signedPost(events, `+${TIMESTAMP}`), {}],
		['a timestamp below zero', 'invalidTimestamp', signedPost(events, -TIMESTAMP), {}],
		['a timestamp with a fraction', 'invalidTimestamp', signedPost(events, TIMESTAMP + 0.5), {}],
		['a timestamp in milliseconds', 'invalidTimestamp', signedPost(events, NOW), {}],
		['a timestamp in hexadecimal', 'invalidTimestamp', signedPost(events, '0x5f5fc776'), {}],
		['no key to verify with', 'noVerificationKey', post, { publicKeys: [] }],
		['another key', 'signatureMismatch', post, { publicKeys: [createSigningKey().publicKey] }],
		['a key that is none', 'signatureMismatch', post, { publicKeys: ['no key'] }],
		['a bit flipped in the body', 'signatureMismatch', withBody(flipFirstBit(post.rawBody)), {}],
		[
			'a bit flipped in the signature',
			'signatureMismatch',
			withHeaders({
				[SIGNATURE_HEADER]: flipFirstBit(Buffer.from(signature, 'base64')).toString('base64'),
			}),
			{},
		],
		[
			'a bit flipped in the timestamp',
			'signatureMismatch',
			withHeaders({ [TIMESTAMP_HEADER]: String(TIMESTAMP ^ 1) }),
			{},
		],
		[
			'digits moved from the timestamp to the body, which leaves the signed bytes as they are',
			'stale',
			{
				headers: { ...post.headers, [TIMESTAMP_HEADER]: String(TIMESTAMP).slice(0, 9) },
				rawBody: Buffer.from(String(TIMESTAMP).slice(9) + text),
			},
			{},
		],
		['a body parsed and written again', 'signatureMismatch', withBody(JSON.stringify(events)), {}],
		['line breaks without CR', 'signatureMismatch', withBody(text.replace(/\r\n/g, '\n')), {}],
		['the last line break missing', 'signatureMismatch', withBody(text.trimEnd()), {}],
		['another encoding', 'signatureMismatch', withBody(Buffer.from(text, 'latin1')), {}],
		['an empty body', 'signatureMismatch', withBody(''), {}],
		['one event left out', 'signatureMismatch', withBody(frameEvents([opened])), {}],
		[
			'garbage for a signature',
			'signatureMismatch',
			withHeaders({ [SIGNATURE_HEADER]: 'no base64, no signature' }),
			{},
		],
		[
			'the signature of another post',
			'signatureMismatch',
			withHeaders({ [SIGNATURE_HEADER]: signBody(key, frameEvents([bounced]), String(TIMESTAMP)) }),
			{},
		],
		['a timestamp too long ago', 'stale', signedPost(events, TIMESTAMP - DAY_SECONDS - 1), {}],
		['a timestamp of the year 1970', 'stale', signedPost(events, 5), {}],
		['a limit of age that is no number', 'stale', post, { maxAgeSeconds: NaN }],
		['a timestamp too far ahead', 'fromTheFuture', signedPost(events, TIMESTAMP + 5 * 60 + 1), {}],
	];

	it.each(BROKEN)('is refused: %s (%s)', (_name, reason, broken, changes) => {
		const options = receiving(changes);
		expect(receivePost(broken, options)).toEqual({ kind: 'refused', statusCode: 401, reason });
		expect(options.ledger.size).toBe(0);
	});

	it('is not even parsed', () => {
		const parse = jest.spyOn(JSON, 'parse');
		for (const [, , broken, changes] of BROKEN) receivePost(broken, receiving(changes));
		const timesParsed = parse.mock.calls.length;
		parse.mockRestore();
		expect(timesParsed).toBe(0);
	});

	it('leaves nothing behind: the true post that follows is accepted', () => {
		const options = receiving();
		for (const [, , broken, changes] of BROKEN) receivePost(broken, { ...options, ...changes });
		expect(accepted(receivePost(post, options)).events).toEqual(events);
	});
});

it('takes the sample posts of SendGrid, which escape < and >, and not a copy that does not', () => {
	const rawBody = frameTestEvents([bounced]);
	const headers = {
		[SIGNATURE_HEADER]: signBody(key, rawBody, String(TIMESTAMP)),
		[TIMESTAMP_HEADER]: String(TIMESTAMP),
	};
	expect(accepted(receivePost({ headers, rawBody }, receiving())).events).toEqual([bounced]);
	const copy = Buffer.from(JSON.stringify(JSON.parse(rawBody.toString())));
	expect(receivePost({ headers, rawBody: copy }, receiving())).toMatchObject({
		reason: 'signatureMismatch',
	});
});

describe('the age of a post', () => {
	it.each([
		['as old as allowed', -DAY_SECONDS],
		['signed just now', 0],
		['as far ahead as clocks may differ', MAX_CLOCK_SKEW_SECONDS],
	])('is in order: %s', (_name, seconds) => {
		const outcome = receivePost(signedPost([opened], TIMESTAMP + seconds), receiving());
		expect(outcome.kind).toBe('accepted');
	});

	it('is measured against the limit that is set', () => {
		const post = signedPost([opened], TIMESTAMP - 601);
		expect(receivePost(post, receiving({ maxAgeSeconds: 600 }))).toMatchObject({
			reason: 'stale',
		});
		expect(receivePost(post, receiving({ maxAgeSeconds: 601 })).kind).toBe('accepted');
	});
});

describe('a signed body that is no list of events', () => {
	it.each(['no JSON', '[{"event":"open"}', '', '{"event":"open"}', 'null', '"[]"'])(
		'is refused with 400: %s',
		(body) => {
			const options = receiving();
			expect(receivePost(signedPost(body), options)).toEqual({
				kind: 'refused',
				statusCode: 400,
				reason: 'notAJsonArray',
			});
			expect(options.ledger.size).toBe(0);
		},
	);
});

describe('entries that are no events', () => {
	it('are counted, and their neighbours accepted', () => {
		const body = `[${JSON.stringify(opened)},null,7,"open",[],{},{"event":""},${JSON.stringify(clicked)}]`;
		expect(receivePost(signedPost(body), receiving())).toEqual({
			kind: 'accepted',
			events: [opened, clicked],
			keys: ['opened', 'clicked'],
			isWholeBody: false,
			counts: {
				accepted: 2,
				duplicates: 0,
				filteredOut: 0,
				malformed: { notAnObject: 4, noEventName: 2 },
			},
		});
	});

	it('alone give nothing new', () => {
		expect(receivePost(signedPost('[null]'), receiving())).toEqual({
			kind: 'nothingNew',
			counts: { accepted: 0, duplicates: 0, filteredOut: 0, malformed: { notAnObject: 1 } },
		});
	});

	it('make the body unfit to be handed on as it is, and so does what is nested too deeply', () => {
		const deep = `{"event":"open","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
		const outcome = accepted(
			receivePost(signedPost(`[${JSON.stringify(opened)},${deep}]`), receiving()),
		);
		expect(outcome.events).toHaveLength(2);
		expect(outcome.isWholeBody).toBe(false);
	});
});

describe('duplicates', () => {
	it('inside one post fall away', () => {
		const outcome = receivePost(signedPost([opened, clicked, opened, opened]), receiving());
		expect(outcome).toEqual({
			kind: 'accepted',
			events: [opened, clicked],
			keys: ['opened', 'clicked'],
			isWholeBody: false,
			counts: { accepted: 2, duplicates: 2, filteredOut: 0, malformed: {} },
		});
	});

	it('inside one post fall away without a ledger and without an event id, too', () => {
		const anonymous = sampleEvent('open', { sg_event_id: undefined });
		const options = { ...receiving(), ledger: undefined };
		const outcome = accepted(receivePost(signedPost([anonymous, anonymous]), options));
		expect(outcome.events).toEqual([anonymous]);
		expect(outcome.keys).toEqual([expect.stringMatching(/^sha256:/)]);
	});

	it('of settled events fall away, and the others are accepted', () => {
		const options = receiving();
		const first = accepted(receivePost(signedPost([opened]), options));
		options.ledger.settle(first.keys, NOW);

		expect(receivePost(signedPost([opened, clicked]), options)).toEqual({
			kind: 'accepted',
			events: [clicked],
			keys: ['clicked'],
			isWholeBody: false,
			counts: { accepted: 1, duplicates: 1, filteredOut: 0, malformed: {} },
		});
		expect(receivePost(signedPost([opened]), options)).toEqual({
			kind: 'nothingNew',
			counts: { accepted: 0, duplicates: 1, filteredOut: 0, malformed: {} },
		});
	});

	it('of settled events fall away when the post is signed anew', () => {
		const options = receiving();
		const first = accepted(receivePost(signedPost([opened]), options));
		options.ledger.settle(first.keys, NOW);
		const repeated = receivePost(signedPost([opened], TIMESTAMP + 60), options);
		expect(repeated.kind).toBe('nothingNew');
	});

	it('of released events are accepted, as SendGrid was told to send them again', () => {
		const options = receiving();
		const first = accepted(receivePost(signedPost([opened]), options));
		options.ledger.release(first.keys);
		expect(accepted(receivePost(signedPost([opened]), options)).events).toEqual([opened]);
	});
});

describe('a post of which an event is being handled', () => {
	it('is answered 503, and none of it is claimed', () => {
		const options = receiving();
		receivePost(signedPost([clicked]), options);
		expect(options.ledger.size).toBe(1);

		expect(receivePost(signedPost([opened, clicked, bounced]), options)).toEqual({
			kind: 'refused',
			statusCode: 503,
			reason: 'inFlight',
		});
		expect(options.ledger.size).toBe(1);
		expect(options.ledger.claim('opened', NOW)).toBe('new');
		expect(options.ledger.claim('clicked', NOW)).toBe('inFlight');
		expect(options.ledger.claim('bounced', NOW)).toBe('new');
	});

	it('is accepted later, without what was settled meanwhile', () => {
		const options = receiving();
		const first = accepted(receivePost(signedPost([clicked]), options));
		receivePost(signedPost([opened, clicked]), options);
		options.ledger.settle(first.keys, NOW);
		const again = accepted(receivePost(signedPost([opened, clicked]), options));
		expect(again.events).toEqual([opened]);
	});
});

describe('what the trigger does not want', () => {
	it('is left out and not remembered', () => {
		const options = receiving({ wants: wanting({ events: ['open'] }) });
		expect(receivePost(signedPost([opened, clicked]), options)).toEqual({
			kind: 'accepted',
			events: [opened],
			keys: ['opened'],
			isWholeBody: false,
			counts: { accepted: 1, duplicates: 0, filteredOut: 1, malformed: {} },
		});
		expect(options.ledger.claim('clicked', NOW)).toBe('new');
	});

	it('alone gives nothing new and is accepted once it is wanted', () => {
		const options = receiving({ wants: wanting({ events: ['open'] }) });
		expect(receivePost(signedPost([clicked]), options)).toEqual({
			kind: 'nothingNew',
			counts: { accepted: 0, duplicates: 0, filteredOut: 1, malformed: {} },
		});
		const wantsNow = { ...options, wants: wanting({ events: ['open', 'click'] }) };
		expect(accepted(receivePost(signedPost([clicked]), wantsNow)).events).toEqual([clicked]);
	});

	it('may be in flight elsewhere without holding the rest up', () => {
		const options = receiving();
		receivePost(signedPost([clicked]), options);
		const wantsOpens = { ...options, wants: wanting({ events: ['open'] }) };
		const outcome = accepted(receivePost(signedPost([opened, clicked]), wantsOpens));
		expect(outcome.events).toEqual([opened]);
	});

	const welcome = sampleEvent('open', { category: ['welcome'] });
	const acme = sampleEvent('open', { tenant: 'acme' });
	const ann = sampleEvent('open', { email: 'ann@example.org' });
	const machine = sampleEvent('open', { sg_machine_open: true });

	it.each([
		['categories', { categories: ['welcome'] }, [welcome]],
		['custom args', { customArgs: [{ name: 'tenant', value: 'acme' }] }, [acme]],
		['an address', { recipients: ['ann@example.org'] }, [ann]],
		['a domain', { recipients: ['example.org'] }, [ann]],
		['machine opens', { excludeMachineOpens: true }, [welcome, acme, ann]],
	])('is told by %s', (_name, filter, expected) => {
		const options = receiving({ wants: wanting(filter) });
		const outcome = accepted(receivePost(signedPost([welcome, acme, ann, machine]), options));
		expect(outcome.events).toEqual(expected);
		expect(outcome.counts.filteredOut).toBe(4 - expected.length);
		expect(options.ledger.size).toBe(expected.length);
	});

	it('never includes a type that is not known', () => {
		const unknown = { event: 'teleported', sg_event_id: 'unknown' };
		const options = receiving({ wants: wanting({ events: ['open'] }) });
		expect(accepted(receivePost(signedPost([unknown]), options)).events).toEqual([unknown]);
	});
});

describe('events of mails whose workflows wait', () => {
	const awaited = sampleEvent('click', { [WAIT_ARG]: 'ticket', sg_event_id: 'awaited' });

	it('are named, also if the trigger does not want them', () => {
		const outcome = receivePost(signedPost([opened, awaited]), receiving());
		expect(accepted(outcome).ticketed).toEqual([awaited]);

		const wants = wanting({ events: ['open'] });
		for (const post of [[opened, awaited], [awaited]]) {
			expect(receivePost(signedPost(post), receiving({ wants }))).toMatchObject({
				ticketed: [awaited],
				counts: { filteredOut: 1 },
			});
		}
	});
});

describe('a captured post that is sent again', () => {
	const MINUTE = 60_000;
	const limits = { maxKeys: 4, maxAgeMs: 60 * MINUTE, maxInFlightMs: MINUTE };
	const WINDOW = { maxAgeSeconds: 1000 * DAY_SECONDS };

	/** Takes the post and handles its events. */
	function handle(ledger: Ledger, post: Post, now: number): Outcome {
		const outcome = receivePost(post, receiving({ ...WINDOW, ledger, now }));
		if (outcome.kind === 'accepted') ledger.settle(outcome.keys, now);
		return outcome;
	}

	it('starts nothing as long as it is remembered', () => {
		const ledger = new Ledger(limits);
		handle(ledger, signedPost([opened]), NOW);
		expect(handle(ledger, signedPost([opened]), NOW + 59 * MINUTE).kind).toBe('nothingNew');
	});

	it('is refused once it is forgotten for its age, however old a post may be', () => {
		const ledger = new Ledger(limits);
		handle(ledger, signedPost([opened]), NOW);
		expect(handle(ledger, signedPost([opened]), NOW + 121 * MINUTE)).toEqual({
			kind: 'refused',
			statusCode: 401,
			reason: 'olderThanMemory',
		});
	});

	it('is refused once it is forgotten for the number of events since, as are others of its time', () => {
		const ledger = new Ledger(limits);
		const at = (second: number, events = [sampleEvent('open')]) =>
			signedPost(events, TIMESTAMP + second);
		handle(ledger, at(0, [opened]), NOW);
		for (let second = 1; second <= 8; second++) handle(ledger, at(second), NOW + second * 1000);

		const outcomes = [at(0, [opened]), at(3), at(4), at(9)].map((post) =>
			handle(ledger, post, NOW + 9000),
		);
		expect(outcomes).toEqual([
			expect.objectContaining({ reason: 'olderThanMemory' }),
			expect.objectContaining({ reason: 'olderThanMemory' }),
			expect.objectContaining({ kind: 'accepted' }),
			expect.objectContaining({ kind: 'accepted' }),
		]);
	});
});

describe('an event with several keys', () => {
	const keysOf = ({ id, content }: RawEvent) => [String(id), `content ${String(content)}`];
	const event = (id: string, content: string) => sampleEvent('open', { id, content });
	const receive = (events: RawEvent[], ledger: Ledger) =>
		receivePost(signedPost(events as ReturnType<typeof event>[]), receiving({ keysOf, ledger }));

	it('is a repeat if one of them comes a second time in the post', () => {
		const events = [event('1', 'a'), event('2', 'a'), event('1', 'b'), event('3', 'c')];
		const outcome = accepted(receive(events, new Ledger()));
		expect(outcome.events).toEqual([events[0], events[3]]);
		expect(outcome.keys).toEqual(['1', 'content a', '3', 'content c']);
	});

	it('is a repeat if one of them was handled, and claims none of the others', () => {
		const ledger = new Ledger();
		ledger.settle(accepted(receive([event('1', 'a')], ledger)).keys, NOW);
		expect(receive([event('2', 'a'), event('1', 'b')], ledger).kind).toBe('nothingNew');
		expect(accepted(receive([event('2', 'b')], ledger)).keys).toEqual(['2', 'content b']);
	});

	it('is in flight if one of them is, and claims none of the others', () => {
		const ledger = new Ledger();
		const { keys } = accepted(receive([event('1', 'a')], ledger));
		const refused = receive([event('0', 'z'), event('2', 'a')], ledger);
		expect(refused).toMatchObject({ kind: 'refused', reason: 'inFlight' });
		ledger.release(keys);
		expect(ledger.size).toBe(0);
	});
});
