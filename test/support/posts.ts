import type { Post as ReceivedPost } from '../../nodes/SendGrid/events/receivePost';
import {
	createSigningKey,
	frameEvents,
	signBody,
	SIGNATURE_HEADER,
	TIMESTAMP_HEADER,
	type PostedEvent,
	type SigningKey,
} from '../../emulator/signing';

/** What a mailing brings: mostly deliveries and opens, some clicks, a few bounces. */
const MIX = ['processed', 'delivered', 'delivered', 'open', 'open', 'open', 'click', 'bounce'];

/** The types in `MIX`, for the parameters of a trigger. */
export const EVENTS_IN_POSTS = [...new Set(MIX)];

const USER_AGENT =
	'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';

const FIELDS: Record<string, PostedEvent> = {
	processed: {},
	delivered: { ip: '198.51.100.7', response: '250 2.0.0 OK DMARC:Quarantine 1700000000', tls: 1 },
	open: {
		useragent: USER_AGENT,
		ip: '203.0.113.20',
		sg_content_type: 'html',
		sg_machine_open: false,
	},
	click: {
		useragent: USER_AGENT,
		ip: '203.0.113.20',
		url: 'https://example.com/spring-sale?utm_source=newsletter&utm_campaign=2026-04',
		url_offset: { index: 2, type: 'html' },
	},
	bounce: {
		reason: '550 5.1.1 The email account that you tried to reach does not exist.',
		status: '5.1.1',
		type: 'bounce',
		bounce_classification: 'Invalid Address',
		tls: 1,
	},
};

/** A post as it arrives, with the signature and timestamp in its headers. */
export interface Post extends ReceivedPost {
	headers: Record<string, string>;
}

/** Makes posts as SendGrid does, about 500 bytes an event, no two events with the same id. */
export class PostMaker {
	private count = 0;

	/**
	 * @param eventsAheadSeconds how far their events are ahead of the clock
	 * @param name tells its events from those of other makers
	 */
	constructor(
		private readonly eventsAheadSeconds = 0,
		readonly key: SigningKey = createSigningKey(),
		private readonly name = '1994211',
	) {}

	events(count: number): PostedEvent[] {
		return Array.from({ length: count }, () => this.event());
	}

	/** @param eventCount how many events the post holds */
	post(eventCount: number): Post {
		return this.sign(frameEvents(this.events(eventCount)));
	}

	sign(rawBody: Buffer): Post {
		const timestamp = String(Math.floor(Date.now() / 1000));
		return {
			rawBody,
			headers: {
				'content-type': 'application/json;charset=utf-8',
				[SIGNATURE_HEADER.toLowerCase()]: signBody(this.key, rawBody, timestamp),
				[TIMESTAMP_HEADER.toLowerCase()]: timestamp,
			},
		};
	}

	private event(): PostedEvent {
		const number = ++this.count;
		const name = MIX[number % MIX.length]!;
		return {
			email: `recipient${number}@example.com`,
			timestamp: Math.floor(Date.now() / 1000) + this.eventsAheadSeconds,
			'smtp-id': `<14c5d75ce93.dfd.64b469.${number}@geopod-ismtpd-5>`,
			event: name,
			category: ['newsletter', 'spring-sale'],
			sg_event_id: Buffer.from(`${name}-0-${this.name}-qNwBLgPQQjW6DJvK-${number}`).toString(
				'base64url',
			),
			sg_message_id: `14c5d75ce93.dfd.64b469.recvd-5ffd88b6c4-x7m6k-1-661.${number}`,
			contactId: String(number),
			tenant: 'acme',
			...FIELDS[name],
		};
	}
}
