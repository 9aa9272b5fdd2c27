import { DEFAULT_API_KEY } from '..';
import { call, cleanUp } from './support';

const start = cleanUp();
const KEY = 'SG.validation';
const startWithKey = async () =>
	await start.sendGrid({
		apiKeys: [{ key: DEFAULT_API_KEY }, { key: KEY, scopes: ['validations.email.create'] }],
	});
const asValidator = { Authorization: `Bearer ${KEY}` };

it('takes a key of its own kind only', async () => {
	const sendGrid = await startWithKey();
	const line = 'POST /v3/validations/email';
	const body = { email: 'ann@example.com' };
	expect(await call(sendGrid, line, body)).toMatchObject({ status: 403 });
	expect(await call(sendGrid, line, body, asValidator)).toMatchObject({ status: 200 });
	const { body: full } = await call(sendGrid, 'GET /v3/scopes');
	expect((full as { scopes: string[] }).scopes).not.toContain('validations.email.create');
});

it.each([
	['ann@example.com', { verdict: 'Valid', local: 'ann', host: 'example.com' }],
	['ann@gmial.com', { verdict: 'Risky', suggestion: 'gmail.com' }],
	['hr@example.com', { verdict: 'Risky' }],
	['ann@example.invalid', { verdict: 'Invalid' }],
	[
		'bounced@example.com',
		{ verdict: 'Invalid', checks: { additional: { has_known_bounces: true } } },
	],
	['nobody', { verdict: 'Invalid', checks: { domain: { has_valid_address_syntax: false } } }],
])('judges %s', async (email, result) => {
	const sendGrid = await startWithKey();
	sendGrid.account().addSuppression('bounces', { email: 'bounced@example.com' });
	const answer = await call(sendGrid, 'POST /v3/validations/email', { email }, asValidator);
	expect(answer.body).toMatchObject({ result });
});

it('needs an address', async () => {
	const sendGrid = await startWithKey();
	expect(await call(sendGrid, 'POST /v3/validations/email', {}, asValidator)).toMatchObject({
		status: 400,
	});
});
