import { NodeOperationError, type IHookFunctions } from 'n8n-workflow';
import type { EventWebhookSettings } from '../../api/eventWebhooks';
import { isVerificationKey } from '../../events/signature';
import { webhookUrl } from './hookContext';
import { explainBadKey } from './messages';
import { desiredSettings, type Wish } from './plan';

/** What the user set on the trigger, as far as the registration goes. */
export interface RegistrationParameters extends Pick<Wish, 'events' | 'friendlyName' | 'oauth'> {
	isManualSetup: boolean;
	/** Manual setup only: the keys the user entered. */
	verificationKeys: string[];
	/** Whether to see the sample events of SendGrid while n8n listens for a test event. */
	wantsSampleEvents: boolean;
}

/**
 * Translates what the user set to SendGrid's settings.
 *
 * @throws NodeOperationError if it is not complete
 */
export function readDesired(
	context: IHookFunctions,
	{ events, friendlyName, oauth }: RegistrationParameters,
): EventWebhookSettings {
	if (events.length === 0) {
		throw new NodeOperationError(
			context.getNode(),
			'Choose at least one event in the list "Events" of the node. None is chosen.',
		);
	}
	if (oauth && Object.values(oauth).includes('')) {
		throw new NodeOperationError(
			context.getNode(),
			'Fill in Client ID, Client Secret and Token URL of the option "OAuth", or remove the option. SendGrid wants all three.',
		);
	}
	return desiredSettings({
		url: webhookUrl(context),
		events,
		friendlyName,
		oauth,
		workflowName: context.getWorkflow().name ?? '',
		nodeName: context.getNode().name,
	});
}

/**
 * Manual setup: without a usable key every post would be refused, which nobody would notice soon.
 *
 * @throws NodeOperationError if there is none
 */
export function checkVerificationKeys(context: IHookFunctions, keys: string[]): void {
	const badKey = keys.findIndex((key) => !isVerificationKey(key));
	if (keys.length > 0 && badKey < 0) return;
	const problem =
		keys.length === 0 ? 'No verification key is entered.' : explainBadKey(badKey + 1, keys.length);
	throw new NodeOperationError(
		context.getNode(),
		`${problem} In SendGrid, open Settings > Mail Settings > Event Webhooks, open the webhook, and copy its Verification Key to the field "Verification Keys" of the node.`,
	);
}
