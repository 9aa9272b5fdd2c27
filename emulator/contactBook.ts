import { randomUUID } from 'node:crypto';

/** A field that contacts can have, as SendGrid lists it. */
export interface FieldDefinition {
	id: string;
	name: string;
	field_type: 'Text' | 'Number' | 'Date';
	read_only?: true;
}

/** A marketing contact. */
export interface Contact {
	readonly id: string;
	/** In lower case. */
	email: string;
	alternate_emails: string[];
	/** Reserved fields that are text, such as `first_name`. */
	readonly fields: Record<string, string>;
	/** By the field's name, as SendGrid answers; it takes them by ID. */
	readonly custom_fields: Record<string, string | number>;
	readonly list_ids: Set<string>;
	/** ISO 8601. */
	created_at: string;
	updated_at: string;
}

export interface ContactList {
	readonly id: string;
	name: string;
}

/** What an import or a deletion has to do, and what came of it. */
export interface ContactJob {
	readonly id: string;
	readonly job_type: 'upsert' | 'delete' | 'remove_from_list';
	status: 'pending' | 'completed' | 'errored' | 'failed';
	results: Record<string, number | string>;
	started_at: string;
	finished_at?: string;
	/** Does the work and says what came of it. */
	readonly run: () => Record<string, number>;
	/** How many times its status is still read as pending. */
	pendingReads: number;
}

/** A file with contacts that is made in the background. */
export interface ContactExport {
	readonly id: string;
	status: 'pending' | 'ready' | 'failure';
	readonly list_ids: readonly string[];
	readonly file_type: 'csv' | 'json';
	created_at: string;
	pendingReads: number;
}

/** The fields that SendGrid gives to every contact. */
export const RESERVED_FIELDS: readonly FieldDefinition[] = [
	...[
		'first_name',
		'last_name',
		'email',
		'alternate_emails',
		'address_line_1',
		'address_line_2',
		'city',
		'state_province_region',
		'postal_code',
		'country',
		'phone_number',
		'whatsapp',
		'line',
		'facebook',
		'unique_name',
	].map((name, index) => ({ id: `_rf${index}_T`, name, field_type: 'Text' as const })),
	...(
		[
			['email_domains', 'Text'],
			['last_clicked', 'Date'],
			['last_opened', 'Date'],
			['last_emailed', 'Date'],
			['singlesend_id', 'Text'],
			['automation_id', 'Text'],
			['created_at', 'Date'],
			['updated_at', 'Date'],
			['contact_id', 'Text'],
		] as const
	).map(([name, field_type], index) => ({
		id: `_rf${15 + index}_${field_type[0]}`,
		name,
		field_type,
		read_only: true as const,
	})),
];

/** The reserved fields that a contact keeps as text. */
export const TEXT_FIELDS: readonly string[] = RESERVED_FIELDS.filter(
	({ name, read_only }) => !read_only && name !== 'email' && name !== 'alternate_emails',
).map(({ name }) => name);

/** The marketing contacts of an account, with their lists, their fields and what is under way. */
export class ContactBook {
	readonly contacts = new Map<string, Contact>();
	readonly lists: ContactList[] = [];
	readonly customFields: FieldDefinition[] = [];
	readonly jobs = new Map<string, ContactJob>();
	readonly exports = new Map<string, ContactExport>();
	/** How many times the status of a new job or export is read as pending. */
	pendingReads = 0;
	private readonly byAddress = new Map<string, Contact>();
	/** Addresses that SendGrid takes but cannot import: their job ends with errors. */
	readonly unimportable = new Set<string>();

	/** @param isoDate now, as SendGrid writes dates */
	constructor(private readonly isoDate: () => string) {}

	addList(name: string): ContactList {
		const list = { id: randomUUID(), name };
		this.lists.push(list);
		return list;
	}

	addCustomField(
		name: string,
		field_type: FieldDefinition['field_type'] = 'Text',
	): FieldDefinition {
		const definition = {
			id: `e${this.customFields.length + 1}_${field_type[0]}`,
			name,
			field_type,
		};
		this.customFields.push(definition);
		return definition;
	}

	/** Creates or updates one contact; only what is given changes. */
	put(
		email: string,
		{
			alternate_emails,
			fields = {},
			custom_fields = {},
			list_ids = [],
		}: Partial<Omit<Contact, 'list_ids'>> & {
			list_ids?: Iterable<string>;
		} = {},
	): { contact: Contact; created: boolean } {
		const key = email.toLowerCase();
		const known = this.byEmail(key);
		const date = this.isoDate();
		const contact: Contact = known ?? {
			id: randomUUID(),
			email: key,
			alternate_emails: [],
			fields: {},
			custom_fields: {},
			list_ids: new Set(),
			created_at: date,
			updated_at: date,
		};
		if (alternate_emails) {
			for (const address of contact.alternate_emails) this.byAddress.delete(address);
			contact.alternate_emails = alternate_emails.map((address) => address.toLowerCase());
		}
		for (const address of [key, ...contact.alternate_emails]) this.byAddress.set(address, contact);
		Object.assign(contact.fields, fields);
		Object.assign(contact.custom_fields, custom_fields);
		for (const id of list_ids) contact.list_ids.add(id);
		contact.updated_at = date;
		this.contacts.set(contact.id, contact);
		return { contact, created: known === undefined };
	}

	/** By the main address or an alternate one. */
	byEmail(email: string): Contact | undefined {
		return this.byAddress.get(email.toLowerCase());
	}

	/** @returns whether there was such a contact */
	delete(id: string): boolean {
		const contact = this.contacts.get(id);
		if (contact === undefined) return false;
		for (const address of [contact.email, ...contact.alternate_emails]) {
			this.byAddress.delete(address);
		}
		return this.contacts.delete(id);
	}

	onList(listId: string): Contact[] {
		return [...this.contacts.values()].filter(({ list_ids }) => list_ids.has(listId));
	}

	/** Takes work on; it is done at once, or after its status was read as pending often enough. */
	startJob(job_type: ContactJob['job_type'], run: ContactJob['run']): ContactJob {
		const job: ContactJob = {
			id: randomUUID(),
			job_type,
			status: 'pending',
			results: {},
			started_at: this.isoDate(),
			run,
			pendingReads: this.pendingReads,
		};
		this.jobs.set(job.id, job);
		if (job.pendingReads === 0) this.finish(job);
		return job;
	}

	/** A job as somebody asks for it, one read nearer to its end. */
	readJob(id: string): ContactJob | undefined {
		const job = this.jobs.get(id);
		if (job?.status === 'pending' && job.pendingReads-- <= 0) this.finish(job);
		return job;
	}

	startExport(list_ids: readonly string[], file_type: ContactExport['file_type']): ContactExport {
		const made: ContactExport = {
			id: randomUUID(),
			status: 'pending',
			list_ids,
			file_type,
			created_at: this.isoDate(),
			pendingReads: this.pendingReads,
		};
		this.exports.set(made.id, made);
		return made;
	}

	readExport(id: string): ContactExport | undefined {
		const found = this.exports.get(id);
		if (found?.status === 'pending' && found.pendingReads-- <= 0) found.status = 'ready';
		return found;
	}

	exported({ list_ids }: ContactExport): Contact[] {
		return [...this.contacts.values()].filter(
			(contact) => list_ids.length === 0 || list_ids.some((id) => contact.list_ids.has(id)),
		);
	}

	private finish(job: ContactJob): void {
		const counts = job.run();
		const { requested_count: requested = 0, errored_count: errored = 0 } = counts;
		job.results = counts;
		job.status = errored === 0 ? 'completed' : errored < requested ? 'errored' : 'failed';
		job.finished_at = this.isoDate();
	}
}
