import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type INodeProperties,
	type INodePropertyOptions,
} from 'n8n-workflow';
import { errorStatus } from '../api/apiError';
import { InvalidFieldError } from '../fields/invalidFieldError';

/** What the editor shows of an operation, whichever way it runs. */
interface OperationDescription {
	/** The entry in the Operation list: `name`, `value`, `action` and `description`. */
	option: INodePropertyOptions;
	/** Its parameters, without `displayOptions` for resource and operation: those are added here. */
	properties: INodeProperties[];
}

/** An operation that handles one input item at a time; its result becomes that item's output. */
export interface ItemOperation extends OperationDescription {
	executeItem(context: IExecuteFunctions, itemIndex: number): Promise<IDataObject | IDataObject[]>;
}

/** An operation that needs to see all input items together, for example to batch them. */
export interface BatchOperation extends OperationDescription {
	/** Returns paired items; honours `continueOnFail` itself. */
	executeAll(context: IExecuteFunctions): Promise<INodeExecutionData[]>;
}

export type Operation = ItemOperation | BatchOperation;

/** A resource of the node: its entry in the Resource list and its operations. */
export interface Resource {
	option: INodePropertyOptions;
	/**
	 * What a saved node does that names no operation: n8n leaves out what is the default. So it must
	 * stay for good, whatever stands first in the list.
	 */
	defaultOperation: Operation;
	operations: Operation[];
}

/** Builds the `operation` selector and the parameters of one resource. */
export function describeResource({
	option,
	defaultOperation,
	operations,
}: Resource): INodeProperties[] {
	const resource = [option.value as string];
	const savedAs = defaultOperation.option.value;
	const selector: INodeProperties = {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource } },
		options: operations.map((operation) => operation.option),
		default: savedAs,
	};
	return [
		selector,
		...operations.flatMap(({ option: { value }, properties }) =>
			properties.map((property) => ({
				...property,
				displayOptions: {
					...property.displayOptions,
					show: { resource, operation: [value as string], ...property.displayOptions?.show },
				},
			})),
		),
	];
}

/**
 * Runs the operation that the node's `resource` and `operation` parameters name, over all input
 * items. Both parameters take no expressions, so they are the same for every item.
 *
 * @throws NodeOperationError or NodeApiError of the first item that fails, unless the node is set
 * to continue on fail: then that item carries its error
 */
export async function runOperation(
	context: IExecuteFunctions,
	resources: Resource[],
): Promise<INodeExecutionData[]> {
	const operation = findOperation(context, resources);
	if ('executeAll' in operation) {
		return await operation.executeAll(context).catch((error: unknown) => {
			// What is the same for all items is read from the first.
			throw toItemError(context.getNode(), error, 0);
		});
	}

	const output: INodeExecutionData[] = [];
	/** SendGrid does not take the key any more: every further call would be in vain. */
	let refusedKey: NodeApiError | undefined;
	for (const [item] of context.getInputData().entries()) {
		try {
			if (refusedKey !== undefined) throw refusedKey;
			const result = await operation.executeItem(context, item);
			// One by one: a call takes no more than about 100,000 arguments.
			for (const json of [result].flat()) output.push({ json, pairedItem: { item } });
		} catch (error) {
			const nodeError = toItemError(context.getNode(), error, item);
			if (!context.continueOnFail()) throw nodeError;
			if (nodeError instanceof NodeApiError && errorStatus(nodeError) === 401) {
				refusedKey = nodeError;
			}
			output.push(failedItem(nodeError, item));
		}
	}
	return output;
}

function findOperation(context: IExecuteFunctions, resources: Resource[]): Operation {
	const resourceName = context.getNodeParameter('resource', 0) as string;
	const operationName = context.getNodeParameter('operation', 0) as string;
	const operation = resources
		.find(({ option }) => option.value === resourceName)
		?.operations.find(({ option }) => option.value === operationName);
	if (operation === undefined) {
		throw new NodeOperationError(
			context.getNode(),
			`Choose resource and operation from the lists in the node: there is no operation "${operationName}" of the resource "${resourceName}"`,
		);
	}
	return operation;
}

/**
 * The error as n8n shows it, with the item it belongs to: in what n8n shows apart from the message,
 * and, for what the user entered, in the message too.
 */
export function toItemError(
	node: INode,
	error: unknown,
	itemIndex: number,
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		error.context.itemIndex ??= itemIndex;
		error.message = inToast(error.message);
		return error;
	}
	const { message } = error as Error;
	const nodeError = new NodeOperationError(node, error as Error, { itemIndex });
	// n8n replaces a message that holds the name of a system error, such as EACCES or ENOENT.
	nodeError.message = inToast(
		error instanceof InvalidFieldError ? `${message} [item ${itemIndex}]` : message,
	);
	return nodeError;
}

/** The editor shows messages as HTML, where `<ann@example.com>` would be a tag, and vanish. */
function inToast(message: string): string {
	return message.replaceAll('<', '‹').replaceAll('>', '›');
}

/**
 * The output of an item that failed.
 *
 * It has exactly these two fields, and no `error` beside `json`: by that n8n knows what belongs on
 * the error output and puts the fields of the input item to it, while it would replace all fields
 * of an item with an `error` of its own.
 *
 * @param message what else the user has to know
 */
export function failedItem(
	error: NodeApiError | NodeOperationError,
	item: number,
	message = error.description,
): INodeExecutionData {
	return {
		json: { error: error.message, ...(message && { message }) },
		pairedItem: { item },
	};
}
