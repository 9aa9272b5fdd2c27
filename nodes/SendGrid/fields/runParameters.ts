import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { holdsExpression, simpleResolver, type Resolver } from './simpleExpressions';

/**
 * The parameters of a node during one run. n8n is asked for no more than is needed: what holds no
 * expression is the same for all items, and fields of the item can be looked up.
 */
export class RunParameters {
	private readonly items: INodeExecutionData[];
	private readonly fixed = new Map<string, unknown>();
	private readonly changing = new Map<string, Resolver | undefined>();
	private readonly results = new Map<string, unknown>();

	constructor(private readonly context: IExecuteFunctions) {
		this.items = context.getInputData();
	}

	/** The value for an item; empty text if the node has no such parameter. */
	valueOf(name: string, item: number): unknown {
		if (this.changing.has(name)) return this.changingValue(name, item);
		if (this.fixed.has(name)) return this.fixed.get(name);
		const written: unknown = this.context.getNodeParameter(name, item, '', {
			rawExpressions: true,
		});
		if (holdsExpression(written)) this.changing.set(name, simpleResolver(written));
		else this.fixed.set(name, this.resolve(name, item));
		return this.valueOf(name, item);
	}

	/**
	 * What is made of the value. Where it is the same for all items they share the result, which
	 * nobody may change.
	 *
	 * @param read needs nothing but the value; what it throws counts for this item
	 */
	read<T>(name: string, item: number, read: (value: unknown) => T): T {
		const value = this.valueOf(name, item);
		if (this.changing.has(name)) return read(value);
		if (!this.results.has(name)) this.results.set(name, read(value));
		return this.results.get(name) as T;
	}

	private changingValue(name: string, item: number): unknown {
		const json = this.items[item]?.json;
		const known = json && this.changing.get(name)?.(json);
		return known === undefined ? this.resolve(name, item) : known;
	}

	private resolve(name: string, item: number): unknown {
		// To validate n8n searches all fields of the node, and it could only find other errors than ours.
		return this.context.getNodeParameter(name, item, '', { skipValidation: true });
	}
}
