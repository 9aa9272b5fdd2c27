import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';

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
	operations: Operation[];
}

/** Builds the `operation` selector and the parameters of one resource. */
export function describeResource({ option, operations }: Resource): INodeProperties[] {
	const resource = [option.value as string];
	const selector: INodeProperties = {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource } },
		options: operations.map((operation) => operation.option),
		default: operations[0]?.option.value ?? '',
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
