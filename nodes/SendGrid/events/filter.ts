import { EVENT_TYPES } from './eventTypes';
import { categoriesOf, isMachineOpen } from './normalize';
import { textOf, type RawEvent } from './rawEvent';

/** Which events a trigger wants: of these types, and whatever passes the optional parts as well. */
export interface EventFilter {
	/** Event types, by SendGrid's names. */
	events: readonly string[];
	/** Only these, and not also the types that this package does not know. */
	excludeOtherTypes?: boolean;
	/** At least one of these categories. */
	categories?: readonly string[];
	/** All of these custom args; an empty value asks only that the arg is there. */
	customArgs?: ReadonlyArray<{ name: string; value: string }>;
	/** One of these addresses (`ann@example.com`) or domains (`example.com`, `@example.com`). */
	recipients?: readonly string[];
	/** Clicks on links that contain one of these texts; other types pass. */
	links?: readonly string[];
	/** Leave out opens that a mail program made by itself. */
	excludeMachineOpens?: boolean;
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(EVENT_TYPES.map(({ name }) => name));
const ACCOUNT_TYPES: ReadonlySet<string> = new Set(
	EVENT_TYPES.filter(({ group }) => group === 'account').map(({ name }) => name),
);

/**
 * Makes the test that an event must pass. Events about the account rather than a mail have no
 * recipient, category or custom args, so those filters do not apply to them.
 */
export function createEventFilter(filter: EventFilter): (event: RawEvent) => boolean {
	const events = new Set(filter.events);
	const categories = new Set(filter.categories ?? []);
	const customArgs = filter.customArgs ?? [];
	const recipients = new Set((filter.recipients ?? []).map(normalizeRecipient));
	const links = filter.links ?? [];

	return (event) => {
		const name = textOf(event, 'event') ?? '';
		const isOther = !KNOWN_TYPES.has(name) && !filter.excludeOtherTypes;
		if (!isOther && !events.has(name)) return false;
		if (ACCOUNT_TYPES.has(name)) return true;
		if (filter.excludeMachineOpens && name === 'open' && isMachineOpen(event)) return false;
		if (categories.size > 0 && !categoriesOf(event).some((value) => categories.has(value))) {
			return false;
		}
		if (name === 'click' && links.length > 0 && !isOnLink(event, links)) return false;
		if (!customArgs.every((wanted) => hasCustomArg(event, wanted))) return false;
		return recipients.size === 0 || isRecipient(event, recipients);
	};
}

function hasCustomArg(event: RawEvent, { name, value }: { name: string; value: string }): boolean {
	if (!Object.prototype.hasOwnProperty.call(event, name)) return false;
	return value === '' || textOf(event, name) === value;
}

function isOnLink(event: RawEvent, links: readonly string[]): boolean {
	const url = textOf(event, 'url') ?? '';
	return links.some((link) => url.includes(link));
}

function isRecipient(event: RawEvent, recipients: ReadonlySet<string>): boolean {
	const email = (textOf(event, 'email') ?? '').toLowerCase();
	return recipients.has(email) || recipients.has(email.slice(email.lastIndexOf('@')));
}

/** A domain is kept with its @, so that it cannot be mistaken for part of an address. */
function normalizeRecipient(recipient: string): string {
	const text = recipient.trim().toLowerCase();
	return text.includes('@') ? text : `@${text}`;
}
