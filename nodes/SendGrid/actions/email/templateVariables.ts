import type { FieldType } from 'n8n-workflow';
import { parseJson } from '../../fields/values';
import { variableOf, type Expression, type HandlebarsText, type Part } from './handlebars';

/** The kinds of data that a template can take, the more telling ones last. */
const TYPES = ['boolean', 'string', 'number', 'object', 'array'] as const satisfies FieldType[];

export type VariableType = (typeof TYPES)[number];

/** Something that a template takes from its data. */
export interface TemplateVariable {
	name: string;
	type: VariableType;
}

/**
 * What the data of a template can have, in the order in which the template uses it. What kind of
 * data it is tells the template's test data, or else how the template uses it.
 *
 * @param testData what the template's author tried it with: JSON, if anything
 */
export function variablesOf(texts: HandlebarsText[], testData: string): TemplateVariable[] {
	const found = new Map<string, VariableType>();
	const note: Note = (name, type) => {
		const before = found.get(name);
		if (before === undefined || TYPES.indexOf(before) < TYPES.indexOf(type)) found.set(name, type);
	};
	for (const { parts } of texts) noteParts(parts, 0, note);
	for (const [name, value] of Object.entries(objectIn(testData))) {
		const type = typeOf(value) ?? found.get(name) ?? 'string';
		found.set(name, type);
	}
	return [...found].map(([name, type]) => ({ name, type }));
}

type Note = (name: string, type: VariableType) => void;

/** @param depth how many loops and `with` blocks are around */
function noteParts(parts: readonly Part[], depth: number, note: Note): void {
	for (const part of parts) {
		if (typeof part === 'string') continue;
		if ('show' in part) {
			noteExpression(part.show, 'string', depth, note);
			continue;
		}
		const { block, body, inverse } = part;
		noteArguments(block.call, block.args, depth, note);
		const goesInside = block.call === 'each' || block.call === 'with';
		noteParts(body, goesInside ? depth + 1 : depth, note);
		noteParts(inverse, depth, note);
	}
}

function noteExpression(
	expression: Expression,
	type: VariableType,
	depth: number,
	note: Note,
): void {
	if ('call' in expression) return noteArguments(expression.call, expression.args, depth, note);
	const steps = atRoot(variableOf(expression)?.path ?? [], depth);
	const [name, next] = steps;
	if (name === undefined) return;
	const isList = next === 'length' || (next !== undefined && /^\d+$/.test(next));
	note(name, next === undefined ? type : isList ? 'array' : 'object');
}

/** How helpers and blocks use their values. */
const TAKEN_AS: Record<string, VariableType> = {
	each: 'array',
	length: 'array',
	with: 'object',
	greaterThan: 'number',
	lessThan: 'number',
	if: 'boolean',
	unless: 'boolean',
	and: 'boolean',
	or: 'boolean',
};

function noteArguments(call: string, args: Expression[], depth: number, note: Note): void {
	for (const arg of args) noteExpression(arg, TAKEN_AS[call] ?? 'string', depth, note);
}

/** The way from the top of the data; empty for what is inside of a loop's entry, such as `title`. */
function atRoot(path: string[], depth: number): string[] {
	if (path[0] === '@root') return path.slice(1);
	if (path[0]?.startsWith('@')) return [];
	const ups = path.findIndex((step) => step !== '..');
	const [first, ...rest] = ups === -1 ? [] : path.slice(ups);
	if (first === undefined || Math.max(0, ups) < depth) return [];
	return first === 'this' ? rest : [first, ...rest];
}

function objectIn(json: string): object {
	const value = parseJson(json);
	const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
	return isObject && !(value instanceof SyntaxError) ? value : {};
}

function typeOf(value: unknown): VariableType | undefined {
	if (Array.isArray(value)) return 'array';
	return value === null ? undefined : (typeof value as VariableType);
}
