import { InvalidFieldError } from '../../fields/invalidFieldError';

/**
 * Fills a template in the subset of Handlebars that SendGrid documents, to show a mail before it is
 * sent. Handlebars itself makes functions of templates at run time, which n8n does not allow. What
 * is not in the subset is an error: a preview that is silently wrong would be worse than none.
 *
 * @see https://www.twilio.com/docs/sendgrid/for-developers/sending-email/using-handlebars
 */

/** What stands in a template that cannot be filled, in the user's words. */
export class TemplateError extends InvalidFieldError {
	constructor(problem: string) {
		super('Template', `See SendGrid's own preview of it. Here it cannot be filled: ${problem}.`);
	}
}

interface Call {
	call: string;
	args: Expression[];
}

interface Variable {
	path: string[];
	written: string;
}

export type Expression = { literal: unknown } | Variable | Call;

export type Part = string | { show: Expression; escaped: boolean } | Block;

interface Block {
	block: Call;
	body: Part[];
	inverse: Part[];
}

/** Where a part of a template looks for its values. */
interface Scope {
	value: unknown;
	parent?: Scope;
	/** `@index`, `@key`, `@first` and `@last`. */
	data: Record<string, unknown>;
}

/** Variables of SendGrid's own, which it fills in when it sends. */
const SENDGRIDS_OWN =
	/^(?:unsubscribe|unsubscribe_preferences|weblink|Sender_(?:Name|Address|City|State|Zip))$/;

/** One text of a template: its subject, its HTML or its plain text. */
export class HandlebarsText {
	readonly parts: readonly Part[];

	/** @throws TemplateError on what SendGrid does not document, and on blocks that are not closed */
	constructor(text: string) {
		this.parts = parse(text);
	}

	/** @throws TemplateError on blocks and helpers that SendGrid does not document */
	fill(data: unknown): string {
		return render(this.parts, { value: data, data: {} });
	}

	/**
	 * The variables that the text shows with this data and that the data lacks, as they are written
	 * in the text. What a condition only asks for may be lacking, and so may what has a default.
	 *
	 * @throws TemplateError on blocks that SendGrid does not document
	 */
	missingIn(data: unknown): string[] {
		const missing = new Set<string>();
		collectMissing(this.parts, { value: data, data: {} }, missing);
		return [...missing];
	}
}

interface Open extends Block {
	into: 'body' | 'inverse';
	/** Made by `{{else if …}}`: closed together with its parent. */
	chained: boolean;
}

function parse(template: string): Part[] {
	const root: Part[] = [];
	const open: Open[] = [];
	const add = (part: Part): void => {
		const top = open.at(-1);
		(top === undefined ? root : top[top.into]).push(part);
	};
	const close = (): void => {
		const { block, body, inverse, chained } = open.pop()!;
		add({ block, body, inverse });
		if (chained) close();
	};
	let end = 0;
	let trimNext = false;
	const addText = (text: string, trimEnd: boolean): void => {
		const begun = trimNext ? text.trimStart() : text;
		const shown = trimEnd ? begun.trimEnd() : begun;
		if (shown !== '') add(shown);
	};
	for (const tag of tagsOf(template)) {
		addText(template.slice(end, tag.start), tag.trimsBefore);
		({ end, trimsAfter: trimNext } = tag);
		const { inner } = tag;
		if (inner.startsWith('!')) continue;
		if (tag.isRaw) {
			add({ show: parseExpression(inner), escaped: false });
			continue;
		}
		const otherwise = /^(?:else|\^)(?:\s+([\s\S]+))?$/.exec(inner);
		if (inner.startsWith('#')) {
			const block = blockOf(inner.slice(1));
			open.push({ block, body: [], inverse: [], into: 'body', chained: false });
		} else if (otherwise) {
			const top = open.at(-1);
			if (top === undefined) throw new TemplateError(`{{${inner}}} stands outside of a block`);
			top.into = 'inverse';
			if (otherwise[1] !== undefined) {
				const block = blockOf(otherwise[1]);
				open.push({ block, body: [], inverse: [], into: 'body', chained: true });
			}
		} else if (inner.startsWith('/')) {
			const top = open.findLast(({ chained }) => !chained);
			if (top === undefined || top.block.call !== inner.slice(1).trim()) {
				throw new TemplateError(`{{${inner}}} closes a block that is not open`);
			}
			close();
		} else if (inner.startsWith('&')) {
			add({ show: parseExpression(inner.slice(1)), escaped: false });
		} else if (inner.startsWith('>')) {
			throw new TemplateError(`{{${inner}}} is not known: SendGrid has no partials`);
		} else {
			add({ show: parseExpression(inner), escaped: true });
		}
	}
	addText(template.slice(end), false);
	const unclosed = open.at(-1);
	if (unclosed) throw new TemplateError(`{{#${unclosed.block.call}}} is not closed`);
	return root;
}

interface Tag {
	start: number;
	end: number;
	/** What stands between the braces. */
	inner: string;
	/** Whether its value is shown as it is: `{{{name}}}`. */
	isRaw: boolean;
	/** `~` takes the space beside the tag away. */
	trimsBefore: boolean;
	trimsAfter: boolean;
}

const DELIMITERS = [
	['{{!--', '--}}'],
	['{{{', '}}}'],
	['{{', '}}'],
] as const;

/** Longer ones are text that has braces by chance. */
const LONGEST_TAG = 1000;

/** The tags of a template, in time linear to its length. */
function* tagsOf(template: string): Generator<Tag> {
	let end = 0;
	for (;;) {
		const start = template.indexOf('{{', end);
		if (start === -1) return;
		const [open, close] = DELIMITERS.find(([opening]) => template.startsWith(opening, start))!;
		const closing = template.indexOf(close, start + open.length);
		if (closing === -1) throw new TemplateError(`${open} is not closed`);
		end = closing + close.length;
		const isComment = template.startsWith('{{!', start);
		const written = isComment ? '!' : template.slice(start + open.length, closing).trim();
		if (written.length > LONGEST_TAG) {
			throw new TemplateError(`a tag has more than ${LONGEST_TAG} characters`);
		}
		yield {
			start,
			end,
			inner: written.replace(/^~/, '').replace(/~$/, '').trim(),
			isRaw: open === '{{{',
			trimsBefore: written.startsWith('~'),
			trimsAfter: written.endsWith('~'),
		};
	}
}

function blockOf(text: string): Call {
	const expression = parseExpression(text, true);
	if (!('call' in expression)) throw new TemplateError(`{{#${text}}} is not known`);
	return expression;
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([()])|([^\s()"']+))/gy;

function parseExpression(text: string, isBlock = false): Expression {
	const tokens = [...text.matchAll(TOKEN)].map(([token]) => token.trim());
	if (tokens.join('') !== text.replace(/\s+(?=(?:[^"']|"[^"]*"|'[^']*')*$)/g, '')) {
		throw new TemplateError(`{{${text}}} cannot be read`);
	}
	let place = 0;
	const one = (): Expression => {
		const token = tokens[place++];
		if (token === undefined || token === ')') throw new TemplateError(`{{${text}}} cannot be read`);
		if (token !== '(') return atom(token, text);
		const inside = sequence(true);
		if (tokens[place++] !== ')') throw new TemplateError(`{{${text}}} lacks a bracket`);
		return inside;
	};
	const sequence = (asCall: boolean): Expression => {
		const first = one();
		const args: Expression[] = [];
		while (place < tokens.length && tokens[place] !== ')') args.push(one());
		if (args.length === 0 && !asCall) return first;
		if (!('written' in first)) throw new TemplateError(`{{${text}}} cannot be read`);
		return { call: first.written, args };
	};
	const expression = sequence(isBlock);
	if (place < tokens.length) throw new TemplateError(`{{${text}}} has a bracket too many`);
	return expression;
}

function atom(token: string, text: string): Expression {
	if (/^["']/.test(token)) return { literal: token.slice(1, -1).replace(/\\(.)/g, '$1') };
	if (/^-?\d+(?:\.\d+)?$/.test(token)) return { literal: Number(token) };
	if (token === 'true' || token === 'false') return { literal: token === 'true' };
	if (token === 'null' || token === 'undefined') return { literal: undefined };
	if (/[{}]/.test(token)) throw new TemplateError(`{{${text}}} cannot be read`);
	if (token.includes('=')) throw new TemplateError(`{{${text}}} has a named argument`);
	return { path: pathOf(token), written: token };
}

/** `../address.[first line]` and `address/city` are paths, too. */
function pathOf(written: string): string[] {
	const steps: string[] = [];
	for (const [, quoted, plain] of written.matchAll(/\[([^\]]*)\]|([^./[\]]+|\.\.)/g)) {
		steps.push(quoted ?? plain!);
	}
	return steps;
}

function render(parts: readonly Part[], scope: Scope): string {
	return parts
		.map((part) => {
			if (typeof part === 'string') return part;
			if ('block' in part) {
				return branchesOf(part, scope)
					.map((branch) => render(branch.parts, branch.scope))
					.join('');
			}
			const text = textOf(evaluate(part.show, scope));
			return part.escaped ? escape(text) : text;
		})
		.join('');
}

function collectMissing(parts: readonly Part[], scope: Scope, missing: Set<string>): void {
	for (const part of parts) {
		if (typeof part === 'string') continue;
		const needed = 'block' in part ? neededBy(part) : neededToShow(part.show);
		if (needed !== undefined && isAbsent(lookUp(needed.path, scope))) missing.add(needed.written);
		if (!('block' in part)) continue;
		for (const branch of branchesOf(part, scope)) {
			collectMissing(branch.parts, branch.scope, missing);
		}
	}
}

/** Without its list, a loop shows nothing, unless it says what to show then. */
function neededBy({ block: { call, args }, inverse }: Block): Variable | undefined {
	const takesValue = call === 'each' || call === 'with';
	return takesValue && inverse.length === 0 ? variableOf(args[0]) : undefined;
}

function neededToShow(show: Expression): Variable | undefined {
	if (!('call' in show)) return variableOf(show);
	const { call, args } = show;
	const showsFirst = (call === 'insert' && args.length === 1) || call === 'formatDate';
	return showsFirst ? variableOf(args[0]) : undefined;
}

/** A variable that has to come with the data. */
export function variableOf(expression: Expression | undefined): Variable | undefined {
	if (expression === undefined || !('path' in expression)) return undefined;
	return SENDGRIDS_OWN.test(expression.written) ? undefined : expression;
}

function isAbsent(value: unknown): boolean {
	return value === undefined || value === null;
}

/** What is shown of a block, and where that looks for its values. */
interface Branch {
	parts: readonly Part[];
	scope: Scope;
}

function branchesOf({ block: { call, args }, body, inverse }: Block, scope: Scope): Branch[] {
	const values = args.map((arg) => evaluate(arg, scope));
	const needs = (count: number): void => {
		if (args.length !== count) throw new TemplateError(`{{#${call}}} takes ${count} values`);
	};
	const choose = (holds: boolean): Branch[] => [{ parts: holds ? body : inverse, scope }];
	switch (call) {
		case 'if':
			return (needs(1), choose(isTrue(values[0])));
		case 'unless':
			return (needs(1), choose(!isTrue(values[0])));
		case 'each':
			return (needs(1), loop(values[0], body, scope) ?? choose(false));
		case 'with': {
			needs(1);
			const inside = { value: values[0], parent: scope, data: scope.data };
			return isTrue(values[0]) ? [{ parts: body, scope: inside }] : choose(false);
		}
		case 'equals':
			return (needs(2), choose(String(values[0]) === String(values[1])));
		case 'notEquals':
			return (needs(2), choose(String(values[0]) !== String(values[1])));
		case 'greaterThan':
			return (needs(2), choose(Number(values[0]) > Number(values[1])));
		case 'lessThan':
			return (needs(2), choose(Number(values[0]) < Number(values[1])));
		case 'and':
			return choose(values.every(isTrue));
		case 'or':
			return choose(values.some(isTrue));
	}
	throw new TemplateError(`{{#${call}}} is not a block that SendGrid documents`);
}

/** @returns `undefined` if there is nothing to loop over */
function loop(list: unknown, body: readonly Part[], scope: Scope): Branch[] | undefined {
	const entries = typeof list === 'object' && list !== null ? Object.entries(list) : [];
	if (entries.length === 0) return undefined;
	return entries.map(([key, value], index) => {
		const data = {
			index,
			key: Array.isArray(list) ? index : key,
			first: index === 0,
			last: index === entries.length - 1,
		};
		return { parts: body, scope: { value: value as unknown, parent: scope, data } };
	});
}

function evaluate(expression: Expression, scope: Scope): unknown {
	if ('literal' in expression) return expression.literal;
	if ('path' in expression) return lookUp(expression.path, scope);
	const { call, args } = expression;
	const values = args.map((arg) => evaluate(arg, scope));
	switch (call) {
		case 'length':
			return Array.isArray(values[0]) || typeof values[0] === 'string' ? values[0].length : 0;
		case 'insert': {
			const otherwise = String(values[1] ?? '').replace(/^default=/, '');
			return isTrue(values[0]) ? values[0] : otherwise;
		}
	}
	throw new TemplateError(`{{${call}}} is not a helper that a preview knows`);
}

function lookUp(path: string[], scope: Scope): unknown {
	let from: Scope = scope;
	let value: unknown;
	let steps = path;
	while (steps[0] === '..') {
		from = from.parent ?? from;
		steps = steps.slice(1);
	}
	value = from.value;
	const [first, ...rest] = steps;
	if (first === 'this') steps = rest;
	else if (first === '@root') {
		while (from.parent) from = from.parent;
		value = from.value;
		steps = rest;
	} else if (first?.startsWith('@')) {
		value = from.data;
		steps = [first.slice(1), ...rest];
	}
	for (const step of steps) {
		const isOwn = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
		value = isOwn ? (value as Record<string, unknown>)[step] : undefined;
	}
	return value;
}

function isTrue(value: unknown): boolean {
	return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function textOf(value: unknown): string {
	if (isAbsent(value)) return '';
	if (Array.isArray(value)) return value.map(textOf).join(',');
	return typeof value === 'object' && value !== null ? '[object Object]' : String(value);
}

const ENTITIES: Record<string, string> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#x27;',
	'`': '&#x60;',
	'=': '&#x3D;',
};

/** As Handlebars does. */
function escape(text: string): string {
	return text.replace(/[&<>"'`=]/g, (character) => ENTITIES[character]!);
}
