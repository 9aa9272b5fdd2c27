import type { IDataObject } from 'n8n-workflow';

/** Gives a parameter's value for an item, or `undefined` where only n8n can tell. */
export type Resolver = (json: IDataObject) => unknown;

const QUOTED = `"[^"\\\\\\n\\r]*"|'[^'\\\\\\n\\r]*'`;
const NAME = '[A-Za-z_$][\\w$]*';
/** `$json`, `$json.address.city`, `$json["first name"]`, `$json.phones[0]`. */
const PATH = `\\$json(?:\\.${NAME}|\\[(?:${QUOTED}|\\d+)\\])*`;
const NUMBER = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?';

const ONLY_PATH = new RegExp(`^${PATH}$`);
const STEP = /\.([\w$]+)|\["([^"]*)"\]|\['([^']*)'\]|\[(\d+)\]/g;
/** One of the `name: value` of an object, with the comma after it. */
const ENTRY = new RegExp(
	`\\s*(${NAME}|${QUOTED})\\s*:\\s*(?:(${PATH})|(${QUOTED}|${NUMBER}|true|false))\\s*(?:,|$)`,
	'y',
);

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
	const parts: Parts = [];
	for (const [key, part] of Object.entries(written as object)) {
		const resolve = groupResolver(part);
		if (resolve === undefined) return undefined;
		parts.push([key, resolve]);
	}
	return (json) => {
		const resolved = resolveAll(parts, json);
		return Array.isArray(written) ? resolved?.map(([, value]) => value) : asObject(resolved);
	};
}

type Parts = Array<[name: string, resolve: Resolver]>;

function resolveAll(parts: Parts, json: IDataObject): Array<[string, unknown]> | undefined {
	const resolved: Array<[string, unknown]> = [];
	for (const [name, resolve] of parts) {
		const value = resolve(json);
		if (value === undefined) return undefined;
		resolved.push([name, value]);
	}
	return resolved;
}

const asObject = (entries: Array<[string, unknown]> | undefined) =>
	entries && Object.fromEntries(entries);

function textResolver(written: string): Resolver | undefined {
	// Text, expression, text, expression, …, text.
	const chunks = written.slice(1).split(/\{\{([^]*?)\}\}/);
	const [before, inside, after] = chunks;
	if (chunks.length === 3 && before === '' && after === '') return expressionResolver(inside!);
	const parts: Resolver[] = [];
	for (const [index, chunk] of chunks.entries()) {
		const isText = index % 2 === 0;
		if (isText && /\{\{|\}\}|\\/.test(chunk)) return undefined;
		const resolve = isText ? () => chunk : expressionResolver(chunk);
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

/** @param expression what stands between the braces */
function expressionResolver(expression: string): Resolver | undefined {
	const code = expression.trim();
	if (ONLY_PATH.test(code)) return pathResolver(code);
	const object = /^\{([^]*)\}$/.exec(code)?.[1];
	return object === undefined ? undefined : objectResolver(object);
}

/** Of an object such as `{ name: $json.name, items: $json.cart.items, lang: "en" }`. */
function objectResolver(entries: string): Resolver | undefined {
	const parts: Parts = [];
	for (ENTRY.lastIndex = 0; entries.slice(ENTRY.lastIndex).trim() !== '';) {
		const [, name, path, literal] = ENTRY.exec(entries) ?? [];
		if (name === undefined) return undefined;
		const key = unquoted(name);
		const resolve = path === undefined ? () => valueOf(literal!) : pathResolver(path);
		if (resolve === undefined || NO_FIELDS.has(key)) return undefined;
		parts.push([key, resolve]);
	}
	return (json) => asObject(resolveAll(parts, json));
}

function unquoted(text: string): string {
	return /^["']/.test(text) ? text.slice(1, -1) : text;
}

function valueOf(literal: string): unknown {
	return /^["']/.test(literal) ? unquoted(literal) : JSON.parse(literal);
}

function pathResolver(path: string): Resolver | undefined {
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
