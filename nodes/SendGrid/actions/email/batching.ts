import {
	checkRequestBytes,
	checkRequestRecipients,
	LIMITS,
	messageBytes,
	personalizationBytes,
} from './limits';
import type { Address } from '../../fields/addresses';
import type { Message, Personalization } from './mail';

/** What one input item sends: personalizations that differ only in who gets them. */
export interface ItemMail {
	item: number;
	personalizations: Personalization[];
}

/** One call of mail send: a message and everyone it goes to. */
export interface MailRequest {
	message: Message;
	mails: ItemMail[];
}

/** All mail with the same message. */
interface Group {
	messageBytes: number;
	/** The request that is being filled, and what is in it so far. */
	request: MailRequest;
	recipients: number;
	bytes: number;
}

/** Shorter text is cheaper to compare as it is. */
const INTERNED_LENGTH = 256;

/**
 * Puts the mail of many items into as few requests as SendGrid's limits allow: what shares its
 * message travels together, in the order it came. The personalizations of one item stay in one request,
 * so that it is accepted or refused as a whole.
 */
export class Batcher {
	readonly requests: MailRequest[] = [];
	private readonly groups = new Map<string, Group>();
	private readonly textIds = new Map<string, number>();

	/** @throws InvalidFieldError if the item's mail is too large for a request of its own */
	add(message: Message, { item, personalizations }: ItemMail): void {
		const group = this.groupOf(message);
		const mail = { item, personalizations: differences(message, group, personalizations) };
		const recipients = mail.personalizations.length;
		const bytes = mail.personalizations.reduce((sum, each) => sum + personalizationBytes(each), 0);
		checkRequestRecipients(recipients);
		checkRequestBytes(group.messageBytes + bytes);

		const full =
			group.recipients + recipients > LIMITS.recipients ||
			group.bytes + bytes >= LIMITS.requestBytes;
		if (full) Object.assign(group, emptyRequest(group.request.message, group.messageBytes));
		if (group.recipients === 0) this.requests.push(group.request);
		group.request.mails.push(mail);
		group.recipients += recipients;
		group.bytes += bytes;
	}

	private groupOf(message: Message): Group {
		const shared = {
			...message,
			from: domainOf(message.from),
			sendAt: message.sendAt === undefined ? 'now' : 'scheduled',
		};
		const key = JSON.stringify(shared, (_, value: unknown) => this.intern(value));
		let group = this.groups.get(key);
		if (group === undefined) {
			const bytes = messageBytes(message);
			group = { messageBytes: bytes, ...emptyRequest(message, bytes) };
			this.groups.set(key, group);
		}
		return group;
	}

	/** Long text, such as a newsletter, is compared once instead of being copied for every item. */
	private intern(value: unknown): unknown {
		if (typeof value !== 'string' || value.length < INTERNED_LENGTH) return value;
		let id = this.textIds.get(value);
		if (id === undefined) this.textIds.set(value, (id = this.textIds.size));
		return { text: id };
	}
}

/**
 * What the sender and the time of an item's mail have to say beside those of its request. SendGrid
 * takes a sender of its own for each personalization as long as the domain is the same.
 */
function differences(
	{ from, sendAt }: Message,
	{ request: { message } }: Group,
	personalizations: Personalization[],
): Personalization[] {
	const sameSender = from.email === message.from.email && from.name === message.from.name;
	if (sameSender && sendAt === message.sendAt) return personalizations;
	return personalizations.map((personalization) => ({
		...personalization,
		...(!sameSender && { from }),
		...(sendAt !== message.sendAt && { sendAt }),
	}));
}

function domainOf({ email }: Address): string {
	return email.slice(email.lastIndexOf('@') + 1).toLowerCase();
}

function emptyRequest(message: Message, bytes: number): Omit<Group, 'messageBytes'> {
	return { request: { message, mails: [] }, recipients: 0, bytes };
}
