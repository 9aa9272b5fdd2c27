import { EVENT_TYPES } from '../../nodes/SendGrid/events/eventTypes';
import { sampleEvent, type PostedEvent } from '../../emulator';
import type { Random } from '../support/random';

/** The largest post that is made; SendGrid fills its posts with hundreds of events under load. */
const MAX_EVENTS_PER_POST = 500;

/** The part of the posts that comes a second time. */
const REPEATED = 0.2;

export interface Post {
	events: PostedEvent[];
	/** It is sent twice at the same moment. */
	isTwin?: boolean;
}

/** When one post in five comes a second time: at some later place, or at the same moment. */
export type Repeats = 'later' | 'atOnce';

/** Events of all types, in posts of 1 to 500, and the order in which the posts are sent. */
export interface Traffic {
	eventIds: string[];
	posts: Post[];
}

/**
 * Makes the events of a run. Small posts are as frequent as large ones in proportion to their size
 * (the logarithm of the size is evenly spread), and one post in five comes twice. Neither the posts
 * nor the events in them are in the order in which they happened.
 */
export function planTraffic(
	eventCount: number,
	random: Random,
	repeats: Repeats = 'later',
): Traffic {
	const events = Array.from({ length: eventCount }, (_, number) => makeEvent(number, random));
	const inPosts = random.shuffled(split(random.shuffled(events), random));
	const posts = inPosts.map((post) => ({ events: post }));
	return {
		eventIds: events.map(eventIdOf),
		posts: repeats === 'later' ? withRepeats(posts, random) : withTwins(posts, random),
	};
}

/** The id that `planTraffic` gave an event; it starts with the event's type. */
export function eventIdOf(event: PostedEvent): string {
	return event.sg_event_id as string;
}

function makeEvent(number: number, random: Random): PostedEvent {
	const { name } = random.pick(EVENT_TYPES);
	const now = Math.floor(Date.now() / 1000);
	return sampleEvent(name, {
		sg_event_id: `${name}-${random.seed}-${number}`,
		timestamp: now - random.integer(0, 3600),
	});
}

function split(events: readonly PostedEvent[], random: Random): PostedEvent[][] {
	const posts: PostedEvent[][] = [];
	for (let start = 0; start < events.length;) {
		const size = Math.max(1, Math.round(MAX_EVENTS_PER_POST ** random.next()));
		posts.push(events.slice(start, start + size));
		start += size;
	}
	return posts;
}

function withRepeats(posts: readonly Post[], random: Random): Post[] {
	const order = [...posts];
	for (const post of repeated(posts, random)) {
		const place = random.integer(order.indexOf(post) + 1, order.length);
		order.splice(place, 0, { events: random.shuffled(post.events) });
	}
	return order;
}

function withTwins(posts: readonly Post[], random: Random): Post[] {
	const twins = new Set(repeated(posts, random));
	return posts.map((post) => ({ ...post, isTwin: twins.has(post) }));
}

/** The posts that come twice. */
function repeated(posts: readonly Post[], random: Random): Post[] {
	return random.shuffled(posts).slice(0, Math.round(posts.length * REPEATED));
}
