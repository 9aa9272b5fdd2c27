import { InvalidFieldError } from './invalidFieldError';
import { checkVisible } from './invisible';
import { unexpectedValue } from './values';

/** An email address as SendGrid takes it, with the name that mail programs show. */
export interface Address {
	email: string;
	name?: string;
}

// RFC 5321, section 4.5.3.1.
const MAX_LOCAL_PART = 64;
const MAX_ADDRESS = 254;

const LOCAL_PART = /^[^\s@<>()[\],;:\\".]+(?:\.[^\s@<>()[\],;:\\".]+)*$/u;
const ASCII = /^[\x21-\x7e]*$/;
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
		throw unexpectedValue(
			value,
			field,
			'Enter an address such as ann@example.com, or an object such as { "email": "ann@example.com", "name": "Ann" }.',
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
		throw unexpectedValue('', field, 'Enter an address such as ann@example.com.');
	}
	if (more.length > 0) {
		throw new InvalidFieldError(
			field,
			`Enter one address only; a name with a comma needs double quotes: "Smith, Ann" <ann@example.com>. There are ${more.length + 1} now.`,
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

function checked({ email, name }: Address, written: string, field: string): Address {
	const at = email.lastIndexOf('@');
	const localPart = email.slice(0, Math.max(at, 0));
	const domain = email.slice(at + 1);
	checkVisible(email, field, 'address');
	if (name !== undefined) checkVisible(name, field, 'name');
	const valid =
		email.length <= MAX_ADDRESS &&
		at <= MAX_LOCAL_PART &&
		LOCAL_PART.test(localPart) &&
		DOMAIN.test(domain);
	if (!valid) {
		throw new InvalidFieldError(
			field,
			`Enter an address such as ann@example.com. "${written}" is not an email address. Several need commas between them, and a name with a comma needs double quotes.`,
		);
	}
	if (!ASCII.test(localPart)) {
		throw new InvalidFieldError(
			field,
			`Use an address without accents or other special letters before the @. SendGrid accepts "${email}", but then sends nothing to it.`,
		);
	}
	return { email: `${localPart}@${asciiDomain(domain)}`, ...(name !== undefined && { name }) };
}

/** A domain with accents as mail servers know it: `müller.example` is `xn--mller-kva.example`. */
function asciiDomain(domain: string): string {
	return ASCII.test(domain) ? domain : new URL(`https://${domain}`).hostname;
}
