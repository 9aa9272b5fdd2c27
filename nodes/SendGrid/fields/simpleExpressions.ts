import type { IDataObject } from 'n8n-workflow';

/** Gives a parameter's value for an item, or `undefined` where only n8n can tell. */
export type Resolver = (json: IDataObject) => unknown;

/** `$json`, `$json.address.city`, `$json["first name"]`, `$json.phones[0]`. */
const PATH = /^\$json((?:\.[A-Za-z_$][\w$]*|\[(?:"[^"\\]*"|'[^'\\]*'|\d+)\])*)$/;
const STEP = /\.([\w$]+)|\["([^"]*)"\]|\['([^']*)'\]|\[(\d+)\]/g;

/** n8n refuses the first of them, and the others are no names of fields. */
const NO_FIELDS = new Set(['constructor', 'prototype', '__proto__']);

/**
 * Resolves the expressions that nearly all mail is made of: fields of the item, alone or within
 * text. n8n would do the same, but since 2.36 in a sandbox, where each takes some tenths of a
 * millisecond: for a mail to ten thousand, seconds during which n8n answers nobody.
 *
 * @param written the parameter as the form has it, with expressions
 * @returns `undefined` if there is more in it, such as a function
 */
export function simpleResolver(written: unknown): Resolver | undefined {
	const isExpression = typeof written === 'string' && holdsExpression(written);
	return isExpression ? textResolver(written) : groupResolver(written);
}

/** n8n takes any text that begins with `=` for an expression. */
export function holdsExpression(written: unknown): boolean {
	if (typeof written === 'string') return written.startsWith('=');
	if (typeof written !== 'object' || written === null) return false;
	return Object.values(written).some(holdsExpression);
}

/** Of a group of fields, such as a table, every part has to be simple, and to give a plain value. */
function groupResolver(written: unknown): Resolver | undefined {
	if (!holdsExpression(written)) return () => written;
	if (typeof written === 'string') {
		const resolve = textResolver(written);
		return resolve && ((json) => plain(resolve(json)));
	}
	const parts: Array<[key: string, resolve: Resolver]> = [];
	for (const [key, part] of Object.entries(written as object)) {
		const resolve = groupResolver(part);
		if (resolve === undefined) return undefined;
		parts.push([key, resolve]);
	}
	return (json) => {
		const resolved: Array<[string, unknown]> = [];
		for (const [key, resolve] of parts) {
			const value = resolve(json);
			if (value === undefined) return undefined;
			resolved.push([key, value]);
		}
		return Array.isArray(written)
			? resolved.map(([, value]) => value)
			: Object.fromEntries(resolved);
	};
}

function textResolver(written: string): Resolver | undefined {
	// Text, expression, text, expression, …, text.
	const chunks = written.slice(1).split(/\{\{([^]*?)\}\}/);
	const [before, inside, after] = chunks;
	if (chunks.length === 3 && before === '' && after === '') return pathResolver(inside!);
	const parts: Resolver[] = [];
	for (const [index, chunk] of chunks.entries()) {
		const isText = index % 2 === 0;
		if (isText && /\{\{|\}\}|\\/.test(chunk)) return undefined;
		const resolve = isText ? () => chunk : pathResolver(chunk);
		if (resolve === undefined) return undefined;
		parts.push(resolve);
	}
	return (json) => {
		let text = '';
		for (const resolve of parts) {
			const value = plain(resolve(json));
			if (value === undefined) return undefined;
			text += String(value);
		}
		return text;
	};
}

/** What n8n gives as it is, wherever it stands. */
function plain(value: unknown): string | number | boolean | undefined {
	const isPlain = ['string', 'number', 'boolean'].includes(typeof value);
	return isPlain ? (value as string | number | boolean) : undefined;
}

function pathResolver(expression: string): Resolver | undefined {
	const path = PATH.exec(expression.trim())?.[1];
	if (path === undefined) return undefined;
	const steps = [...path.matchAll(STEP)].map(([, ...names]) => names.find((name) => name)!);
	if (steps.some((step) => step === undefined || NO_FIELDS.has(step))) return undefined;
	return (json) => {
		let value: unknown = json;
		for (const step of steps) {
			if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) {
				return undefined;
			}
			value = (value as IDataObject)[step];
		}
		return value ?? undefined;
	};
}
