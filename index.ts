export { SendGridEventsApi } from './credentials/SendGridEventsApi.credentials';
export { SendGridEmailTrigger } from './nodes/SendGrid/SendGridEmailTrigger.node';
export { SendGridEmail } from './nodes/SendGrid/SendGridEmail.node';
export { verifySignature } from './nodes/SendGrid/events/signature';
export { normalizeEvent, type SendGridEvent } from './nodes/SendGrid/events/normalize';
