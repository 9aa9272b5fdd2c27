import type { INodeParameters } from 'n8n-workflow';
import { outputOf } from '../../support/runSendGridEmail';
import { SendGridEmulator } from '../../../../emulator/sendGridEmulator';

describe('Template', () => {
	let sendGrid: SendGridEmulator;

	beforeEach(async () => {
		sendGrid = await SendGridEmulator.start();
	});

	afterEach(async () => {
		await sendGrid.stop();
	});

	const run = async (operation: string, parameters: INodeParameters = {}, options = {}) =>
		await outputOf(sendGrid, { resource: 'template', operation, ...parameters }, options);

	describe('Get Many', () => {
		it('lists dynamic templates with their versions', async () => {
			const { id } = sendGrid.account().addTemplate({ name: 'Welcome' }, { subject: 'Hello' });
			sendGrid.account().addTemplate({ name: 'Old', generation: 'legacy' });

			await expect(run('getAll')).resolves.toMatchObject([
				{ id, name: 'Welcome', generation: 'dynamic', versions: [{ active: 1, subject: 'Hello' }] },
			]);
		});

		it.each([
			['legacy', ['Old']],
			['legacy,dynamic', ['Welcome', 'Old']],
		])('lists %s templates', async (generations, names) => {
			sendGrid.account().addTemplate({ name: 'Welcome' });
			sendGrid.account().addTemplate({ name: 'Old', generation: 'legacy' });

			const templates = await run('getAll', { generations });

			expect(templates.map(({ name }) => name)).toEqual(names);
		});

		it('pages through all of them', async () => {
			for (let index = 0; index < 401; index++) {
				sendGrid.account().addTemplate({ name: `Template ${index}` });
			}

			const templates = await run('getAll', { returnAll: true });

			expect(new Set(templates.map(({ id }) => id)).size).toBe(401);
			expect(sendGrid.requests).toHaveLength(3);
		});

		it('stops at the limit', async () => {
			for (let index = 0; index < 5; index++) sendGrid.account().addTemplate({ name: `${index}` });

			await expect(run('getAll', { limit: 3 })).resolves.toHaveLength(3);
			expect(sendGrid.requests).toHaveLength(1);
			expect(sendGrid.requests[0]?.query.get('page_size')).toBe('3');
		});

		it('names the permission that the API key lacks', async () => {
			await sendGrid.stop();
			sendGrid = await SendGridEmulator.start({
				apiKeys: [{ key: 'SG.limited', scopes: ['mail.send'] }],
			});

			await expect(run('getAll', {}, { apiKey: 'SG.limited' })).rejects.toThrow(
				'API key with the permission templates.read',
			);
		});
	});

	describe('Get', () => {
		it.each(['list', 'id'])('reads one template with its content (mode %s)', async (mode) => {
			sendGrid.account().addTemplate({ name: 'Another' });
			const { id } = sendGrid.account().addTemplate({ name: 'Welcome' }, { html_content: '<p>Hi' });

			await expect(
				run('get', { templateId: { __rl: true, mode, value: id } }),
			).resolves.toMatchObject([{ id, name: 'Welcome', versions: [{ htmlContent: '<p>Hi' }] }]);
		});

		it('says that an ID is unknown', async () => {
			await expect(
				run('get', { templateId: { __rl: true, mode: 'id', value: 'd-0' } }),
			).rejects.toThrow('does not know /v3/templates/d-0');
		});

		it('needs an ID', async () => {
			await expect(
				run('get', { templateId: { __rl: true, mode: 'id', value: '' } }),
			).rejects.toThrow('Template: Choose one');
			expect(sendGrid.requests).toHaveLength(0);
		});

		it('goes on after a failed item with continue on fail', async () => {
			const { id } = sendGrid.account().addTemplate({ name: 'Welcome' });
			const templateId = { __rl: true, mode: 'id', value: '={{ $json.id }}' };
			const options = { items: [{ id: 'd-0' }, { id }], continueOnFail: true };

			await expect(run('get', { templateId }, options)).resolves.toMatchObject([
				{ error: expect.stringContaining('does not know') },
				{ id },
			]);
		});
	});
});
