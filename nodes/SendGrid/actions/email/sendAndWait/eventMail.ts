import type { IExecuteFunctions } from 'n8n-workflow';
import { instanceTag, ticketOf, ticketQuery } from '../../../events/waitTicket';
import { WAIT_ARG } from '../../../events/waitArg';
import { InvalidFieldError } from '../../../fields/invalidFieldError';
import { booleanValue, fieldGroup, optionList, textValue } from '../../../fields/values';
import type { ItemForm } from '../readForm';
import { AWAITABLE_EVENTS } from './outcomes';
import { checkReachable, checkReceived } from './checks';
import type { AdjustMail } from './sendAndWait';

/** The text goes into the ticket, which every event of the mail carries; in bytes. */
const MAX_LINK_BYTES = 300;

const EVENTS = 'Events';
const LINK = 'Only Links That Contain';

/**
 * Makes the events of the mail find this execution.
 *
 * @param wait names this wait: a mail of an earlier round of a loop has another one
 * @throws InvalidFieldError; NodeOperationError if the events would not arrive
 */
export async function awaitEvents(context: IExecuteFunctions, wait: string): Promise<AdjustMail> {
	const events = readEvents(context);
	const options = fieldGroup(context.getNodeParameter('waitOptions', 0, {}), 'Options');
	const linkContains = textValue(options.linkContains, LINK).trim();
	const bytes = Buffer.byteLength(linkContains);
	if (bytes > MAX_LINK_BYTES) {
		throw new InvalidFieldError(
			LINK,
			`Enter a shorter part of the link, up to ${MAX_LINK_BYTES} bytes. This text has ${bytes}.`,
		);
	}
	const peopleOnly =
		'peopleOnly' in options && booleanValue(options.peopleOnly, 'Only Opens by People');
	const isChecked =
		!('checkBeforeSending' in options) ||
		booleanValue(options.checkBeforeSending, 'Check Before Sending');
	const query = ticketQuery(
		{ events, linkContains, peopleOnly },
		{ instance: instanceTag(context.getInstanceId()), sentAt: Date.now() / 1000 },
	);
	const url = context.getSignedResumeUrl({ wait, ...query });
	if (isChecked) {
		await checkReceived(context, events, url);
		await checkReachable(context, url);
	}
	return (form) => {
		checkTracking(form, events);
		const { customArgs } = form.unfilled;
		form.unfilled.customArgs = { ...customArgs, [WAIT_ARG]: ticketOf(url) };
	};
}

function readEvents(context: IExecuteFunctions): string[] {
	const events = optionList(context.getNodeParameter('waitFor', 0), EVENTS, AWAITABLE_EVENTS);
	if (events.length > 0) return events;
	throw new InvalidFieldError(EVENTS, 'Choose at least one event to wait for. None is chosen.');
}

/** @throws InvalidFieldError if the mail's own settings keep all events from coming */
function checkTracking({ message }: ItemForm, events: string[]): void {
	if ('sandboxMode' in message.mailSettings) {
		throw new InvalidFieldError(
			'Sandbox Mode',
			'Switch it off. Mail that is not sent has no events to wait for.',
		);
	}
	const tracking = message.trackingSettings as Record<string, { enable?: boolean } | undefined>;
	for (const [event, setting, field] of [
		['click', 'clickTracking', 'Click Tracking'],
		['open', 'openTracking', 'Open Tracking'],
	] as const) {
		if (events.includes(event) && tracking[setting]?.enable === false) {
			throw new InvalidFieldError(
				field,
				`Switch it on, or do not wait for "${event}". Without it SendGrid reports none.`,
			);
		}
	}
}
