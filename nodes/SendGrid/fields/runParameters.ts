import type { IExecuteFunctions } from 'n8n-workflow';

/**
 * The parameters of a node during one run. What holds no expression is the same for all items: n8n
 * is asked for it once, and it is read once, so that a mail to thousands costs the expressions that
 * it needs and little more.
 */
export class RunParameters {
	private readonly fixed = new Map<string, unknown>();
	private readonly changing = new Set<string>();
	private readonly results = new Map<string, unknown>();

	constructor(private readonly context: IExecuteFunctions) {}

	/** The value for an item; empty text if the node has no such parameter. */
	valueOf(name: string, item: number): unknown {
		if (this.changing.has(name)) return this.resolve(name, item);
		if (this.fixed.has(name)) return this.fixed.get(name);
		const written: unknown = this.context.getNodeParameter(name, item, '', {
			rawExpressions: true,
		});
		if (holdsExpression(written)) this.changing.add(name);
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

	private resolve(name: string, item: number): unknown {
		// To validate n8n searches all fields of the node, and it could only find other errors than ours.
		return this.context.getNodeParameter(name, item, '', { skipValidation: true });
	}
}

/** n8n takes any text that begins with `=` for an expression. */
function holdsExpression(value: unknown): boolean {
	if (typeof value === 'string') return value.startsWith('=');
	return typeof value === 'object' && value !== null && Object.values(value).some(holdsExpression);
}
