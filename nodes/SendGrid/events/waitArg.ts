import { type RawEvent } from './rawEvent';

/**
 * The custom arg with which a mail of "Send and Wait" carries its ticket; see `WaitTicket`. It is
 * none of the user's, so the trigger does not show it among theirs.
 */
export const WAIT_ARG = 'n8nWait';

/** Whether an event belongs to a mail whose workflow waits for some event of it. */
export function carriesTicket(event: RawEvent): boolean {
	return event[WAIT_ARG] !== undefined;
}
