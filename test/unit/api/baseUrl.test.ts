import {
	checkTarget,
	resolveBaseUrl,
	type SendGridCredentials,
} from '../../../nodes/SendGrid/api/baseUrl';

const custom: SendGridCredentials = {
	apiKey: 'SG.key',
	region: 'custom',
	baseUrl: 'https://gateway.example.com',
};

describe('the base URL', () => {
	it('is the global host, whatever was entered for another region', () => {
		expect(resolveBaseUrl({ ...custom, region: 'global' })).toBe('https://api.sendgrid.com');
	});

	it('is the EU host for EU subusers', () => {
		expect(resolveBaseUrl({ ...custom, region: 'eu' })).toBe('https://api.eu.sendgrid.com');
	});

	it.each([
		['https://gateway.example.com', 'https://gateway.example.com'],
		['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
		['https://gateway.example.com/sendgrid', 'https://gateway.example.com/sendgrid'],
		['  https://gateway.example.com//  ', 'https://gateway.example.com'],
		['HTTPS://GATEWAY.example.com', 'HTTPS://GATEWAY.example.com'],
	])('takes %s', (baseUrl, expected) => {
		expect(resolveBaseUrl({ ...custom, baseUrl })).toBe(expected);
	});

	it.each([
		'',
		'   ',
		'gateway.example.com',
		'localhost:3000',
		'ftp://gateway.example.com',
		'https://',
		'https://gateway.example.com?key=1',
		'https://gateway.example.com?',
		'https://gateway.example.com#part',
		'https://gateway.example.com#',
	])('refuses "%s" and says where to correct it', (baseUrl) => {
		expect(() => resolveBaseUrl({ ...custom, baseUrl })).toThrow(
			/is not valid.*open the SendGrid Events API credential/,
		);
	});

	it('refuses a custom region without a URL', () => {
		expect(() => resolveBaseUrl({ ...custom, baseUrl: undefined })).toThrow(/is not valid/);
	});

	it.each(['https://ann:secret@gateway.example.com', 'https://ann@gateway.example.com'])(
		'refuses %s without repeating its secret',
		(baseUrl) => {
			expect(() => resolveBaseUrl({ ...custom, baseUrl })).toThrow(
				expect.objectContaining({
					message: expect.not.stringMatching(/secret|ann@/) as string,
				}),
			);
		},
	);

	it.each(['https://x/'.padEnd(100_000, '/'), `https://x/${'/'.repeat(100_000)}x`])(
		'is looked for in 100,000 slashes without a quadratic search',
		(baseUrl) => {
			const started = process.cpuUsage();
			try {
				resolveBaseUrl({ ...custom, baseUrl });
			} catch (error) {
				expect((error as Error).message.length).toBeLessThan(500);
			}
			// The regular expression that stood here took seconds of computing.
			expect(process.cpuUsage(started).user).toBeLessThan(500_000);
		},
	);
});

describe('the API key', () => {
	const global: SendGridCredentials = { apiKey: 'SG.key', region: 'global' };
	const gateway = { ...custom, baseUrl: 'http://gateway.example.com:8080/sendgrid' };

	it.each([
		[{ url: 'https://api.sendgrid.com/v3/scopes' }],
		[{ uri: 'https://api.sendgrid.com/v3/scopes' }],
		[{ url: 'https://API.sendgrid.com:443/v3/scopes' }],
		[{ url: 'https://api.eu.sendgrid.com/v3/scopes' }],
		[{ baseURL: 'https://api.sendgrid.com', url: '/v3/scopes' }],
		[{ baseURL: 'https://api.sendgrid.com/v3', url: 'scopes' }],
	])('goes to SendGrid: %j', (target) => {
		expect(() => checkTarget(target, global)).not.toThrow();
		expect(() => checkTarget(target, gateway)).not.toThrow();
	});

	it.each([
		[{ url: 'http://gateway.example.com:8080/sendgrid/v3/scopes' }],
		[{ baseURL: 'http://gateway.example.com:8080/sendgrid', url: '/v3/scopes' }],
	])('goes to the host of the custom base URL: %j', (target) => {
		expect(() => checkTarget(target, gateway)).not.toThrow();
		expect(() => checkTarget(target, global)).toThrow('not sent to gateway.example.com:8080');
	});

	it.each([
		[{ url: 'https://evil.example.com/' }],
		[{ uri: 'https://evil.example.com/' }],
		[{ url: 'http://api.sendgrid.com/v3/scopes' }],
		[{ url: 'https://api.sendgrid.com:8443/v3/scopes' }],
		[{ url: 'https://api.sendgrid.com.evil.example.com/' }],
		[{ url: 'https://api.sendgrid.com@evil.example.com/' }],
		[{ url: 'https://evil.example.com/?https://api.sendgrid.com' }],
		[{ url: 'https://api.sendgrid.com/', uri: 'https://evil.example.com/' }],
		[{ baseURL: 'https://evil.example.com', url: 'https://api.sendgrid.com/' }],
		[{ baseURL: 'https://api.sendgrid.com', url: 'https://evil.example.com/' }],
		[{ baseURL: 'https://api.sendgrid.com', url: '//evil.example.com/' }],
		[{ baseURL: 'https://api.sendgrid.com', url: '\\\\evil.example.com/' }],
		[{ baseURL: 'https://api.sendgrid.com', url: '.evil.example.com/' }],
		[{ baseURL: 'https://api.sendgrid.com', url: '@evil.example.com/' }],
		[{ url: 'https://127.0.0.1/' }],
		[{ url: '/v3/scopes' }],
		[{ url: 'file:///etc/passwd' }],
		[{ url: 'not a URL' }],
		[{}],
	])('goes nowhere else: %j', (target) => {
		expect(() => checkTarget(target, global)).toThrow(/^Use this credential for SendGrid only/);
	});

	it('goes nowhere with a base URL that is not valid', () => {
		const target = { url: 'https://api.sendgrid.com/v3/scopes' };
		expect(() => checkTarget(target, { ...custom, baseUrl: '' })).toThrow(/is not valid/);
	});
});
