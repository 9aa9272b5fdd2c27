import type { INodeParameters } from 'n8n-workflow';
import { DEFAULT_API_KEY, SendGridEmulator } from '../../../../emulator';
import { outputOf } from '../../support/runSendGridEmail';

const VALIDATION_KEY = 'SG.validation';
let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start({
		apiKeys: [
			{ key: DEFAULT_API_KEY },
			{ key: VALIDATION_KEY, scopes: ['validations.email.create'] },
		],
	});
});
afterEach(async () => await sendGrid.stop());

const validate = async (parameters: INodeParameters, apiKey = VALIDATION_KEY) =>
	await outputOf(
		sendGrid,
		{ resource: 'emailValidation', operation: 'validate', ...parameters },
		{ apiKey },
	);

describe('Email Validation: Validate', () => {
	it('gives the verdict with all checks', async () => {
		await expect(validate({ email: 'ann@example.com', source: 'signup' })).resolves.toEqual([
			{
				email: 'ann@example.com',
				verdict: 'Valid',
				score: 0.95,
				local: 'ann',
				host: 'example.com',
				checks: {
					domain: {
						hasValidAddressSyntax: true,
						hasMxOrARecord: true,
						isSuspectedDisposableAddress: false,
					},
					localPart: { isSuspectedRoleAddress: false },
					additional: { hasKnownBounces: false, hasSuspectedBounces: false },
				},
				source: 'signup',
				ipAddress: '127.0.0.1',
			},
		]);
	});

	it.each([
		['ann@gmial.com', { verdict: 'Risky', suggestion: 'gmail.com' }],
		['admin@example.com', { verdict: 'Risky' }],
		['ann@example.invalid', { verdict: 'Invalid' }],
		['no address at all', { verdict: 'Invalid' }],
	])('leaves it to SendGrid what to think of %s', async (email, verdict) => {
		await expect(validate({ email })).resolves.toMatchObject([verdict]);
	});

	it('says that it takes a key of its own kind: full access is not enough', async () => {
		await expect(validate({ email: 'ann@example.com' }, DEFAULT_API_KEY)).rejects.toMatchObject({
			message: expect.stringContaining('API key with the permission validations.email.create'),
			description: expect.stringContaining('Email Address Validation'),
		});
	});

	it('needs an address', async () => {
		await expect(validate({ email: '' })).rejects.toThrow('Email: Enter the address to validate.');
		expect(sendGrid.requests).toHaveLength(0);
	});
});
