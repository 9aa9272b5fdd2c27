import type { Resource } from '../operation';
import { validate } from './validate';

/** Whether addresses take mail, before any is sent. */
export const emailValidationResource: Resource = {
	option: {
		name: 'Email Validation',
		value: 'emailValidation',
		description: 'Whether an address is likely to take mail; needs a separate API key',
	},
	defaultOperation: validate,
	operations: [validate],
};
