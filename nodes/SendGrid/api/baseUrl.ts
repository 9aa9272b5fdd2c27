/** The fields of the credential `sendGridEventsApi`, as n8n hands them out. */
export interface SendGridCredentials {
	apiKey: string;
	region: 'global' | 'eu' | 'custom';
	/** Used when `region` is `custom`: a gateway or a local stand-in. */
	baseUrl?: string;
	/** A subuser's name, or `account-id <id>`; empty for the key's own account. */
	onBehalfOf?: string;
}

/** SendGrid's own hosts. EU subusers exist only behind the EU host. */
export const REGION_URLS = {
	global: 'https://api.sendgrid.com',
	eu: 'https://api.eu.sendgrid.com',
} as const;

/** Longer ones are no addresses, and are not even looked at. */
const MAX_BASE_URL_LENGTH = 2000;

/** How much of a wrong address a message repeats. */
const QUOTED_LENGTH = 100;

/**
 * Where calls go: an origin, with a path prefix if a custom gateway has one, without a slash at
 * the end.
 *
 * @throws Error if a custom base URL is missing or is no http(s) URL; the message is meant for the
 * user.
 */
export function resolveBaseUrl({ region, baseUrl = '' }: SendGridCredentials): string {
	if (region !== 'custom') return REGION_URLS[region];
	const trimmed = withoutTrailingSlashes(baseUrl.trim());
	const url =
		trimmed.length <= MAX_BASE_URL_LENGTH && URL.canParse(trimmed) ? new URL(trimmed) : undefined;
	if (url && (url.username !== '' || url.password !== '')) {
		// Not repeated: it holds a secret.
		throw new Error(
			'Take the user name and the password out of the base URL of the SendGrid Events API credential. A gateway that demands them cannot be used.',
		);
	}
	if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(trimmed)) {
		const quoted = baseUrl.length > QUOTED_LENGTH ? `${baseUrl.slice(0, QUOTED_LENGTH)}…` : baseUrl;
		throw new Error(
			`The base URL "${quoted}" is not valid. In n8n, open the SendGrid Events API credential and enter what stands before /v3, starting with https:// or http://, or choose the region Global or EU.`,
		);
	}
	return trimmed;
}

/** Not by a regular expression: `/\/+$/` takes quadratic time for slashes before other text. */
function withoutTrailingSlashes(text: string): string {
	let end = text.length;
	while (text[end - 1] === '/') end--;
	return text.slice(0, end);
}

/** What of a request's options says where it goes; n8n has two HTTP helpers with different names. */
export interface RequestTarget {
	url?: string;
	uri?: string;
	baseURL?: string;
}

/**
 * Makes sure that an API key goes only to SendGrid's own hosts, encrypted, or to the host of the
 * custom base URL. n8n's HTTP Request node lets a workflow's author name any URL.
 *
 * @throws Error, meant for the user
 */
export function checkTarget(target: RequestTarget, credentials: SendGridCredentials): void {
	const allowed = [...Object.values(REGION_URLS), resolveBaseUrl(credentials)].map(
		(url) => new URL(url).origin,
	);
	for (const url of possibleUrls(target)) {
		const { origin, host } = URL.canParse(url) ? new URL(url) : { origin: '', host: '' };
		if (allowed.includes(origin)) continue;
		throw new Error(
			`Use this credential for SendGrid only: its API key is not sent to ${host || 'an address without a host'}. It goes to ${[...new Set(allowed)].join(', ')}.`,
		);
	}
}

/** Whichever way an HTTP helper puts the parts together, the URL is one of these. */
function possibleUrls({ url, uri, baseURL }: RequestTarget): string[] {
	const paths = [url, uri].filter((part): part is string => Boolean(part)).map(String);
	if (!baseURL) return paths.length > 0 ? paths : [''];
	const resolved = paths.flatMap((path) => [
		URL.canParse(path, baseURL) ? new URL(path, baseURL).href : path,
		...(isAbsolute(path) ? [] : [`${baseURL}${path}`]),
	]);
	return [baseURL, ...resolved];
}

function isAbsolute(url: string): boolean {
	return /^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(url);
}
