/** What a query is asked about: field to value. Lists and nested objects can be searched. */
export type QueriedRecord = Readonly<Record<string, unknown>>;

/** Tells whether a record fits a query. */
export type Query = (record: QueriedRecord) => boolean;

type Value = (record: QueriedRecord) => unknown;

const TOKEN =
	/\s*(?:("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(!=|<>|<=|>=|[=<>(),[\]]))/y;

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
	'=': (order) => order === 0,
	'!=': (order) => order !== 0,
	'<>': (order) => order !== 0,
	'<': (order) => order < 0,
	'<=': (order) => order <= 0,
	'>': (order) => order > 0,
	'>=': (order) => order >= 0,
};

/**
 * Reads the part of SendGrid's query languages that flows use: `AND`, `OR`, `NOT`, parentheses,
 * comparisons, `[NOT] LIKE`, `[NOT] IN`, `[NOT] BETWEEN`, `IS [NOT] NULL`, `CONTAINS(field, value)`,
 * `lower(…)`, `TIMESTAMP "…"` and `field["key"]`. Contacts and email activity both speak it.
 *
 * @param fields the fields that there are
 * @throws Error with SendGrid's kind of text for anything else
 * @see https://www.twilio.com/docs/sendgrid/for-developers/sending-email/segmentation-query-language
 */
export function parseQuery(text: string, fields: ReadonlySet<string>): Query {
	const parser = new Parser(tokensOf(text), fields);
	return parser.query();
}

interface Token {
	type: 'text' | 'number' | 'word' | 'sign' | 'end';
	/** Without the quotes of a text. */
	value: string;
}

function tokensOf(text: string): Token[] {
	const tokens: Token[] = [];
	TOKEN.lastIndex = 0;
	while (text.slice(TOKEN.lastIndex).trim() !== '') {
		const start = TOKEN.lastIndex;
		const match = TOKEN.exec(text);
		if (match === null) throw new Error(`invalid syntax near '${text.slice(start).trim()}'`);
		const [, quoted, number, word, sign] = match;
		if (quoted !== undefined) {
			tokens.push({ type: 'text', value: quoted.slice(1, -1).replace(/\\(.)/gs, '$1') });
		} else if (number !== undefined) tokens.push({ type: 'number', value: number });
		else if (word !== undefined) tokens.push({ type: 'word', value: word });
		else tokens.push({ type: 'sign', value: sign! });
	}
	return tokens;
}

class Parser {
	private position = 0;

	constructor(
		private readonly tokens: readonly Token[],
		private readonly fields: ReadonlySet<string>,
	) {}

	query(): Query {
		const query = this.alternatives();
		if (this.next.type !== 'end') this.fail();
		return query;
	}

	private get next(): Token {
		return this.tokens[this.position] ?? { type: 'end', value: '' };
	}

	private alternatives(): Query {
		let left = this.conditions();
		while (this.takeWord('OR')) {
			const [first, second] = [left, this.conditions()];
			left = (record) => first(record) || second(record);
		}
		return left;
	}

	private conditions(): Query {
		let left = this.condition();
		while (this.takeWord('AND')) {
			const [first, second] = [left, this.condition()];
			left = (record) => first(record) && second(record);
		}
		return left;
	}

	private condition(): Query {
		if (this.takeWord('NOT')) {
			const inner = this.condition();
			return (record) => !inner(record);
		}
		if (this.takeSign('(')) {
			const inner = this.alternatives();
			this.mustTakeSign(')');
			return inner;
		}
		if (this.takeWord('CONTAINS')) return this.contains();
		return this.comparison(this.value());
	}

	private contains(): Query {
		this.mustTakeSign('(');
		const list = this.value();
		this.mustTakeSign(',');
		const wanted = this.value();
		this.mustTakeSign(')');
		return (record) => [list(record)].flat().includes(wanted(record));
	}

	private comparison(left: Value): Query {
		const sign = this.next.type === 'sign' ? COMPARISONS[this.next.value] : undefined;
		if (sign !== undefined) {
			this.position += 1;
			const right = this.value();
			return (record) => {
				const [a, b] = [left(record), right(record)];
				return a !== null && a !== undefined && sign(compare(a, b));
			};
		}
		if (this.takeWord('IS')) {
			const not = this.takeWord('NOT');
			this.mustTakeWord('NULL');
			return (record) => isMissing(left(record)) !== not;
		}
		const not = this.takeWord('NOT');
		const query = this.namedComparison(left);
		return (record) => query(record) !== not;
	}

	private namedComparison(left: Value): Query {
		if (this.takeWord('LIKE')) {
			const pattern = this.value();
			return (record) => like(String(pattern(record))).test(String(left(record) ?? ''));
		}
		if (this.takeWord('IN')) {
			this.mustTakeSign('(');
			const entries = [this.value()];
			while (this.takeSign(',')) entries.push(this.value());
			this.mustTakeSign(')');
			return (record) => entries.some((entry) => compare(left(record), entry(record)) === 0);
		}
		if (this.takeWord('BETWEEN')) {
			const from = this.value();
			this.mustTakeWord('AND');
			const to = this.value();
			return (record) =>
				compare(left(record), from(record)) >= 0 && compare(left(record), to(record)) <= 0;
		}
		return this.fail();
	}

	private value(): Value {
		const token = this.next;
		this.position += 1;
		if (token.type === 'text') return () => token.value;
		if (token.type === 'number') return () => Number(token.value);
		if (token.type !== 'word') return this.fail(token);
		if (/^TIMESTAMP$/i.test(token.value)) return this.timestamp();
		if (/^lower$/i.test(token.value)) {
			this.mustTakeSign('(');
			const inner = this.value();
			this.mustTakeSign(')');
			return (record) => String(inner(record) ?? '').toLowerCase();
		}
		return this.field(token.value);
	}

	private timestamp(): Value {
		const { type, value } = this.next;
		const time = Date.parse(value);
		if (type !== 'text' || Number.isNaN(time)) return this.fail();
		this.position += 1;
		return () => `${new Date(time).toISOString().slice(0, 19)}Z`;
	}

	private field(name: string): Value {
		if (!this.fields.has(name)) throw new Error(`invalid syntax: '${name}' is not a known field`);
		if (!this.takeSign('[')) return (record) => record[name];
		const key = this.value();
		this.mustTakeSign(']');
		return (record) => (record[name] as QueriedRecord | undefined)?.[String(key(record))];
	}

	private takeWord(word: string): boolean {
		const found = this.next.type === 'word' && this.next.value.toUpperCase() === word;
		if (found) this.position += 1;
		return found;
	}

	private takeSign(sign: string): boolean {
		const found = this.next.type === 'sign' && this.next.value === sign;
		if (found) this.position += 1;
		return found;
	}

	private mustTakeWord(word: string): void {
		if (!this.takeWord(word)) this.fail();
	}

	private mustTakeSign(sign: string): void {
		if (!this.takeSign(sign)) this.fail();
	}

	private fail({ type, value } = this.next): never {
		throw new Error(
			type === 'end' ? 'invalid syntax: unexpected end' : `invalid syntax near '${value}'`,
		);
	}
}

/** Numbers by size, everything else as text. */
function compare(a: unknown, b: unknown): number {
	if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
	const [left, right] = [String(a ?? ''), String(b ?? '')];
	return left < right ? -1 : left > right ? 1 : 0;
}

function isMissing(value: unknown): boolean {
	return value === null || value === undefined || value === '';
}

/** `%` stands for anything, `%%` for itself. */
function like(pattern: string): RegExp {
	const parts = pattern.split('%%').map((part) =>
		part
			.split('%')
			.map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
			.join('.*'),
	);
	return new RegExp(`^${parts.join('%')}$`, 's');
}
