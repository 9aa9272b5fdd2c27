export { DEFAULT_API_KEY, SendGridEmulator } from './sendGridEmulator';
export type { EmulatorOptions } from './sendGridEmulator';
export type {
	Account,
	Suppression,
	SuppressionList,
	Template,
	UnsubscribeGroup,
	VerifiedSender,
	Webhook,
} from './account';
export type { Fault, RequestMatch } from './faults';
export type { AcceptedMail, MailBody, Personalization } from './mail';
export { validateMail } from './mailSchema';
export type { MailError } from './mailSchema';
export type { PostAttempt, PostOptions } from './posting';
export type { RecordedRequest } from './request';
export { sampleEvent, testEndpointEvents } from './sampleEvents';
export type { ApiKey, RateLimit } from './server';
export {
	SIGNATURE_HEADER,
	TIMESTAMP_HEADER,
	createSigningKey,
	frameEvents,
	frameTestEvents,
	signBody,
} from './signing';
export type { PostedEvent, SigningKey } from './signing';
