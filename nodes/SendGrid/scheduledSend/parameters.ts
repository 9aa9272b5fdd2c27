import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { textValue } from '../email/fieldValues';
import { InvalidFieldError } from '../email/invalidFieldError';

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
	const id = textValue(context.getNodeParameter(name, itemIndex), displayName).trim();
	if (id === '') {
		throw new InvalidFieldError(displayName, 'is empty. Enter the batch ID of the scheduled mail.');
	}
	return id;
}
