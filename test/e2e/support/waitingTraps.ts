import { randomUUID } from 'node:crypto';
import { sampleEvent, type SendGridEmulator } from '../../../emulator';
import { hasEnded, itemsOf, type N8nClient } from '../../../scripts/n8n/N8nClient';
import { until } from '../../support/until';
import { EMAIL, eventOf, ticketOf, type WaitingMails } from './WaitingMails';

interface Given {
	client: N8nClient;
	sendGrid: SendGridEmulator;
	mails: WaitingMails;
}

/**
 * What holds of those who wait, whichever way n8n runs.
 *
 * @param testOfOnce `test.skip` where n8n does not keep two processes from waking the same execution
 */
export function testTraps(
	given: () => Given,
	testOfOnce: typeof test | typeof test.skip = test,
): void {
	testOfOnce('goes on once, however many events and triggers tell of it', async () => {
		const { client, mails } = given();
		const workflow = await mails.start({ waitFor: ['click', 'open'], output: 'perOutcome' });
		const mail = await mails.waiting(workflow);
		const now = Math.floor(Date.now() / 1000);
		const many = Array.from({ length: 6 }, (_, index) =>
			eventOf(mail, index % 2 ? 'click' : 'open', { timestamp: now - index }),
		);
		await Promise.all([
			mails.post(many, 0),
			mails.post(many, 1),
			mails.post([eventOf(mail, 'click')], 1),
		]);

		const execution = await mails.ended(workflow);
		expect(execution.status).toBe('success');
		expect(execution.data.resultData.runData[EMAIL]).toHaveLength(1);
		// The outputs: timeout, click, (bounce), (dropped), open.
		const outputs = [0, 1, 2, 3, 4].map((output) => itemsOf(execution, EMAIL, output));
		expect(outputs.flat()).toHaveLength(1);
		const { outcome: which } = outputs.flat()[0]!;
		expect(outputs[which === 'click' ? 1 : 4]).toHaveLength(1);
		// Long after the end, an event is just an event.
		expect(await mails.post([eventOf(mail, 'click')])).toEqual([200]);
		expect(await client.executions(workflow.id)).toHaveLength(1);
	});

	test('is not ended by a late event of an earlier round of a loop', async () => {
		const { mails, sendGrid } = given();
		const workflow = await mails.start({ waitFor: ['click', 'open'] }, { runs: 'twice' });
		const first = await mails.waiting(workflow);
		await mails.post([eventOf(first, 'open')]);
		await until(() => sendGrid.mails.at(-1) !== first);
		const second = await mails.waiting(workflow);

		await mails.post([eventOf(first, 'click')]);
		expect(await mails.statusOf(workflow)).toBe('waiting');
		await mails.post([eventOf(second, 'click')]);
		const execution = await mails.ended(workflow);
		expect(itemsOf(execution, EMAIL).map(({ outcome: which }) => which)).toEqual(['open', 'click']);
	});

	test('calls nobody but itself, for its own mail only', async () => {
		const { mails } = given();
		const workflow = await mails.start({ waitFor: ['click'] });
		const ticket = ticketOf(await mails.waiting(workflow));
		const [place, query] = ticket.split('?') as [string, string];
		const forged = [
			ticket.replace(/n8n=[0-9a-f]+/, 'n8n=000000000000'),
			ticket.replace(/for=click/, 'for=click.open'),
			ticket.replace(/signature=.{6}/, 'signature=000000'),
			`${place}/../../../rest/workflows?${query}`,
			`http://127.0.0.1:1/${ticket}`,
			`//127.0.0.1:1/${ticket}`,
		].map((n8nWait) => sampleEvent('click', { n8nWait, sg_event_id: randomUUID() }));

		expect(await mails.post(forged)).toEqual([200]);
		expect(await mails.statusOf(workflow)).toBe('waiting');
		await mails.post([sampleEvent('click', { n8nWait: ticket, sg_event_id: randomUUID() })]);
		expect(await mails.outcome(workflow)).toMatchObject({ outcome: 'click' });
	});

	test.each([
		['stopped', 'stopExecution', 409, /finished with error/],
		['deleted', 'deleteExecution', 404, /does not exist/],
	] as const)(
		'leaves an execution alone that was %s: neither its event nor its button goes on',
		async (_, end, status, message) => {
			const { client, mails } = given();
			const forEvent = await mails.start({ waitFor: ['click'] });
			const click = eventOf(await mails.waiting(forEvent), 'click');
			const forAnswer = await mails.start({ responseType: 'approval', message: 'May I?' });
			const { body } = await mails.waiting(forAnswer);
			const [, link] = /Approve: (\S+)/.exec(body.content![0]!.value)!;
			const both = [forEvent, forAnswer];
			for (const { id } of both) await client[end]((await client.executions(id))[0]!.id);
			const left = async () =>
				await Promise.all(both.map(async ({ id }) => await client.executions(id)));
			const before = await left();

			expect(await mails.post([click])).toEqual([200]);
			for (const method of ['GET', 'POST']) {
				const answer = await fetch(link!, { method });
				expect([answer.status, await answer.text()]).toEqual([
					status,
					expect.stringMatching(message),
				]);
			}
			expect(await left()).toEqual(before);
			expect(before.flat().filter((execution) => !hasEnded(execution))).toEqual([]);
		},
	);
}
