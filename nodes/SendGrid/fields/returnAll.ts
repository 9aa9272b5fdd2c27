import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { readBoolean, readWholeNumber } from './parameters';

const returnAll: INodeProperties = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
};

const limit: INodeProperties = {
	displayName: 'Limit',
	name: 'limit',
	type: 'number',
	displayOptions: { show: { returnAll: [false] } },
	typeOptions: { minValue: 1 },
	default: 50,
	description: 'Max number of results to return',
};

/** The two parameters with which n8n's "Get Many" operations ask how many results to return. */
export const RETURN_ALL_OR_LIMIT: INodeProperties[] = [returnAll, limit];

/**
 * How many results an item asks for; `Infinity` for all.
 *
 * @throws InvalidFieldError unless one is a switch and the other a number of 1 or more
 */
export function wantedResults(context: IExecuteFunctions, itemIndex: number): number {
	return readBoolean(context, itemIndex, returnAll)
		? Infinity
		: readWholeNumber(context, itemIndex, limit);
}
