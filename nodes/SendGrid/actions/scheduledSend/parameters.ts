import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { readRequiredText } from '../../fields/parameters';

export const batchIdParameter: INodeProperties = {
	displayName: 'Batch ID',
	name: 'batchId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. HkJ5yLYULb7Rj8GKSx7u025ouWVlMgAi',
	description: 'The batch ID that the scheduled mail was sent with',
};

/** @throws InvalidFieldError if it is empty */
export function batchIdOf(context: IExecuteFunctions, itemIndex: number): string {
	const remedy = 'Enter the batch ID of the scheduled mail.';
	return readRequiredText(context, itemIndex, batchIdParameter, remedy);
}
