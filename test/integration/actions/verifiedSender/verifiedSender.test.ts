import type { INodeParameters } from 'n8n-workflow';
import { SendGridEmulator } from '../../../../emulator';
import { outputOf } from '../../support/runSendGridEmail';

let sendGrid: SendGridEmulator;
beforeEach(async () => {
	sendGrid = await SendGridEmulator.start();
});
afterEach(async () => await sendGrid.stop());

const getAll = async (parameters: INodeParameters) =>
	await outputOf(sendGrid, { resource: 'verifiedSender', operation: 'getAll', ...parameters });

describe('Verified Sender: Get Many', () => {
	beforeEach(() => {
		const account = sendGrid.account();
		for (let index = 0; index < 230; index++) {
			account.addVerifiedSender({ from_email: `s${index}@example.com`, verified: index !== 0 });
		}
	});

	it('lists all senders, the unconfirmed too, however many pages SendGrid makes', async () => {
		const senders = await getAll({ returnAll: true });
		expect(senders).toHaveLength(230);
		expect(senders[0]).toMatchObject({ fromEmail: 's0@example.com', verified: false });
		expect(senders[1]).toMatchObject({ fromEmail: 's1@example.com', verified: true });
		expect(sendGrid.requests).toHaveLength(3);
	});

	it('lists as many as wanted', async () => {
		await expect(getAll({ limit: 2 })).resolves.toHaveLength(2);
		expect(sendGrid.requests).toHaveLength(1);
	});
});
