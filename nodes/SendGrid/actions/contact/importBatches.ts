import type { ContactRequest } from './contactForm';

/** The most that SendGrid takes in one call: contacts, and bytes of the whole body. */
const MAX_CONTACTS = 30_000;
const MAX_BYTES = 6_000_000;
/** What stands around the contacts, list IDs included. */
const ENVELOPE_BYTES = 20_000;

/** Contacts that go to SendGrid in one call, each with the items it comes from. */
export interface ImportBatch {
	listIds: string[];
	contacts: Array<{ contact: ContactRequest; items: number[] }>;
}

/**
 * Puts contacts together that go to the same lists, as many to a call as SendGrid takes.
 *
 * Items with the same address become one contact, later values winning: SendGrid works in the
 * background and in no certain order, so that of two calls either might come last.
 */
export class ImportBatcher {
	private readonly groups = new Map<string, Map<string, ImportBatch['contacts'][number]>>();

	add(item: number, contact: ContactRequest, listIds: string[]): void {
		const key = JSON.stringify([...listIds].sort());
		const group = this.groups.get(key) ?? new Map<string, ImportBatch['contacts'][number]>();
		this.groups.set(key, group);
		const known = group.get(contact.email);
		if (known === undefined) {
			group.set(contact.email, { contact, items: [item] });
			return;
		}
		const custom_fields = { ...known.contact.custom_fields, ...contact.custom_fields };
		known.contact = {
			...known.contact,
			...contact,
			...(Object.keys(custom_fields).length > 0 && { custom_fields }),
		};
		known.items.push(item);
	}

	get batches(): ImportBatch[] {
		return [...this.groups].flatMap(([key, group]) => {
			const listIds = JSON.parse(key) as string[];
			return cut([...group.values()]).map((contacts) => ({ listIds, contacts }));
		});
	}
}

function cut(contacts: ImportBatch['contacts']): Array<ImportBatch['contacts']> {
	const pieces: Array<ImportBatch['contacts']> = [];
	let bytes = Infinity;
	for (const entry of contacts) {
		const size = Buffer.byteLength(JSON.stringify(entry.contact)) + 1;
		const piece = pieces.at(-1);
		if (
			piece === undefined ||
			piece.length === MAX_CONTACTS ||
			bytes + size > MAX_BYTES - ENVELOPE_BYTES
		) {
			pieces.push([entry]);
			bytes = size;
		} else {
			piece.push(entry);
			bytes += size;
		}
	}
	return pieces;
}
