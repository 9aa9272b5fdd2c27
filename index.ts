export { SendGridEventsApi } from './credentials/SendGridEventsApi.credentials';
export { SendGridEmailTrigger } from './nodes/SendGrid/SendGridEmailTrigger.node';
export { SendGridEmail } from './nodes/SendGrid/SendGridEmail.node';
export { normalizeEvent, verifySignature } from './nodes/SendGrid/events';
