import { InvalidFieldError } from './invalidFieldError';

/** An email address as SendGrid takes it, with the name that mail programs show. */
export interface Address {
	email: string;
	name?: string;
}

// RFC 5321, section 4.5.3.1.
const MAX_LOCAL_PART = 64;
const MAX_ADDRESS = 254;

const LOCAL_PART = /^[^\s@<>()[\],;:\\".]+(?:\.[^\s@<>()[\],;:\\".]+)*$/u;
const DOMAIN_LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?';
const DOMAIN = new RegExp(`^${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})+$`, 'u');

/**
 * Reads the addresses that a field holds.
 *
 * @param value text such as `Ann <ann@example.com>, bob@example.com`, where a name with a comma
 * stands in double quotes; one `{ email, name }`; or a list of either
 * @param field the field's name, for the error
 * @throws InvalidFieldError on the first thing that is not an address
 */
export function parseAddresses(value: unknown, field: string): Address[] {
	if (value === undefined || value === null) return [];
	if (Array.isArray(value)) return value.flatMap((entry) => parseAddresses(entry, field));
	if (typeof value === 'string') {
		return splitList(value).map((entry) => checked(splitNameAndEmail(entry), entry, field));
	}
	const { email, name } = Object(value) as Record<string, unknown>;
	if (typeof email !== 'string' || typeof (name ?? '') !== 'string') {
		throw new InvalidFieldError(
			field,
			`${JSON.stringify(value)} is not an address. Enter text such as Ann <ann@example.com>, or an object such as { "email": "ann@example.com", "name": "Ann" }.`,
		);
	}
	return [
		checked({ email: email.trim(), ...(name ? { name: name as string } : {}) }, email, field),
	];
}

/** Reads a field that holds exactly one address. */
export function parseAddress(value: unknown, field: string): Address {
	const [address, ...more] = parseAddresses(value, field);
	if (address === undefined) {
		throw new InvalidFieldError(field, 'is empty. Enter an address such as Ann <ann@example.com>.');
	}
	if (more.length > 0) {
		throw new InvalidFieldError(
			field,
			`holds ${more.length + 1} addresses, but only one is possible. A name with a comma needs double quotes: "Smith, Ann" <ann@example.com>.`,
		);
	}
	return address;
}

/** Writes an address so that `parseAddresses` reads the same one back. */
export function formatAddress({ email, name }: Address): string {
	if (!name) return email;
	const plain = /^[^\s"\\,<>](?:[^"\\,<>]*[^\s"\\,<>])?$/.test(name);
	return `${plain ? name : `"${name.replace(/["\\]/g, '\\$&')}"`} <${email}>`;
}

/** Two addresses with the same key reach the same mailbox, as far as mail servers go in practice. */
export function addressKey({ email }: Address): string {
	return email.toLowerCase();
}

/** Splits at the commas outside of double quotes and angle brackets; drops what is empty. */
function splitList(text: string): string[] {
	const entries: string[] = [];
	let entry = '';
	let closedBy = '';
	for (const [token] of text.matchAll(/\\.?|[",<>]|[^\\",<>]+/gs)) {
		if (token === ',' && closedBy === '') {
			entries.push(entry);
			entry = '';
			continue;
		}
		if (token === closedBy) closedBy = '';
		else if (closedBy === '') closedBy = CLOSED_BY[token] ?? '';
		entry += token;
	}
	return [...entries, entry].map((each) => each.trim()).filter((each) => each !== '');
}

const CLOSED_BY: Record<string, string> = { '"': '"', '<': '>' };

function splitNameAndEmail(entry: string): Address {
	const match = /^(.*)<([^<>]*)>$/su.exec(entry);
	if (match === null) return { email: entry };
	const name = unquote(match[1]!.trim());
	return { email: match[2]!.trim(), ...(name !== '' && { name }) };
}

function unquote(name: string): string {
	const quoted = /^"((?:\\.|[^"\\])*)"$/su.exec(name);
	return quoted === null ? name : quoted[1]!.replace(/\\(.)/gsu, '$1');
}

function checked(address: Address, written: string, field: string): Address {
	const at = address.email.lastIndexOf('@');
	const valid =
		address.email.length <= MAX_ADDRESS &&
		at <= MAX_LOCAL_PART &&
		LOCAL_PART.test(address.email.slice(0, Math.max(at, 0))) &&
		DOMAIN.test(address.email.slice(at + 1));
	if (!valid) {
		throw new InvalidFieldError(
			field,
			`"${written}" is not an email address. Enter an address such as ann@example.com or Ann <ann@example.com>; several are separated by commas, and a name with a comma needs double quotes.`,
		);
	}
	return address;
}
