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

/**
 * Where calls go: an origin, with a path prefix if a custom gateway has one, without a slash at
 * the end.
 *
 * @throws Error if a custom base URL is missing or is no http(s) URL; the message is meant for the
 * user.
 */
export function resolveBaseUrl({ region, baseUrl = '' }: SendGridCredentials): string {
	if (region !== 'custom') return REGION_URLS[region];
	const trimmed = baseUrl.trim().replace(/\/+$/, '');
	const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
	if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
		throw new Error(
			`The base URL "${baseUrl}" is not valid. In n8n, open the SendGrid Events API credential and enter what stands before /v3, starting with https:// or http://, or choose the region Global or EU.`,
		);
	}
	return trimmed;
}
