import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { requiredText } from '../../fields/values';

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
	const { displayName, name } = batchIdParameter;
	return requiredText(
		context.getNodeParameter(name, itemIndex),
		displayName,
		'Enter the batch ID of the scheduled mail.',
	);
}
