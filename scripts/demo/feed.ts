import type { IDataObject } from 'n8n-workflow';
import { hasEnded, itemsOf, type Execution, type N8nClient } from '../n8n/N8nClient';
import type { DemoMail } from './sendGridSide';
import { EMAIL, EVENT_OUTPUTS, TRIGGER } from './workflows';

/** Follows the executions of the demo's two workflows. */
export class Feed {
	/** What SendGrid Email returned for each mail. */
	readonly sent: IDataObject[] = [];

	/** What SendGrid Email Trigger emitted for each event. */
	readonly events: IDataObject[] = [];

	private readonly seen = new Set<string>();

	constructor(
		private readonly client: N8nClient,
		private readonly mailWorkflowId: string,
		private readonly eventWorkflowId: string,
		private readonly print: (line: string) => void,
	) {}

	/**
	 * Prints what has happened since the last look.
	 * @returns the messages of executions that failed
	 */
	async look(): Promise<string[]> {
		const failures: string[] = [];
		for (const execution of await this.newlyEnded(this.mailWorkflowId)) {
			for (const mail of itemsOf(execution, EMAIL)) {
				this.sent.push(mail);
				this.print(row('sent', String(mail.to), `message ${String(mail.messageId)}`));
			}
			failures.push(...failureOf(execution));
		}
		for (const execution of await this.newlyEnded(this.eventWorkflowId)) {
			for (let output = 0; output < EVENT_OUTPUTS; output++) {
				for (const event of itemsOf(execution, TRIGGER, output)) {
					this.events.push(event);
					this.print(row(String(event.event), String(event.email), detailOf(event)));
				}
			}
			failures.push(...failureOf(execution));
		}
		return failures;
	}

	/** Which of the expected events have not come yet, mail by mail; empty when all have. */
	missing(mails: DemoMail[]): string[] {
		return mails.flatMap(({ to, expects }, index) => {
			const messageId = this.sent[index]?.messageId;
			if (messageId === undefined) return [`${to}: not sent`];
			const arrived = this.events
				.filter((event) => event.messageId === messageId)
				.map(({ event }) => event);
			return expects.filter((event) => !arrived.includes(event)).map((event) => `${to}: ${event}`);
		});
	}

	private async newlyEnded(workflowId: string): Promise<Execution[]> {
		const summaries = await this.client.executions(workflowId);
		const fresh = summaries.filter(({ id }) => !this.seen.has(id)).filter(hasEnded);
		const executions: Execution[] = [];
		for (const { id } of fresh.reverse()) {
			this.seen.add(id);
			executions.push(await this.client.execution(id));
		}
		return executions;
	}
}

function row(what: string, email: string, detail: string): string {
	return `  ${what.padEnd(10)} ${email.padEnd(26)} ${detail}`.trimEnd();
}

function detailOf({ url, bounce, machineOpen }: IDataObject): string {
	if (machineOpen) return 'by a mail program, not by a person';
	return String((bounce as IDataObject | undefined)?.reason ?? url ?? '');
}

function failureOf({ status, data }: Execution): string[] {
	if (status === 'success') return [];
	return [data.resultData.error?.message ?? `an execution ended with the status "${status}"`];
}
