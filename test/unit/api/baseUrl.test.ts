import { resolveBaseUrl, type SendGridCredentials } from '../../../nodes/SendGrid/api/baseUrl';

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
		'https://gateway.example.com#part',
	])('refuses "%s" and says where to correct it', (baseUrl) => {
		expect(() => resolveBaseUrl({ ...custom, baseUrl })).toThrow(
			/is not valid.*open the SendGrid Events API credential/,
		);
	});

	it('refuses a custom region without a URL', () => {
		expect(() => resolveBaseUrl({ ...custom, baseUrl: undefined })).toThrow(/is not valid/);
	});
});
