import type { INodeProperties } from 'n8n-workflow';

/** Said beside the fields, because SendGrid itself says no more than "access forbidden". */
export const addOnNotice: INodeProperties = {
	displayName:
		'This needs SendGrid\'s add-on "30 Days Additional Email Activity History", and does not work for EU subusers. SendGrid answers few of these calls a minute.',
	name: 'addOnNotice',
	type: 'notice',
	default: '',
};
